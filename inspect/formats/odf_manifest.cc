#include "inspect/formats/odf_manifest.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "core/cursor.h"
#include "inspect/formats/office_xml.h"
#include "inspect/formats/zip_member.h"

namespace weir {
namespace {

constexpr std::size_t kMostManifest = 16U << 20;
constexpr std::uint32_t kZipStart = 0x04034b50;

struct Manifest {
  std::uint64_t entries = 0, encrypted = 0;
  bool content = false, package = false, pgp = false;
  std::string algorithm;
};

// 4.8.1: an IRI, or one of the old names.
std::string_view algorithm_word(std::string_view name) {
  struct Row {
    std::string_view part, word;
  };
  constexpr std::array<Row, 6> kRows{{{"aes256", "aes256"},
                                      {"aes192", "aes192"},
                                      {"aes128", "aes128"},
                                      {"Blowfish", "blowfish"},
                                      {"blowfish", "blowfish"},
                                      {"tripledes", "3des"}}};
  const auto found = std::ranges::find_if(
      kRows, [&](const Row& row) { return name.find(row.part) != std::string_view::npos; });
  return found == kRows.end() ? "encrypted" : found->word;
}

Manifest read_manifest(std::string_view text) {
  Manifest manifest;
  XmlTags tags(text);
  std::string path;
  while (const auto tag = tags.next()) {
    if (tag->closing) continue;
    if (tag->name == "file-entry") {
      path = tag->attribute("full-path");
      if (!path.empty() && path.back() != '/') ++manifest.entries;
    } else if (tag->name == "encryption-data") {
      ++manifest.encrypted;
      if (path == "content.xml") manifest.content = true;
      if (path == "encrypted-package") manifest.package = true;
    } else if (tag->name == "algorithm" && manifest.algorithm.empty()) {
      manifest.algorithm = tag->attribute("algorithm-name");
    } else if (tag->name == "PGPData" || tag->name == "encrypted-key") {
      manifest.pgp = true;
    }
  }
  return manifest;
}

void judge_manifest(const Manifest& manifest, Remarks& remarks) {
  if (manifest.encrypted == 0) return;
  std::string name = "odf-";
  name += manifest.pgp ? "pgp" : algorithm_word(manifest.algorithm);
  if (manifest.package && !manifest.pgp) name += "-package";
  if (manifest.content || manifest.package || manifest.encrypted >= manifest.entries) {
    return remarks.unseen(Reason::encrypted, name);
  }
  remarks.unseen(
      Reason::partly_encrypted, name,
      std::to_string(manifest.encrypted) + " of " + std::to_string(manifest.entries) + " entries");
}

bool is_iwork_verifier(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  return name == ".iwpv2" || name == ".iwpv";
}

}  // namespace

void examine_odf(const Subject& file, Remarks& remarks) {
  if (Cursor(file.bytes).u32le() != kZipStart) return;
  std::optional<ZipMember> manifest;
  bool iwork = false;
  visit_zip_members(file.bytes, [&](const ZipMember& member) {
    if (member.name == "META-INF/manifest.xml") manifest = member;
    if (is_iwork_verifier(member.name)) iwork = true;
    return true;
  });
  if (iwork) remarks.unseen(Reason::encrypted, "iwork-encrypted");
  if (!manifest) return;
  if (const auto text = read_zip_member(file.bytes, *manifest, kMostManifest)) {
    judge_manifest(read_manifest(xml_text(*text)), remarks);
  }
}

}  // namespace weir

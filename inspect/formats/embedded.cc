#include "inspect/formats/embedded.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "core/cursor.h"
#include "inspect/formats/embedded_starts.h"

namespace weir {
namespace {

constexpr std::size_t kMostMembers = 16;

// Their members are read by openers that know where each begins.
bool has_own_opener(FileType type) {
  switch (type) {
    case FileType::ole:
    case FileType::ooxml:
    case FileType::odf:
    case FileType::epub:
    case FileType::jar:
    case FileType::apk:
    case FileType::deb:
    case FileType::rpm:
    case FileType::chm:
    case FileType::onenote: return true;
    case FileType::vhd:
    case FileType::vhdx:
    case FileType::dmg: return false;
    default: return family_of(type) == FileFamily::archive;
  }
}

EmbeddedKinds kinds_in(FileType type) {
  const FileFamily family = family_of(type);
  const bool program = family == FileFamily::executable && type != FileType::lnk;
  const bool text =
      family == FileFamily::script || family == FileFamily::text || family == FileFamily::web;
  return {.archives = true,
          .streams = !program && type != FileType::pdf,
          .programs = !program,
          .documents = !program && !text && type != FileType::pdf};
}

std::string name_of(const EmbeddedStart& start) {
  std::string hex(32, '\0');
  const int size = std::snprintf(hex.data(), hex.size(), "0x%zx", start.offset);
  hex.resize(static_cast<std::size_t>(std::max(size, 0)));
  return "embedded-at-" + hex + "." + std::string(start.extension);
}

class Embedded final : public Container {
 public:
  Embedded(ByteView file, std::vector<EmbeddedStart> starts)
      : file_(file), starts_(std::move(starts)) {}

  std::optional<Member> next() override {
    if (at_ == starts_.size()) return std::nullopt;
    const EmbeddedStart& start = starts_[at_++];
    piece_ = file_.subspan(start.offset, start.size);
    const bool closes = start.offset + start.size == file_.size();
    const bool archive = start.extension == "zip" || start.extension == "7z" ||
                         start.extension == "rar" || start.extension == "cab";
    return Member{name_of(start), true, false, !(closes && archive)};
  }
  ByteView read() override { return std::exchange(piece_, {}); }
  std::string format_word() const override { return "embedded"; }

 private:
  ByteView file_;
  std::vector<EmbeddedStart> starts_;
  std::size_t at_ = 0;
  ByteView piece_;
};

std::vector<EmbeddedStart> starts_in(ByteView file, FileType type) {
  const EmbeddedKinds kinds = kinds_in(type);
  std::vector<EmbeddedStart> starts =
      find_embedded(file.first(std::min(file.size(), kEmbeddedScan)), kinds, kMostMembers);
  if (file.size() > kEmbeddedScan) {
    for (EmbeddedStart& start : starts) {  // its end may lie beyond
      if (start.offset + start.size == kEmbeddedScan) start.size = file.size() - start.offset;
    }
    const std::size_t tail = std::max(kEmbeddedScan, file.size() - kEmbeddedScan);
    for (EmbeddedStart start : find_embedded(file.subspan(tail), kinds, kMostMembers)) {
      start.offset += tail;
      starts.push_back(start);
    }
  }
  const std::size_t closing = start_of_closing_zip(file);
  std::erase_if(starts, [&](const EmbeddedStart& start) { return start.offset == closing; });
  if (starts.size() > kMostMembers) starts.resize(kMostMembers);
  return starts;
}

bool is_picture(FileType type) {
  return type == FileType::gif || type == FileType::bmp || type == FileType::jpeg ||
         type == FileType::png || type == FileType::ico || type == FileType::tiff ||
         type == FileType::webp;
}

// The first bytes of a picture that a JavaScript engine reads as "GIF89a=1;" or "GIF89a/*…*/=1;".
bool is_script_too(const Subject& file) {
  const std::size_t magic = file.type == FileType::gif ? 6 : 2;
  if (file.type != FileType::gif && file.type != FileType::bmp) return false;
  const std::string_view head =
      as_text(file.bytes.first(std::min<std::size_t>(4096, file.bytes.size())));
  if (head.size() < 64) return false;
  const std::string_view after = head.substr(magic);
  if (after.starts_with("/*")) {
    return as_text(file.bytes).find("*/", magic + 2) != std::string_view::npos;
  }
  const auto text = after.substr(0, 48);
  return (after.starts_with('=') || after.starts_with(" =")) &&
         std::ranges::all_of(text, [](char c) {
           return (c >= ' ' && c < 127) || c == '\n' || c == '\r' || c == '\t';
         });
}

// Readers of PDF look for its header in the first KiB.
bool is_pdf_too(const Subject& file) {
  const std::string_view head =
      as_text(file.bytes.first(std::min<std::size_t>(1024, file.bytes.size())));
  const auto at = head.find("%PDF-1.");
  if (at == std::string_view::npos) return false;
  const std::string_view tail =
      as_text(file.bytes.last(std::min<std::size_t>(4096, file.bytes.size())));
  return tail.find("startxref") != std::string_view::npos;
}

}  // namespace

std::unique_ptr<Container> open_embedded(const Subject& file, Reason&) {
  if (file.bytes.size() < 64 || has_own_opener(file.type)) return nullptr;
  std::vector<EmbeddedStart> starts = starts_in(file.bytes, file.type);
  if (starts.empty()) return nullptr;
  return std::make_unique<Embedded>(file.bytes, std::move(starts));
}

void examine_polyglot(const Subject& file, Remarks& remarks) {
  constexpr std::uint8_t kScore = 30;
  const bool picture = is_picture(file.type);
  const bool shown = picture || file.type == FileType::pdf ||
                     family_of(file.type) == FileFamily::media ||
                     family_of(file.type) == FileFamily::font || file.type == FileType::html;
  if (!shown) return;
  const std::string word(file_type_name(file.type));
  const std::size_t zip = start_of_closing_zip(file.bytes);
  if (zip != std::string_view::npos && zip > 0) {
    remarks.sign("polyglot", kScore, word + " and zip");
  } else if (picture && is_pdf_too(file)) {
    remarks.sign("polyglot", kScore, word + " and pdf");
  } else if (is_script_too(file)) {
    remarks.sign("polyglot", kScore, word + " and script");
  }
}

}  // namespace weir

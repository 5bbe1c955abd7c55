#include "inspect/formats/authenticode.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "core/cursor.h"
#include "core/escape.h"
#include "inspect/formats/authenticode_chain.h"
#include "inspect/formats/authenticode_signature.h"

namespace weir {
namespace {

constexpr std::size_t kEntryHeader = 8;

// "Calculating the PE Image Hash": all but the checksum, the directory's entry for the table, and
// the table, which here ends the file.
bool digest_fits(const PeFile& file, const SpcSignature& one) {
  const std::size_t table = file.directories[PeFile::kCertificates].address;
  const ByteView all = file.bytes;
  const DigestContextPtr context(EVP_MD_CTX_new());
  if (EVP_DigestInit_ex(context.get(), one.digest, nullptr) != 1) return false;
  const auto add = [&](std::size_t from, std::size_t to) {
    const ByteView part = all.subspan(from, to - from);
    EVP_DigestUpdate(context.get(), part.data(), part.size());
  };
  add(0, file.checksum_at);
  add(file.checksum_at + 4, file.certificates_at);
  add(file.certificates_at + 8, table);
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &size);
  return std::ranges::equal(ByteView(digest).first(size), one.wanted);
}

// What cannot be shown stands as "?", so that no two names look alike by what is left out.
std::string clean_name(std::string_view text) {
  std::string name;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    // C1 controls are 0xc2 0x80 to 0x9f.
    const bool control =
        first < 0x20 || first == 0x7f ||
        (length == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0);
    const std::string_view shown = length == 0 || control ? "?" : text.substr(0, length);
    if (name.size() + shown.size() > PublisherFact::kMostName) break;
    name += shown;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return name;
}

std::string name_part(const X509* certificate, int kind) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int index = X509_NAME_get_index_by_NID(subject, kind, -1);
  if (index < 0) return {};
  unsigned char* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
  if (size < 0) return {};
  const std::string name = clean_name(as_text({text, static_cast<std::size_t>(size)}));
  OPENSSL_free(text);
  return name;
}

std::string name_of(const X509* certificate) {
  std::string name = name_part(certificate, NID_commonName);
  return name.empty() ? name_part(certificate, NID_organizationName) : name;
}

PublisherFact judge(const PeFile& file, const SpcSignature& one, const PublisherRoots& roots,
                    std::int64_t now) {
  if (!digest_fits(file, one) || !signer_agrees(one)) return {SignatureState::broken, {}};
  PublisherFact fact{SignatureState::unproven, {}};
  if (roots.empty() || !one.strong || !one.nothing_unsigned) return fact;
  if (!is_vouched_for(one, roots, now)) return fact;
  fact.name = name_of(one.certificate);
  if (!fact.name.empty()) fact.state = SignatureState::proven;
  return fact;
}

}  // namespace

CertificateTable read_certificate_table(const PeFile& file) {
  const PeDirectory& directory = file.directories[PeFile::kCertificates];
  const std::uint64_t end = std::uint64_t{directory.address} + directory.size;
  if (directory.address < file.certificates_at + 8 || end > file.bytes.size()) return {};
  Cursor in(file.bytes.subspan(directory.address, directory.size));
  const std::uint32_t length = in.u32le();
  const std::uint16_t revision = in.u16le(), kind = in.u16le();
  if (in.failed() || length <= kEntryHeader || length > directory.size) return {};
  if (revision != 0x200 || kind != 2) return {};
  CertificateTable table;
  table.signature = in.take(length - kEntryHeader);
  const ByteView padding = in.rest();
  table.whole = end == file.bytes.size() && directory.address % 8 == 0 && padding.size() < 8 &&
                std::ranges::all_of(padding, [](auto byte) { return byte == 0; });
  return table;
}

PublisherFact read_publisher(const PeFile& file, const PublisherRoots& roots, std::int64_t now) {
  const PeDirectory& directory = file.directories[PeFile::kCertificates];
  if (directory.address == 0 && directory.size == 0) return {};
  const PublisherFact unproven{SignatureState::unproven, {}};
  const CertificateTable table = read_certificate_table(file);
  if (!table.whole) return unproven;
  const std::optional<SpcSignature> outer = read_spc_signature(table.signature);
  if (!outer) return unproven;
  PublisherFact best = judge(file, *outer, roots, now);
  // Further ones are for those who take SHA-256: worth a look only beside one that is right.
  if (best.state != SignatureState::unproven || !outer->nothing_unsigned) return best;
  for (const SpcSignature& one : nested_signatures(*outer)) {
    PublisherFact fact = judge(file, one, roots, now);
    if (fact.state == SignatureState::proven) return fact;
  }
  return best;
}

PublisherFact read_publisher(ByteView file, const PublisherRoots& roots, std::int64_t now) {
  const std::optional<PeFile> pe = read_pe(file);
  return pe ? read_publisher(*pe, roots, now) : PublisherFact();
}

}  // namespace weir

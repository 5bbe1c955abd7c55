#include "inspect/intake.h"

#include <algorithm>
#include <array>
#include <optional>

namespace weir {
namespace {

constexpr std::size_t kDecodeBytes = 32 * 1024;

bool reads_content(ScannerSet scanners) {
  scanners = ScannerSet::from_bits(scanners.bits());
  for (int i = 0; i < kScannerCount; ++i) {
    const auto scanner = static_cast<Scanner>(i);
    if (scanner != Scanner::hash && scanners.has(scanner)) return true;
  }
  return false;
}

}  // namespace

Result<std::unique_ptr<Intake>> SpoolStore::open_intake(const Profile& profile,
                                                        std::string_view content_encoding,
                                                        std::optional<std::uint64_t> expected,
                                                        bool old_digests) {
  if (expected) expected = std::min(*expected, profile.max_bytes);
  std::unique_ptr<Intake> intake(new Intake());
  auto raw = open_spool(expected);
  if (!raw) return pass(std::move(raw));
  intake->raw_ = std::move(*raw);
  intake->max_bytes_ = profile.max_bytes;
  intake->wants_body_ = reads_content(profile.scanners);
  intake->digests_ = Digests(old_digests);
  auto decoder = make_decoder(content_encoding, decoded_ratio_);
  if (!decoder) {
    intake->findings_.push_back(std::move(decoder).error());
    return intake;
  }
  if (decoder->identity()) return intake;
  auto plain = open_spool(std::nullopt);
  if (!plain) return pass(std::move(plain));
  intake->plain_ = std::move(*plain);
  intake->decoder_ = std::move(*decoder);
  intake->decoding_ = true;
  return intake;
}

Co<Result<void>> Intake::feed(ByteView raw) {
  if (raw.empty()) co_return Result<void>{};
  if (auto kept = co_await raw_->append(raw); !kept) co_return kept;
  if (plain_) co_return co_await decode(raw);
  look_at(raw);
  co_return Result<void>{};
}

Co<Result<void>> Intake::decode(ByteView raw) {
  std::vector<std::uint8_t> piece(decoding_ ? kDecodeBytes : 0);
  while (decoding_) {
    const std::size_t n = decoder_.step(raw, piece);
    if (auto taken = co_await take_plain(ByteView(piece).first(n)); !taken) co_return taken;
    if (decoder_.problem() != Reason::none) {
      add_finding(decoder_.problem(), std::string(decoder_.culprit()));
      decoding_ = false;
    }
    if (raw.empty() && n < piece.size()) break;
  }
  co_return Result<void>{};
}

Co<Result<void>> Intake::take_plain(ByteView plain) {
  const std::uint64_t room = max_bytes_ - std::min(max_bytes_, plain_->size());
  if (plain.size() > room) {
    plain = plain.first(static_cast<std::size_t>(room));
    add_finding(Reason::too_large, "decoded");
    decoding_ = false;
  }
  look_at(plain);
  return plain_->append(plain);
}

void Intake::look_at(ByteView plain) {
  digests_.update(plain);
  const std::size_t wanted = std::min(plain.size(), kHeadBytes - head_.size());
  head_.insert(head_.end(), plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(wanted));
}

void Intake::add_finding(Reason reason, std::string name) {
  findings_.push_back({Scanner::structure, Verdict::uninspectable, reason, std::move(name), {}});
}

FileType Intake::early_type() const {
  if (!finished_ && head_.size() < kEarlyHeadBytes) return FileType::unknown;
  return type_by_magic(head_);
}

Co<Result<Artifact>> Intake::finish() {
  finished_ = true;
  if (full()) {
    add_finding(Reason::too_large, "body");
  } else if (decoding_) {
    decoder_.finish();
    if (decoder_.problem() != Reason::none) {
      add_finding(decoder_.problem(), std::string(decoder_.culprit()));
    }
  }
  Artifact artifact;
  artifact.type = type_by_magic(head_);
  artifact.findings = findings_;
  ScanSubject& subject = artifact.subject;
  subject.size = scanned().size();
  DigestTexts texts = digests_.finish();
  subject.sha256 = std::move(texts.sha256);
  subject.sha1 = std::move(texts.sha1);
  subject.md5 = std::move(texts.md5);
  if (wants_body_) {
    auto sealed = co_await scanned().seal();
    if (!sealed) co_return pass(std::move(sealed));
    subject.body = std::move(*sealed);
  }
  co_return artifact;
}

FileType sniff_piece(ByteView piece, std::string_view content_encoding) {
  auto decoder = make_decoder(content_encoding, UINT64_MAX);
  if (!decoder) return FileType::unknown;
  if (decoder->identity())
    return type_by_magic(piece.first(std::min(piece.size(), Intake::kHeadBytes)));
  std::array<std::uint8_t, Intake::kEarlyHeadBytes> head;
  const std::size_t n = decoder->step(piece, head);
  return n == 0 ? FileType::unknown : type_by_magic(ByteView(head).first(n));
}

void FlowingDigest::update(ByteView bytes) {
  digests_.update(bytes);
  size_ += bytes.size();
}

ScanSubject FlowingDigest::finish() {
  DigestTexts texts = digests_.finish();
  return {nullptr, size_, std::move(texts.sha256), std::move(texts.md5), std::move(texts.sha1), {}};
}

}  // namespace weir

#include "inspect/formats/seven_zip_unlock.h"

#include <zlib.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/cursor.h"
#include "inspect/formats/seven_zip_rewrite.h"
#include "inspect/formats/seven_zip_unpack.h"

namespace weir {
namespace {

constexpr std::string_view kMagic = "7z\xBC\xAF\x27\x1C";
constexpr std::uint64_t kMostHeader = 64U << 20;
constexpr std::size_t kStart = 32, kPiece = 64 * 1024, kProbe = 256 * 1024;
constexpr int kDeepest = 4;

struct Parts {
  ByteView body, header;
};

// The pieces that the start header names; its checksums are examine_seven_zip's business.
std::optional<Parts> parts_of(ByteView file) {
  if (!as_text(file).starts_with(kMagic)) return std::nullopt;
  Cursor in(file);
  in.skip(12);
  const std::uint64_t offset = in.u64le(), size = in.u64le();
  in.skip(4);
  if (in.failed() || size == 0 || size > kMostHeader) return std::nullopt;
  const ByteView body = file.subspan(kStart);
  if (offset > body.size() || size > body.size() - offset) return std::nullopt;
  return Parts{body,
               body.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size))};
}

std::uint32_t crc_of(ByteView bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, bytes.data(), bytes.size()));
}

// The padding of the last block is zeros, as every known writer leaves it.
bool padded_with_zeros(const SevenZipPackedStream& stream, const SevenZipKey& key) {
  const std::size_t size = stream.bytes.size();
  if (size < 16 || size % 16 != 0 || size - stream.plain >= 16) return false;
  SevenZipLock last = *stream.lock;
  if (size >= 32) std::ranges::copy(stream.bytes.subspan(size - 32, 16), last.iv.begin());
  SevenZipCipher cipher(last, key);
  const ByteView block = cipher.decrypt(stream.bytes.last(16));
  const ByteView padding = block.last(static_cast<std::size_t>(size - stream.plain));
  return std::ranges::all_of(padding, [](std::uint8_t byte) { return byte == 0; });
}

bool begins_right(const SevenZipPackedStream& stream, const SevenZipKey& key) {
  SevenZipCipher cipher(*stream.lock, key);
  const ByteView start = cipher.decrypt(stream.bytes.first(std::min(stream.bytes.size(), kProbe)));
  const auto plain = static_cast<std::size_t>(std::min<std::uint64_t>(start.size(), stream.plain));
  return can_begin_seven_zip_stream(stream.reader, start.first(plain), plain == stream.plain);
}

// The right password for a stream, by its padding and its first bytes: the format has no other
// check. A wrong key that passes (see can_begin_seven_zip_stream) yields what is corrupt, not
// clean.
const SevenZipKey* key_of(const SevenZipPackedStream& stream,
                          std::span<const std::string> passwords, SevenZipKeys& keys) {
  for (const std::string& password : passwords) {
    const SevenZipKey& key = keys.of(*stream.lock, password);
    if (padded_with_zeros(stream, key) && begins_right(stream, key)) return &key;
  }
  return nullptr;
}

class UnlockedSevenZip final : public Container {
 public:
  UnlockedSevenZip(SevenZipPlain plain, std::vector<SevenZipKey> keys)
      : plain_(std::move(plain)), keys_(std::move(keys)) {
    std::uint64_t packed = 0;
    for (const SevenZipPackedStream& stream : plain_.streams) packed += stream.plain;
    start_ = seven_zip_start(packed, plain_.header);
  }

  std::optional<Member> next() override {
    if (std::exchange(named_, true)) return std::nullopt;
    return Member{"unlocked.7z", true, false};
  }

  ByteView read() override {
    if (!std::exchange(started_, true)) return as_bytes(start_);
    while (at_ < plain_.streams.size()) {
      const ByteView piece = next_piece();
      if (!piece.empty()) return piece;
      ++at_;
      done_ = 0;
      cipher_.reset();
    }
    return std::exchange(ended_, true) ? ByteView() : as_bytes(plain_.header);
  }
  std::string format_word() const override { return "7z"; }

 private:
  ByteView next_piece() {
    const SevenZipPackedStream& stream = plain_.streams[at_];
    const std::uint64_t left = stream.plain - done_;
    if (left == 0) return {};
    const ByteView rest = stream.bytes.subspan(static_cast<std::size_t>(done_));
    ByteView piece = rest.first(std::min(rest.size(), kPiece));
    if (stream.lock) {
      if (!cipher_) cipher_.emplace(*stream.lock, keys_[at_]);
      piece = cipher_->decrypt(piece);
    }
    piece = piece.first(static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), left)));
    done_ += piece.size();
    return piece;
  }

  SevenZipPlain plain_;
  std::vector<SevenZipKey> keys_;  // by stream
  std::string start_;
  std::optional<SevenZipCipher> cipher_;
  std::size_t at_ = 0;
  std::uint64_t done_ = 0;
  bool named_ = false, started_ = false, ended_ = false;
};

using Bytes = std::vector<std::uint8_t>;

// An encoded header, decrypted if it is encrypted; its checksum tells the right password.
std::optional<Bytes> decoded_header(const SevenZipStreams& streams, ByteView body,
                                    std::span<const std::string> passwords, SevenZipKeys& keys) {
  if (streams.folders.empty() || streams.packed.empty()) return std::nullopt;
  const SevenZipFolder& folder = streams.folders.front();
  Cursor in(body);
  in.seek(streams.packed_at);
  const ByteView packed = in.take(streams.packed.front());
  if (in.failed()) return std::nullopt;
  const SevenZipCoder* aes = folder.find(SevenZipMethod::kAes);
  if (aes == nullptr) return unpack_seven_zip_folder(folder, packed, kMostHeader);
  const auto lock = read_seven_zip_lock(aes->properties);
  const bool first = aes == &folder.coders.front();
  if (!lock || !folder.crc || folder.coders.size() > 2 ||
      folder.unpacked.size() != folder.coders.size()) {
    return std::nullopt;
  }
  SevenZipFolder inner;
  inner.coders.push_back(folder.coders.size() == 1 ? SevenZipCoder{.id = {}, .properties = {}}
                                                   : folder.coders[first ? 1 : 0]);
  inner.unpacked.push_back(folder.coders.size() == 1 ? folder.unpacked[0]
                                                     : folder.unpacked[first ? 1 : 0]);
  const std::uint64_t plain = folder.unpacked[folder.coders.size() == 1 || first ? 0 : 1];
  for (const std::string& password : passwords) {
    SevenZipCipher cipher(*lock, keys.of(*lock, password));
    const ByteView bytes = cipher.decrypt(packed);
    if (plain > bytes.size()) return std::nullopt;
    auto header =
        unpack_seven_zip_folder(inner, bytes.first(static_cast<std::size_t>(plain)), kMostHeader);
    if (header && crc_of(*header) == *folder.crc) return header;
  }
  return std::nullopt;
}

// The header as it is once nothing packs or encrypts it.
std::optional<Bytes> plain_header(const Parts& parts, std::span<const std::string> passwords,
                                  SevenZipKeys& keys, bool& locked) {
  Bytes header(parts.header.begin(), parts.header.end());
  for (int depth = 0; depth < kDeepest; ++depth) {
    const auto kind = seven_zip_header_kind(header);
    if (kind == SevenZipHeaderKind::plain) return header;
    const auto streams = read_seven_zip_streams(header);
    if (kind == SevenZipHeaderKind::none || !streams) return std::nullopt;
    locked = locked || (!streams->folders.empty() &&
                        streams->folders.front().find(SevenZipMethod::kAes) != nullptr);
    auto inner = decoded_header(*streams, parts.body, passwords, keys);
    if (!inner) return std::nullopt;
    header = std::move(*inner);
  }
  return std::nullopt;
}

}  // namespace

std::unique_ptr<Container> open_locked_seven_zip(const Subject& file,
                                                 std::span<const std::string> passwords,
                                                 Reason& problem) {
  const auto parts = parts_of(file.bytes);
  if (!parts) return nullptr;
  SevenZipKeys keys;
  bool locked = false;
  const auto header = plain_header(*parts, passwords, keys, locked);
  if (!header) {
    if (locked) problem = Reason::encrypted;
    return nullptr;
  }
  auto plain = without_encryption(*header, parts->body);
  if (!plain) return nullptr;
  std::vector<SevenZipKey> stream_keys(plain->streams.size());
  for (std::size_t i = 0; i < plain->streams.size(); ++i) {
    const SevenZipPackedStream& stream = plain->streams[i];
    if (!stream.lock) continue;
    locked = true;
    const SevenZipKey* key = key_of(stream, passwords, keys);
    if (key == nullptr) {
      problem = Reason::encrypted;
      return nullptr;
    }
    stream_keys[i] = *key;
  }
  if (!locked) return nullptr;  // libarchive's
  return std::make_unique<UnlockedSevenZip>(std::move(*plain), std::move(stream_keys));
}

std::unique_ptr<Container> open_locked_seven_zip(const Subject&, Reason&) { return nullptr; }

}  // namespace weir

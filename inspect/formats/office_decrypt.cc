#include "inspect/formats/office_decrypt.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/cursor.h"

namespace weir {
namespace {

constexpr std::size_t kXlsBlock = 1024, kDocBlock = 512, kDocPlain = 68;
constexpr std::size_t kSegmentsAtOnce = 64;
constexpr std::uint16_t kFilePass = 0x002f, kBoundSheet = 0x0085;

// EncryptedPackage: the size of the document, then its segments.
class PackageSource : public PieceSource {
 public:
  PackageSource(const CompoundFile& file, const CompoundFile::Entry& entry,
                PackageEncryption encryption, Octets key)
      : stream_(file, entry), encryption_(std::move(encryption)), key_(std::move(key)) {
    const Octets head = gather(8);
    left_ = Cursor(head).u64le();
  }

  ByteView next() override {
    plain_.clear();
    for (std::size_t i = 0; i < kSegmentsAtOnce && left_ > 0; ++i) {
      const Octets segment = gather(kPackageSegment);
      const Octets clear = decrypt_package_segment(encryption_, key_, number_++, segment);
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, clear.size()));
      plain_.insert(plain_.end(), clear.begin(), clear.begin() + static_cast<std::ptrdiff_t>(size));
      left_ -= size;
      if (size < kPackageSegment && left_ > 0) {
        problem_ = Reason::truncated;
        left_ = 0;
      }
    }
    return plain_;
  }
  Reason problem() const override { return problem_; }

 private:
  Octets gather(std::size_t size) {
    Octets bytes;
    while (bytes.size() < size) {
      const ByteView piece = stream_.next(size - bytes.size());
      if (piece.empty()) break;
      bytes.insert(bytes.end(), piece.begin(), piece.end());
    }
    return bytes;
  }

  CompoundStream stream_;
  PackageEncryption encryption_;
  Octets key_, plain_;
  std::uint64_t left_ = 0;
  std::uint32_t number_ = 0;
  Reason problem_ = Reason::none;
};

// A stream that RC4 covers from its start, with a new key for each block.
class BlockCipher {
 public:
  BlockCipher(const BinaryKey& key, std::size_t block) : key_(key), block_(block) {}

  // From what is at `offset` of the stream on; offsets must not go back.
  void apply(std::size_t offset, MutableBytes bytes) {
    while (!bytes.empty()) {
      move_to(offset);
      const std::size_t now = std::min(bytes.size(), block_ - offset % block_);
      cipher_->apply(bytes.first(now));
      within_ += now;
      offset += now;
      bytes = bytes.subspan(now);
    }
  }

 private:
  void move_to(std::size_t offset) {
    if (!cipher_ || number_ != offset / block_) {
      number_ = offset / block_;
      cipher_ = key_.block(static_cast<std::uint32_t>(number_));
      within_ = 0;
    }
    cipher_->skip(offset % block_ - within_);
    within_ = offset % block_;
  }

  const BinaryKey& key_;
  std::size_t block_, number_ = 0, within_ = 0;
  std::optional<Rc4> cipher_;
};

// [MS-XLS] 2.2.10: these records are never encrypted.
bool is_plain_record(std::uint16_t type) {
  constexpr std::array<std::uint16_t, 8> kPlain{0x0809, 0x002f, 0x0194, 0x0195,
                                                0x00e1, 0x0196, 0x0138, 0x0009};
  return std::ranges::find(kPlain, type) != kPlain.end();
}

// [MS-OFFCRYPTO] 2.3.7.3: where a byte is in the file and how long its record is, choose the byte
// of the array.
void apply_xor(const BinaryKey& key, std::size_t offset, std::size_t record, MutableBytes bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const unsigned mixed = bytes[i] ^ key.xor_array()[(offset + i + record) % 16];
    bytes[i] = static_cast<std::uint8_t>(mixed << 3U | mixed >> 5U);
  }
}

void decrypt_workbook(Octets& bytes, const BinaryKey& key) {
  BlockCipher cipher(key, kXlsBlock);
  std::size_t at = 0;
  while (bytes.size() - at >= 4) {
    const std::uint16_t type = static_cast<std::uint16_t>(bytes[at] | bytes[at + 1] << 8);
    const std::size_t size = bytes[at + 2] | static_cast<std::size_t>(bytes[at + 3]) << 8;
    if (type == kFilePass) bytes[at] = 0, bytes[at + 1] = 0;  // the result has no password
    at += 4;
    if (size > bytes.size() - at) return;
    const std::size_t plain = type == kBoundSheet ? std::min<std::size_t>(size, 4) : 0;
    const MutableBytes body = MutableBytes(bytes).subspan(at + plain, size - plain);
    if (!is_plain_record(type)) {
      if (key.scheme() == BinaryScheme::xor_obfuscation) {
        apply_xor(key, at + plain, size, body);
      } else {
        cipher.apply(at + plain, body);
      }
    }
    at += size;
  }
}

void decrypt_doc(Octets& bytes, const BinaryKey& key) {
  if (bytes.size() <= kDocPlain) return;
  BlockCipher(key, kDocBlock).apply(kDocPlain, MutableBytes(bytes).subspan(kDocPlain));
}

// Each object that the last edit lists, by itself, under the number of its persist id. Objects of
// a hostile file may overlap, so what is decrypted in all is bounded.
void decrypt_presentation(Octets& bytes, const BinaryKey& key, std::uint32_t edit_at) {
  const auto edit = read_ppt_edit(bytes, edit_at);
  if (!edit) return;
  std::vector<PptObject> objects;
  read_ppt_objects(bytes, edit->persist_directory, objects);
  std::size_t left = bytes.size() + 8 * objects.size();
  for (const PptObject& object : objects) {
    if (object.offset >= bytes.size() || bytes.size() - object.offset < 8) continue;
    if (edit->session == object.id || left < 8) continue;
    Rc4 cipher = key.block(object.id);
    const MutableBytes all = MutableBytes(bytes).subspan(object.offset);
    cipher.apply(all.first(8));
    Cursor header(all.first(8));
    header.skip(4);
    const std::size_t size = std::min({std::size_t{header.u32le()}, all.size() - 8, left - 8});
    cipher.apply(all.subspan(8, size));
    left -= 8 + size;
  }
}

std::uint32_t current_edit(const CompoundFile& file, const CompoundFile::Entry& entry) {
  const auto* user = file.stream(std::string(folder_of(entry.path)) + "Current User");
  const Octets bytes = user == nullptr ? Octets() : file.read(*user, 64);
  Cursor in(bytes);
  in.skip(16);
  return in.u32le();
}

}  // namespace

std::unique_ptr<PieceSource> decrypt_package(const CompoundFile& file,
                                             const CompoundFile::Entry& entry,
                                             const PackageEncryption& encryption,
                                             const Octets& key) {
  return std::make_unique<PackageSource>(file, entry, encryption, key);
}

std::unique_ptr<PieceSource> decrypt_binary(const CompoundFile& file,
                                            const CompoundFile::Entry& entry, BinaryKind kind,
                                            const BinaryKey& key) {
  if (entry.size > kMostDecrypted) return std::make_unique<BytesSource>(Reason::too_large);
  Octets bytes = file.read(entry, kMostDecrypted);
  switch (kind) {
    case BinaryKind::doc: decrypt_doc(bytes, key); break;
    case BinaryKind::xls: decrypt_workbook(bytes, key); break;
    case BinaryKind::ppt: decrypt_presentation(bytes, key, current_edit(file, entry)); break;
  }
  return std::make_unique<BytesSource>(std::move(bytes));
}

}  // namespace weir

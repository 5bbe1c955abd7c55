#include "inspect/formats/office_binary.h"

#include <algorithm>
#include <array>

#include "core/cursor.h"

namespace weir {
namespace {

constexpr std::uint16_t kFibWord = 0xa5ec, kFibWord6 = 0xa5dc;
constexpr std::uint16_t kFibEncrypted = 1U << 8, kFibTable1 = 1U << 9, kFibObfuscated = 1U << 15;
constexpr std::uint16_t kFirstTableFib = 0x00c1;  // Word 97
constexpr std::uint16_t kEof = 0x000a, kFilePass = 0x002f, kBof = 0x0809;
constexpr std::array<std::uint16_t, 4> kBofs{0x0009, 0x0209, 0x0409, kBof};
constexpr std::uint16_t kCurrentUser = 0x0ff6, kUserEdit = 0x0ff5, kPersistDirectory = 0x1772,
                        kCryptSession = 0x2f14;
constexpr std::uint32_t kPptEncrypted = 0xf3d1c4df;
constexpr std::size_t kFibBytes = 68, kMostHeader = 4096, kMostRecords = 64 * 1024;
constexpr std::size_t kMostPpt = 256U << 20;
constexpr std::size_t kMostPptObjects = 1U << 20;

std::string word_for(std::string_view format, BinaryScheme scheme, std::string_view crypto_api) {
  switch (scheme) {
    case BinaryScheme::xor_obfuscation: return std::string(format) + "-xor";
    case BinaryScheme::rc4: return std::string(format) + "-rc4";
    case BinaryScheme::crypto_api: return std::string(format) + std::string(crypto_api);
    case BinaryScheme::unknown: break;
  }
  return std::string(format) + "-encrypted";
}

Octets read_stream(const CompoundFile& file, const std::string& path, std::size_t most) {
  const CompoundFile::Entry* entry = file.stream(path);
  return entry == nullptr ? Octets() : file.read(*entry, most);
}

bool is_bof(std::uint16_t record) { return std::ranges::find(kBofs, record) != kBofs.end(); }

BinaryEncryption read_file_pass(ByteView body, bool biff8) {
  Cursor in(body);
  const std::uint16_t type = biff8 ? in.u16le() : 0;
  if (type != 0) return read_binary_encryption(in.rest());
  const std::uint16_t key = in.u16le(), verifier = in.u16le();
  return xor_obfuscation(key, verifier);
}

struct PptRecord {
  std::uint16_t type = 0;
  std::uint32_t size = 0;
};

PptRecord read_ppt_header(Cursor& in) {
  in.skip(2);
  const std::uint16_t type = in.u16le();
  return {type, in.u32le()};
}

BinaryEncryption read_ppt_session(ByteView document, const PptEdit& edit) {
  std::vector<PptObject> objects;
  read_ppt_objects(document, edit.persist_directory, objects);
  const auto found = std::ranges::find(objects, *edit.session, &PptObject::id);
  if (found == objects.end()) return {};
  Cursor in(document);
  in.seek(found->offset);
  const PptRecord record = read_ppt_header(in);
  if (record.type != kCryptSession) return {};
  return read_binary_encryption(in.peek(record.size));
}

}  // namespace

std::string_view doc_table_name(ByteView fib) {
  Cursor in(fib);
  in.skip(10);
  return (in.u16le() & kFibTable1) != 0 ? "1Table" : "0Table";
}

std::optional<BinaryLock> lock_of_doc(const CompoundFile& file, const std::string& folder) {
  const Octets fib = read_stream(file, folder + "WordDocument", kFibBytes);
  Cursor in(fib);
  const std::uint16_t magic = in.u16le(), version = in.u16le();
  in.skip(6);
  const std::uint16_t flags = in.u16le();
  in.skip(2);
  const std::uint32_t key = in.u32le();
  if (in.failed() || (magic != kFibWord && magic != kFibWord6)) return std::nullopt;
  if ((flags & kFibEncrypted) == 0) return std::nullopt;
  BinaryLock lock;
  if ((flags & kFibObfuscated) != 0 || version < kFirstTableFib) {
    lock.encryption =
        xor_obfuscation(static_cast<std::uint16_t>(key), static_cast<std::uint16_t>(key >> 16));
    lock.encryption.known = false;  // Word has another method ([MS-OFFCRYPTO] 2.3.7.5)
  } else {
    const std::string table = folder + std::string(doc_table_name(fib));
    lock.encryption = read_binary_encryption(read_stream(file, table, kMostHeader));
  }
  lock.word = word_for("doc", lock.encryption.scheme, "-rc4-cryptoapi");
  return lock;
}

std::optional<BinaryLock> lock_of_records(ByteView records) {
  Cursor in(records);
  bool first = true, biff8 = false;
  while (in.remaining() >= 4) {
    const std::uint16_t type = in.u16le();
    const ByteView body = in.take(in.u16le());
    if (in.failed()) return std::nullopt;
    if (first && !is_bof(type)) return std::nullopt;
    if (first) biff8 = type == kBof && body.size() >= 2 && body[1] >= 6;
    first = false;
    if (type == kEof) return std::nullopt;
    if (type != kFilePass || body.size() < 4) continue;
    BinaryLock lock{BinaryKind::xls, {}, read_file_pass(body, biff8 && body.size() >= 6)};
    lock.word = word_for("xls", lock.encryption.scheme, "-cryptoapi");
    return lock;
  }
  return std::nullopt;
}

std::optional<BinaryLock> lock_of_xls(const CompoundFile& file, const std::string& stream_path) {
  return lock_of_records(read_stream(file, stream_path, kMostRecords));
}

// BIFF2 to BIFF5: BOF with its short, fixed length, a version and a type of substream.
bool is_bare_workbook(ByteView file) {
  Cursor in(file);
  const std::uint16_t type = in.u16le(), size = in.u16le();
  in.skip(2);
  const std::uint16_t substream = in.u16le();
  constexpr std::array<std::uint16_t, 6> kSubstreams{0x05, 0x06, 0x10, 0x20, 0x40, 0x100};
  return in.ok() && is_bof(type) && size >= 4 && size <= 16 &&
         std::ranges::find(kSubstreams, substream) != kSubstreams.end();
}

std::optional<PptEdit> read_ppt_edit(ByteView document, std::uint32_t at) {
  Cursor in(document);
  in.seek(at);
  const PptRecord record = read_ppt_header(in);
  if (in.failed() || record.type != kUserEdit) return std::nullopt;
  in.skip(8);
  PptEdit edit;
  edit.previous = in.u32le();
  edit.persist_directory = in.u32le();
  in.skip(12);
  if (record.size >= 32) edit.session = in.u32le();
  return in.ok() ? std::optional(edit) : std::nullopt;
}

bool read_ppt_objects(ByteView document, std::uint32_t at, std::vector<PptObject>& objects) {
  Cursor all(document);
  all.seek(at);
  const PptRecord record = read_ppt_header(all);
  if (all.failed() || record.type != kPersistDirectory) return false;
  Cursor in = all.sub(record.size);
  while (in.remaining() >= 4) {
    const std::uint32_t head = in.u32le();
    for (std::uint32_t i = 0; i < head >> 20; ++i) {
      const std::uint32_t offset = in.u32le();
      if (in.failed() || objects.size() >= kMostPptObjects) return false;
      objects.push_back({(head & 0xfffff) + i, offset});
    }
  }
  return in.ok();
}

std::optional<BinaryLock> lock_of_ppt(const CompoundFile& file, const std::string& folder) {
  const Octets user = read_stream(file, folder + "Current User", kMostHeader);
  Cursor in(user);
  const PptRecord record = read_ppt_header(in);
  in.skip(4);
  const std::uint32_t token = in.u32le(), edit_at = in.u32le();
  if (in.failed() || record.type != kCurrentUser) return std::nullopt;
  const Octets document = read_stream(file, folder + "PowerPoint Document", kMostPpt);
  const auto edit = read_ppt_edit(document, edit_at);
  const bool session = edit && edit->session.value_or(0) != 0;
  if (token != kPptEncrypted && !session) return std::nullopt;
  BinaryLock lock{BinaryKind::ppt, "ppt-cryptoapi", {}};
  if (session) lock.encryption = read_ppt_session(document, *edit);
  return lock;
}

}  // namespace weir

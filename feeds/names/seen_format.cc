#include "feeds/names/seen_format.h"

#include <cstring>

#include "core/cursor.h"

namespace weir::seen_format {
namespace {

constexpr std::uint64_t kMagic = 0x6e65657372696577;  // "weirseen"
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kCheckSize = 8;

template <class T>
void add(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

std::uint64_t check_of(std::string_view bytes, const SipKey& key) {
  return siphash128<1, 3>(key, bytes).hi;
}

}  // namespace

std::string header(Kind kind, const SeenOrigin& origin, std::uint64_t count) {
  std::string out;
  add(out, kMagic);
  add(out, kVersion);
  add(out, static_cast<std::uint32_t>(kind));
  add(out, origin.key[0]);
  add(out, origin.key[1]);
  add(out, std::uint64_t{origin.since});
  add(out, count);
  add(out, std::uint64_t{0});
  add(out, check_of(out, origin.key));
  return out;
}

void add_record(std::string& out, const SipKey& key, const SeenEntry& entry) {
  const std::size_t start = out.size();
  add(out, entry.key);
  add(out, entry.first);
  add(out, entry.last);
  add(out, std::uint32_t{entry.visits});
  add(out, std::uint32_t{entry.kinds});
  add(out, check_of(std::string_view(out).substr(start), key));
}

std::optional<Header> read_header(ByteView bytes, Kind kind) {
  Cursor cursor(bytes);
  const bool ours = cursor.u64le() == kMagic && cursor.u32le() == kVersion &&
                    cursor.u32le() == static_cast<std::uint32_t>(kind);
  Header read;
  read.origin.key[0] = cursor.u64le();
  read.origin.key[1] = cursor.u64le();
  const std::uint64_t since = cursor.u64le();
  read.origin.since = static_cast<std::uint32_t>(since);
  read.count = cursor.u64le();
  cursor.skip(sizeof(std::uint64_t));
  const std::uint64_t check = cursor.u64le();
  if (!ours || cursor.failed() || since > 0xffff'ffff) return std::nullopt;
  if (check != check_of(as_text(bytes.first(kHeaderSize - kCheckSize)), read.origin.key)) {
    return std::nullopt;
  }
  return read;
}

std::optional<SeenEntry> read_record(ByteView bytes, const SipKey& key) {
  if (bytes.size() < kRecordSize) return std::nullopt;
  Cursor cursor(bytes);
  SeenEntry entry;
  entry.key = cursor.u64le();
  entry.first = cursor.u32le();
  entry.last = cursor.u32le();
  entry.visits = static_cast<std::uint16_t>(cursor.u32le());
  entry.kinds = static_cast<std::uint8_t>(cursor.u32le());
  const std::uint64_t check = cursor.u64le();
  if (check != check_of(as_text(bytes.first(kRecordSize - kCheckSize)), key)) return std::nullopt;
  if (SeenTable::usable_key(entry.key) != entry.key) return std::nullopt;
  return entry;
}

Content read_all(ByteView bytes, Kind kind) {
  Content content;
  content.header = read_header(bytes, kind);
  if (!content.header) return content;
  content.good_bytes = kHeaderSize;
  std::uint64_t bad = 0;
  for (std::size_t at = kHeaderSize; at < bytes.size(); at += kRecordSize) {
    const auto entry = read_record(bytes.subspan(at), content.header->origin.key);
    if (!entry) {
      ++bad;
      continue;
    }
    content.entries.push_back(*entry);
    content.good_bytes = at + kRecordSize;
    content.bad_records = bad;
  }
  const bool whole = bad == 0;
  content.sound = whole && (kind == Kind::log || content.entries.size() == content.header->count);
  return content;
}

}  // namespace weir::seen_format

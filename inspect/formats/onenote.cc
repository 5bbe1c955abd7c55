#include "inspect/formats/onenote.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/cursor.h"
#include "inspect/formats/office_members.h"

namespace weir {
namespace {

using Guid = std::array<std::uint8_t, 16>;
constexpr Guid kSection{0xe4, 0x52, 0x5c, 0x7b, 0x8c, 0xd8, 0xa7, 0x4d,
                        0xae, 0xb1, 0x53, 0x78, 0xd0, 0x29, 0x96, 0xd3};  // 2.3.1
constexpr Guid kTableOfContents{0xa1, 0x2f, 0xff, 0x43, 0xd9, 0xef, 0x76, 0x4c,
                                0x9e, 0xe2, 0x10, 0xea, 0x57, 0x22, 0x76, 0x5f};
constexpr Guid kFileData{0xe7, 0x16, 0xe3, 0xbd, 0x65, 0x26, 0x11, 0x45,
                         0xa4, 0xc4, 0x8d, 0x4d, 0x0b, 0x7a, 0x9e, 0xac};  // 2.6.13
constexpr std::size_t kRootReference = 172, kFragmentHead = 16, kFragmentTail = 20;
constexpr std::uint64_t kFragmentMagic = 0xa4567ab1f5f7f4c4;
constexpr std::uint32_t kTerminator = 0xff, kEncryptionKey = 0x7c, kListReference = 2;
constexpr std::size_t kMostFragments = 1U << 16, kMostFiles = 1U << 16;

bool begins_with(ByteView bytes, const Guid& guid) {
  return bytes.size() >= guid.size() && std::ranges::equal(bytes.first(guid.size()), guid);
}

bool is_onenote(ByteView bytes) {
  return begins_with(bytes, kSection) || begins_with(bytes, kTableOfContents);
}

struct Chunk {
  std::uint64_t at = 0, size = 0;
  bool operator<(const Chunk& other) const { return at < other.at; }
};

// 2.2.4.2: a reference whose two parts may be shortened.
Chunk read_reference(Cursor& in, unsigned at_format, unsigned size_format) {
  Chunk chunk;
  switch (at_format) {
    case 0: chunk.at = in.u64le(); break;
    case 1: chunk.at = in.u32le(); break;
    case 2: chunk.at = std::uint64_t{in.u16le()} * 8; break;
    default: chunk.at = std::uint64_t{in.u32le()} * 8; break;
  }
  switch (size_format) {
    case 0: chunk.size = in.u32le(); break;
    case 1: chunk.size = in.u64le(); break;
    case 2: chunk.size = std::uint64_t{in.u8()} * 8; break;
    default: chunk.size = std::uint64_t{in.u16le()} * 8; break;
  }
  return chunk;
}

// The lists of file nodes (2.4), from the root on, each fragment once.
class NodeLists {
 public:
  explicit NodeLists(ByteView file) : file_(file) {
    Cursor in(file);
    in.seek(kRootReference);
    add(read_reference(in, 0, 0));
  }

  bool hold(std::uint32_t wanted) {
    while (!todo_.empty()) {
      const Chunk fragment = todo_.back();
      todo_.pop_back();
      if (fragment_holds(fragment, wanted)) return true;
    }
    return false;
  }

 private:
  void add(Chunk fragment) {
    const bool outside = fragment.at >= file_.size() || fragment.size > file_.size() - fragment.at;
    if (outside || fragment.size < kFragmentHead + kFragmentTail) return;
    if (seen_.size() < kMostFragments && seen_.insert(fragment).second) todo_.push_back(fragment);
  }

  bool fragment_holds(Chunk fragment, std::uint32_t wanted) {
    Cursor in(file_.subspan(fragment.at, fragment.size));
    if (in.u64le() != kFragmentMagic) return false;
    in.skip(8);
    Cursor nodes = in.sub(fragment.size - kFragmentHead - kFragmentTail);
    add(read_reference(in, 0, 0));
    while (nodes.remaining() >= 4) {
      const std::uint32_t head = nodes.u32le(), id = head & 0x3ff, size = head >> 10 & 0x1fff;
      if (id == wanted) return true;
      if (id == 0 || id == kTerminator || size < 4) return false;
      Cursor body = nodes.sub(size - 4);
      if ((head >> 27 & 0xf) == kListReference) {
        add(read_reference(body, head >> 23 & 3, head >> 25 & 3));
      }
    }
    return false;
  }

  ByteView file_;
  std::vector<Chunk> todo_;
  std::set<Chunk> seen_;
};

}  // namespace

// 2.5.19: a section with a password has the key of its content, itself encrypted, in a node.
void examine_onenote(const Subject& file, Remarks& remarks) {
  if (!is_onenote(file.bytes)) return;
  if (NodeLists(file.bytes).hold(kEncryptionKey)) {
    remarks.unseen(Reason::encrypted, "one-encrypted");
  }
}

// 2.6.13 FileDataStoreObject: found wherever it lies, since hidden ones open as well.
std::unique_ptr<Container> open_onenote(const Subject& file, Reason&) {
  if (!is_onenote(file.bytes)) return nullptr;
  std::vector<OfficeMember> members;
  Reason problem = Reason::none;
  ByteView rest = file.bytes;
  while (members.size() < kMostFiles) {
    const auto found = std::ranges::search(rest, kFileData);
    if (found.empty()) break;
    Cursor in(rest.subspan(static_cast<std::size_t>(found.begin() - rest.begin())));
    in.skip(kFileData.size());
    const std::uint64_t size = in.u64le();
    in.skip(4 + 8);
    if (size > in.remaining()) problem = Reason::truncated;
    const ByteView data = in.take(std::min<std::uint64_t>(size, in.remaining()));
    const std::string name = "embedded-" + std::to_string(members.size() + 1);
    members.push_back({name, [data] { return std::make_unique<BytesSource>(data); }});
    rest = in.rest();
  }
  if (members.empty()) return nullptr;
  return std::make_unique<MemberList>("onenote", std::move(members), nullptr, problem);
}

}  // namespace weir

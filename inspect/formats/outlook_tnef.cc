#include "inspect/formats/outlook_tnef.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/cursor.h"
#include "core/utf16.h"
#include "inspect/formats/office_members.h"

namespace weir {
namespace {

constexpr std::uint32_t kSignature = 0x223e9f78;
constexpr std::uint32_t kAttachStart = 0x00069002, kAttachTitle = 0x00018010,
                        kAttachData = 0x0006800f, kAttachProperties = 0x00069005,
                        kMessageProperties = 0x00069003, kBody = 0x0002800c;
constexpr std::uint16_t kLongName = 0x3707, kObject = 0x3701, kHtml = 0x1013, kRtf = 0x1009;
constexpr std::size_t kMostMembers = 1U << 16, kMostProperties = 4096, kMostValues = 4096;

std::string text_of(ByteView bytes) {
  const auto end = std::ranges::find(bytes, std::uint8_t{0});
  return std::string(bytes.begin(), end);
}

// The size of one value of a fixed type (2.1.3.4), each padded to 4 bytes; 0: of variable size.
std::size_t fixed_size(std::uint16_t type) {
  switch (type & 0x0fff) {
    case 0x02:
    case 0x03:
    case 0x04:
    case 0x0a:
    case 0x0b: return 4;
    case 0x05:
    case 0x06:
    case 0x07:
    case 0x14:
    case 0x40: return 8;
    case 0x48: return 16;
    default: return 0;
  }
}

void skip_padding(Cursor& in, std::size_t size) { in.skip((4 - size % 4) % 4); }

// 2.1.3.4: a count, then tag, for named ones the name, and the values.
class PropertyReader {
 public:
  explicit PropertyReader(ByteView bytes) : in_(bytes) { in_.u32le(); }

  // Calls visit(id, type, value) for each value until something is broken.
  template <typename Visit>
  void each(const Visit& visit) {
    for (std::size_t i = 0; i < kMostProperties && in_.remaining() >= 4; ++i) {
      const std::uint16_t type = in_.u16le(), id = in_.u16le();
      if (id >= 0x8000) skip_name();
      const std::size_t fixed = fixed_size(type);
      const bool several = (type & 0x1000) != 0 || fixed == 0;
      const std::uint32_t count = several ? in_.u32le() : 1;
      for (std::uint32_t v = 0; v < std::min<std::uint32_t>(count, kMostValues); ++v) {
        const std::size_t size = fixed != 0 ? fixed : in_.u32le();
        const ByteView value = in_.take(size);
        skip_padding(in_, size);
        if (in_.failed() && value.empty()) return;
        visit(id, type, value);
      }
    }
  }

 private:
  void skip_name() {
    in_.skip(16);
    if (in_.u32le() == 0) return in_.skip(4);
    const std::uint32_t size = in_.u32le();
    in_.skip(size);
    skip_padding(in_, size);
  }

  Cursor in_;
};

class TnefLister {
 public:
  void list(Cursor& in) {
    while (in.remaining() >= 11 && members.size() < kMostMembers) {
      in.skip(1);
      const std::uint32_t id = in.u32le();
      const std::uint32_t size = in.u32le();
      if (size > in.remaining()) problem = Reason::truncated;
      take(id, in.take(std::min<std::uint64_t>(size, in.remaining())));
      in.skip(std::min<std::uint64_t>(2, in.remaining()));
    }
    finish();
  }

  std::vector<OfficeMember> members;
  Reason problem = Reason::none;

 private:
  void take(std::uint32_t id, ByteView data) {
    switch (id) {
      case kAttachStart: finish(); break;
      case kAttachTitle: title_ = text_of(data); break;
      case kAttachData: content_.push_back(data); break;
      case kBody: add("body.txt", data); break;
      case kAttachProperties: take_attachment_properties(data); break;
      case kMessageProperties: take_message_properties(data); break;
      default: break;
    }
  }

  void take_attachment_properties(ByteView data) {
    PropertyReader(data).each([&](std::uint16_t id, std::uint16_t type, ByteView value) {
      if (id == kLongName) name_ = type == 0x1f ? utf8_from_utf16le(value) : text_of(value);
      if (id == kObject)
        content_.push_back(type == 0x0d && value.size() > 16 ? value.subspan(16) : value);
    });
    while (!name_.empty() && name_.back() == '\0') name_.pop_back();
  }

  void take_message_properties(ByteView data) {
    PropertyReader(data).each([&](std::uint16_t id, std::uint16_t, ByteView value) {
      if (id == kHtml) add("body.html", value);
      if (id == kRtf) add("body.rtf.lzfu", value);
    });
  }

  void finish() {
    const std::string name = !name_.empty() ? name_ : !title_.empty() ? title_ : "attachment";
    for (const ByteView content : content_) add(name, content);
    content_.clear();
    name_.clear();
    title_.clear();
  }

  void add(std::string name, ByteView data) {
    members.push_back({std::move(name), [data] { return std::make_unique<BytesSource>(data); }});
  }

  std::string name_, title_;
  std::vector<ByteView> content_;
};

}  // namespace

std::unique_ptr<Container> open_tnef(const Subject& file, Reason&) {
  Cursor in(file.bytes);
  if (in.u32le() != kSignature) return nullptr;
  in.skip(2);
  TnefLister lister;
  lister.list(in);
  return std::make_unique<MemberList>("tnef", std::move(lister.members), nullptr, lister.problem);
}

}  // namespace weir

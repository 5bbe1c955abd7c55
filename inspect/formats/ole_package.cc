#include "inspect/formats/ole_package.h"

#include <algorithm>

#include "core/cursor.h"

namespace weir {
namespace {

constexpr std::size_t kMostText = 4096;
constexpr std::uint32_t kEmbedded = 2;

// Up to the NUL, which is passed.
std::string read_text(Cursor& in) {
  const ByteView rest = in.peek(kMostText);
  const auto end = std::ranges::find(rest, std::uint8_t{0});
  if (end == rest.end()) {
    in.skip(in.remaining() + 1);  // fails
    return {};
  }
  const ByteView text = in.take(static_cast<std::uint64_t>(end - rest.begin()));
  in.skip(1);
  return std::string(as_text(text));
}

std::string read_counted(Cursor& in) {
  const ByteView text = in.take(in.u32le());
  const auto end = std::ranges::find(text, std::uint8_t{0});
  return std::string(text.begin(), end);
}

}  // namespace

std::string last_part(std::string_view path) {
  const std::size_t slash = path.find_last_of("/\\");
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::optional<OlePackage> read_package(ByteView head, bool with_size) {
  Cursor in(head);
  if (with_size) in.skip(4);
  if (in.u16le() != 2) return std::nullopt;
  OlePackage package;
  package.name = last_part(read_text(in));
  const std::string path = read_text(in);
  if (package.name.empty()) package.name = last_part(path);
  in.skip(2);
  const std::uint16_t kind = in.u16le();
  if (kind != 3) return std::nullopt;  // embedded; 1 is a link
  in.skip(in.u32le());                 // where it lay when it was packed
  package.size = in.u32le();
  package.at = in.position();
  return in.ok() ? std::optional(package) : std::nullopt;
}

std::optional<Ole1Object> read_ole1(ByteView bytes) {
  Cursor in(bytes);
  in.skip(4);
  if (in.u32le() != kEmbedded) return std::nullopt;
  Ole1Object object;
  object.kind = read_counted(in);
  read_counted(in);
  read_counted(in);
  object.size = in.u32le();
  object.at = in.position();
  if (in.failed()) return std::nullopt;
  object.size = std::min<std::uint64_t>(object.size, in.remaining());
  return object;
}

}  // namespace weir

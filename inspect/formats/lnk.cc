#include "inspect/formats/lnk.h"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "core/cursor.h"
#include "core/http_message.h"
#include "core/utf16.h"

namespace weir {
namespace {

using namespace std::string_view_literals;

// 2.1: size and class identifier.
constexpr std::string_view kMagic = "\x4C\0\0\0\x01\x14\x02\0\0\0\0\0\xC0\0\0\0\0\0\0\x46"sv;
constexpr std::size_t kHeader = 76;

// 2.1.1
enum Flag : std::uint32_t {
  kHasIdList = 0x1,
  kHasLinkInfo = 0x2,
  kHasName = 0x4,
  kHasRelativePath = 0x8,
  kHasWorkingDir = 0x10,
  kHasArguments = 0x20,
  kHasIcon = 0x40,
  kIsUnicode = 0x80,
};

std::string until_nul(ByteView bytes) {
  const std::string_view text = as_text(bytes);
  return std::string(text.substr(0, text.find('\0')));
}

std::string until_nul16(ByteView bytes) {
  std::string text = utf8_from_utf16le(bytes);
  text.resize(std::min(text.find('\0'), text.size()));
  return text;
}

// 2.2: the last item that is a file has its short name at 14.
std::string read_id_list(Cursor list) {
  std::string name;
  while (list.remaining() > 2) {
    const std::uint16_t size = list.u16le();
    if (size < 2) break;
    const ByteView item = list.take(size - 2U);
    if (item.size() > 13 && (item[0] & 0x70) == 0x30) name = until_nul(item.subspan(12));
  }
  return name;
}

// 2.3: the local path, in Unicode if it has one.
std::string read_link_info(ByteView info) {
  Cursor in(info);
  in.skip(4);
  const std::uint32_t header = in.u32le();
  in.skip(8);
  const std::uint32_t path = in.u32le();
  in.skip(8);
  const std::uint32_t wide = in.u32le();
  Cursor text(info);
  constexpr std::uint32_t kWithUnicode = 0x24;
  if (header >= kWithUnicode && wide != 0) {
    text.seek(wide);
    return until_nul16(text.rest());
  }
  if (path == 0) return {};
  text.seek(path);
  return until_nul(text.rest());
}

// 2.4
std::string read_string(Cursor& in, bool unicode) {
  const std::uint16_t count = in.u16le();
  const ByteView bytes = in.take(unicode ? count * 2U : count);
  return unicode ? utf8_from_utf16le(bytes) : std::string(as_text(bytes));
}

// 2.5: blocks until one shorter than 4; gives the target that holds environment variables.
std::string read_blocks(Cursor& in) {
  std::string target;
  while (in.remaining() >= 4) {
    const std::uint32_t size = in.u32le();
    if (size < 4) break;
    if (size < 8 || size - 4 > in.remaining()) {
      in.rest();
      break;
    }
    Cursor block = in.sub(size - 4);
    constexpr std::uint32_t kEnvironment = 0xA0000001;
    if (block.u32le() != kEnvironment) continue;
    const std::string narrow = until_nul(block.take(260));
    const std::string wide = until_nul16(block.take(520));
    target = wide.empty() ? narrow : wide;
  }
  return target;
}

constexpr std::string_view kStarters[] = {
    "cmd",     "powershell", "pwsh",    "mshta",    "rundll32",     "regsvr32",
    "wscript", "cscript",    "msiexec", "certutil", "bitsadmin",    "forfiles",
    "conhost", "wmic",       "pcalua",  "schtasks", "scriptrunner", "installutil",
    "msbuild", "curl",       "ssh",     "sftp",     "odbcconf",     "cmstp",
};

std::string program_of(const std::string& path) {
  const auto slash = path.find_last_of("\\/");
  std::string name = to_lower(path.substr(slash == std::string::npos ? 0 : slash + 1));
  if (name.ends_with(".exe")) name.resize(name.size() - 4);
  return name;
}

// A starter that the arguments name, as in "/c start powershell -enc …".
std::string_view starter_in(const std::string& arguments) {
  const std::string text = to_lower(arguments);
  for (const std::string_view starter : kStarters) {
    if (text.find(std::string(starter) + ".exe") != std::string::npos) return starter;
  }
  for (const std::string_view word : {"powershell"sv, "mshta "sv, "wscript "sv, "rundll32 "sv}) {
    if (text.find(word) != std::string::npos) return word;
  }
  return {};
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text.substr(0, 160)) out += c >= ' ' && c < 127 ? c : '?';
  return out;
}

class LnkContent final : public Container {
 public:
  explicit LnkContent(Shortcut shortcut) : shortcut_(std::move(shortcut)) {
    text_ = shortcut_.target + " " + shortcut_.arguments + "\n";
  }
  std::optional<Member> next() override {
    piece_ = {};
    if (step_++ == 0) {
      piece_ = as_bytes(text_);
      return Member{"command-line.txt", true, false};
    }
    if (step_ > 2 || shortcut_.appended.empty()) return std::nullopt;
    piece_ = shortcut_.appended;
    char name[48];
    const int size = std::snprintf(name, sizeof name, "appended-at-0x%zx.bin", shortcut_.end);
    return Member{std::string(name, static_cast<std::size_t>(std::max(size, 0))), true, false};
  }
  ByteView read() override { return std::exchange(piece_, {}); }
  std::string format_word() const override { return "lnk"; }

 private:
  Shortcut shortcut_;
  std::string text_;
  ByteView piece_;
  int step_ = 0;
};

}  // namespace

bool read_shortcut(ByteView file, Shortcut& shortcut) {
  if (!as_text(file).starts_with(kMagic) || file.size() < kHeader) return false;
  Cursor in(file);
  in.seek(20);
  const std::uint32_t flags = in.u32le();
  in.seek(kHeader);
  const auto has = [&](std::uint32_t flag) { return (flags & flag) != 0; };
  if (has(kHasIdList)) shortcut.target = read_id_list(in.sub(in.u16le()));
  if (has(kHasLinkInfo) && in.remaining() >= 4) {
    const std::uint32_t size = Cursor(in.peek(4)).u32le();
    const std::string path = read_link_info(in.take(size));
    if (!path.empty()) shortcut.target = path;
  }
  const bool unicode = has(kIsUnicode);
  if (has(kHasName)) read_string(in, unicode);
  if (has(kHasRelativePath)) {
    const std::string path = read_string(in, unicode);
    if (shortcut.target.empty()) shortcut.target = path;
  }
  if (has(kHasWorkingDir)) read_string(in, unicode);
  if (has(kHasArguments)) shortcut.arguments = read_string(in, unicode);
  if (has(kHasIcon)) shortcut.icon = read_string(in, unicode);
  const std::string variable = read_blocks(in);
  if (!variable.empty()) shortcut.target = variable;
  if (in.failed()) return true;
  shortcut.end = in.position();
  shortcut.appended = in.rest();
  return true;
}

void examine_lnk(const Subject& file, Remarks& remarks) {
  Shortcut shortcut;
  if (!read_shortcut(file.bytes, shortcut)) return;
  const std::string program = program_of(shortcut.target);
  const bool starter = std::ranges::find(kStarters, program) != std::end(kStarters);
  const bool named = !starter_in(shortcut.arguments).empty();
  if ((starter && !shortcut.arguments.empty()) || named) {
    remarks.sign("lnk-command", 60, escaped(shortcut.target + " " + shortcut.arguments));
  }
  const std::string blanks(64, ' ');
  const bool padded = shortcut.arguments.find(blanks) != std::string::npos ||
                      shortcut.arguments.find("\n\n\n\n") != std::string::npos;
  if (padded) remarks.sign("lnk-padded-arguments", 60);
  constexpr std::size_t kSlack = 16;  // some writers end with a few zeros
  if (shortcut.appended.size() > kSlack) {
    remarks.sign("lnk-appended-data", 40, std::to_string(shortcut.appended.size()) + " bytes");
  }
}

std::unique_ptr<Container> open_lnk(const Subject& file, Reason&) {
  Shortcut shortcut;
  if (!read_shortcut(file.bytes, shortcut)) return nullptr;
  return std::make_unique<LnkContent>(std::move(shortcut));
}

}  // namespace weir

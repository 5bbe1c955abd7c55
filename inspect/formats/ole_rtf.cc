#include "inspect/formats/ole_rtf.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/escape.h"
#include "inspect/formats/office_members.h"
#include "inspect/formats/ole_package.h"

namespace weir {
namespace {

constexpr std::string_view kObjectData = "\\objdata";
constexpr std::size_t kMostObjects = 1U << 14;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct ControlWord {
  std::string_view name;
  std::size_t number = 0;
};

// The content of a group, from where \objdata stood to the end of the group.
class HexReader {
 public:
  HexReader(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  std::vector<std::uint8_t> read() {
    while (at_ < text_.size() && depth_ >= 0 && out_.size() < kMostRtfObject) step();
    return std::move(out_);
  }
  std::size_t position() const { return at_; }

 private:
  void step() {
    const char c = text_[at_++];
    switch (c) {
      case '{': return open_group();
      case '}': --depth_; break;
      case '\\': return control();
      default:
        if (hex_digit(c) >= 0) add_digit(hex_digit(c));
    }
    if (depth_ < skipped_below_) skipped_below_ = -1;
  }

  void open_group() { ++depth_; }

  // A destination that Word does not know is passed over with its text: {\*\unknown 41}.
  void control() {
    if (at_ >= text_.size()) return;
    const char c = text_[at_];
    if (!is_letter(c)) {
      ++at_;
      if (c == '*' && skipped_below_ < 0 && depth_ > 0) skipped_below_ = depth_;
      if (c == '\'') at_ = std::min(at_ + 2, text_.size());
      return;
    }
    const ControlWord word = read_word();
    if (word.name == "bin") take_binary(word.number);
  }

  ControlWord read_word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_letter(text_[at_])) ++at_;
    ControlWord word{text_.substr(begin, at_ - begin)};
    if (at_ < text_.size() && text_[at_] == '-') ++at_;
    while (at_ < text_.size() && is_digit(text_[at_])) {
      word.number = std::min<std::size_t>(
          word.number * 10 + static_cast<std::size_t>(text_[at_] - '0'), kMostRtfObject);
      ++at_;
    }
    if (at_ < text_.size() && text_[at_] == ' ') ++at_;
    return word;
  }

  void take_binary(std::size_t size) {
    const ByteView raw = as_bytes(text_.substr(at_, std::min(size, text_.size() - at_)));
    if (skipped_below_ < 0) out_.insert(out_.end(), raw.begin(), raw.end());
    at_ += raw.size();
  }

  void add_digit(int digit) {
    if (skipped_below_ >= 0) return;
    if (half_ < 0) {
      half_ = digit;
    } else {
      out_.push_back(static_cast<std::uint8_t>(half_ << 4 | digit));
      half_ = -1;
    }
  }

  std::string_view text_;
  std::size_t at_;
  int depth_ = 0, skipped_below_ = -1, half_ = -1;
  std::vector<std::uint8_t> out_;
};

// One object as what it holds.
struct RtfObject {
  std::string name;
  std::vector<std::uint8_t> bytes;
};

// What has no header that we understand may still hold a compound file.
std::vector<std::uint8_t> from_compound_file(std::vector<std::uint8_t> bytes) {
  constexpr std::array<std::uint8_t, 8> kCompoundFile{0xd0, 0xcf, 0x11, 0xe0,
                                                      0xa1, 0xb1, 0x1a, 0xe1};
  const auto found = std::ranges::search(bytes, kCompoundFile);
  if (!found.empty()) bytes.erase(bytes.begin(), found.begin());
  return bytes;
}

RtfObject unwrapped(std::vector<std::uint8_t> bytes, std::size_t number) {
  const std::string plain_name = "object-" + std::to_string(number);
  const auto object = read_ole1(bytes);
  if (!object) return {plain_name, from_compound_file(std::move(bytes))};
  ByteView content = ByteView(bytes).subspan(object->at, object->size);
  std::string name = plain_name;
  if (const auto package = read_package(content, false)) {
    content = content.subspan(package->at);
    content = content.first(std::min<std::uint64_t>(package->size, content.size()));
    if (!package->name.empty()) name = package->name;
  }
  return {std::move(name), {content.begin(), content.end()}};
}

class RtfObjects : public Container {
 public:
  explicit RtfObjects(std::string_view text) : text_(text) {}

  std::optional<Member> next() override {
    bytes_.clear();
    given_ = false;
    while (number_ < kMostObjects) {
      at_ = text_.find(kObjectData, at_);
      if (at_ == std::string_view::npos) return std::nullopt;
      at_ += kObjectData.size();
      if (at_ < text_.size() && is_letter(text_[at_])) continue;  // another word
      while (at_ < text_.size() && (is_digit(text_[at_]) || text_[at_] == '-')) ++at_;
      HexReader reader(text_, at_);
      RtfObject object = unwrapped(reader.read(), ++number_);
      at_ = std::max(at_, reader.position());
      if (object.bytes.empty()) continue;
      bytes_ = std::move(object.bytes);
      return Member{object.name, true, false};
    }
    problem_ = Reason::too_many;
    return std::nullopt;
  }
  ByteView read() override { return std::exchange(given_, true) ? ByteView() : ByteView(bytes_); }
  Reason problem() const override { return problem_; }
  std::string format_word() const override { return "rtf"; }

 private:
  std::string_view text_;
  std::size_t at_ = 0, number_ = 0;
  std::vector<std::uint8_t> bytes_;
  bool given_ = false;
  Reason problem_ = Reason::none;
};

}  // namespace

std::unique_ptr<Container> open_rtf(const Subject& file, Reason&) {
  std::string_view text = as_text(file.bytes);
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (!text.starts_with("{\\rt") || text.find(kObjectData) == std::string_view::npos)
    return nullptr;
  return std::make_unique<RtfObjects>(text);
}

}  // namespace weir

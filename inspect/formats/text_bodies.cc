#include "inspect/formats/text_bodies.h"

#include <algorithm>
#include <utility>

#include "inspect/formats/mime_header.h"
#include "inspect/formats/text_bodies_scan.h"

namespace weir {
namespace {

// Enough for an ISO image to show itself.
constexpr std::size_t kHead = 36 * 1024;

bool is_page(FileType type) {
  return type == FileType::html || type == FileType::svg || type == FileType::javascript;
}

// Two bytes are no proof in the middle of text: what begins with them needs a third.
bool is_proven(FileType type, std::string_view head) {
  switch (type) {
    case FileType::arj:
    case FileType::compress: return false;
    case FileType::gzip: return head.size() > 3 && head[2] == 8 && (head[3] & 0xe0) == 0;
    default: return true;
  }
}

bool is_carrier(FileType type, bool of_url) {
  switch (family_of(type)) {
    case FileFamily::executable:
    case FileFamily::archive:
    case FileFamily::document:
    case FileFamily::script: return true;
    case FileFamily::web: return of_url ? is_page(type) : type == FileType::html;
    default: return false;
  }
}

bool is_known(FileType type) { return type != FileType::unknown && type != FileType::empty; }

class Bodies final : public Container {
 public:
  explicit Bodies(TextBodies found) : found_(std::move(found)) {}

  std::optional<Member> next() override {
    if (at_ == found_.bodies.size()) return std::nullopt;
    const TextBody& body = found_.bodies[at_++];
    decoder_ = TextDecoder(body.coding, body.text);
    return Member{body.name, true, false};
  }
  ByteView read() override { return decoder_.read(); }
  Reason problem() const override { return found_.too_many ? Reason::too_many : Reason::none; }
  std::string format_word() const override { return "text"; }

 private:
  TextBodies found_;
  std::size_t at_ = 0;
  TextDecoder decoder_;
};

}  // namespace

void TextBodyList::add(TextBody body) {
  if (all_.bodies.size() == TextBodies::kMost) {
    all_.too_many = true;
  } else {
    all_.bodies.push_back(std::move(body));
  }
}

void TextBodyList::add_named(std::string name, TextCoding coding, std::string_view text) {
  const auto type = type_by_magic(as_bytes(decode_text_head(coding, text, kHead)));
  add({std::move(name), text, coding, type});
}

bool TextBodyList::add_if_carrier(TextCoding coding, std::string_view text, bool of_url) {
  const std::string head = decode_text_head(coding, text, kHead);
  const FileType type = type_by_magic(as_bytes(head));
  if (!is_carrier(type, of_url) || !is_proven(type, head)) return is_known(type);
  const std::string number = std::to_string(all_.bodies.size() + 1);
  const std::string_view extension = type == FileType::pe ? "exe" : file_type_name(type);
  add({"data-" + number + "." + std::string(extension), text, coding, type});
  return true;
}

TextBodies find_text_bodies(std::string_view text) {
  TextBodies found;
  TextBodyList list(found);
  find_line_bodies(text, list);
  find_data_urls(text, list);
  find_base64_runs(text, list);
  find_number_lists(text, list);
  return found;
}

bool may_hold_text_bodies(const Subject& file) {
  switch (family_of(file.type)) {
    case FileFamily::script:
    case FileFamily::web:
    case FileFamily::text: return !begins_like_mail(as_text(file.bytes));
    // A block of yEnc makes a text look binary.
    default: {
      if (file.type != FileType::unknown && file.type != FileType::eml) return false;
      const std::string_view head =
          as_text(file.bytes.first(std::min<std::size_t>(file.bytes.size(), 1024)));
      const bool text = head.find('\0') == head.npos || head.find("=ybegin ") != head.npos;
      return text && !begins_like_mail(as_text(file.bytes));
    }
  }
}

std::unique_ptr<Container> open_text_bodies(const Subject& file, Reason&) {
  if (!may_hold_text_bodies(file)) return nullptr;
  TextBodies found = find_text_bodies(as_text(file.bytes));
  if (found.bodies.empty()) return nullptr;
  return std::make_unique<Bodies>(std::move(found));
}

}  // namespace weir

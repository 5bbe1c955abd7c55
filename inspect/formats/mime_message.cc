#include "inspect/formats/mime_message.h"

#include <utility>

#include "inspect/formats/mime_parts.h"

namespace weir {
namespace {

class Message final : public Container {
 public:
  explicit Message(std::string_view text) : parts_(text) {}

  std::optional<Member> next() override {
    auto part = parts_.next();
    if (!part) return std::nullopt;
    decoder_ = TextDecoder(part->coding, part->body);
    return Member{std::move(part->name), true, false};
  }
  ByteView read() override { return decoder_.read(); }
  Reason problem() const override { return parts_.problem(); }
  std::string format_word() const override { return "mime"; }

 private:
  MimeParts parts_;
  TextDecoder decoder_;
};

bool is_mbox_line(std::string_view text) {
  return text.starts_with("From ") && begins_like_mail(text);
}

// Where the next message of an mbox (RFC 4155) begins, or the end.
std::size_t next_mbox_line(std::string_view text, std::size_t from) {
  for (auto at = text.find("\nFrom ", from); at != text.npos; at = text.find("\nFrom ", at + 1)) {
    const bool after_blank = at > 0 && (text[at - 1] == '\n' || text.substr(at - 1, 1) == "\r");
    // Only what follows decides; a line of prose may begin so too.
    if (after_blank && is_mbox_line(text.substr(at + 1, 4096))) return at + 1;
  }
  return text.size();
}

class Mbox final : public Container {
 public:
  explicit Mbox(std::string_view text) : text_(text) {}

  std::optional<Member> next() override {
    if (at_ >= text_.size()) return std::nullopt;
    const std::size_t end = next_mbox_line(text_, at_);
    message_ = text_.substr(at_, end - at_);
    message_.remove_prefix(std::min(message_.find('\n'), message_.size() - 1) + 1);
    at_ = end;
    return Member{"message-" + std::to_string(++count_) + ".eml", true, false};
  }
  ByteView read() override { return as_bytes(std::exchange(message_, {})); }
  std::string format_word() const override { return "mbox"; }

 private:
  std::string_view text_, message_;
  std::size_t at_ = 0, count_ = 0;
};

}  // namespace

std::unique_ptr<Container> open_mime(const Subject& file, Reason&) {
  std::string_view text = as_text(file.bytes);
  if (!begins_like_mail(text)) return nullptr;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
  if (text.starts_with("From ")) {
    if (next_mbox_line(text, 0) < text.size()) return std::make_unique<Mbox>(text);
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  return std::make_unique<Message>(text);
}

}  // namespace weir

// Decodes HTTP/1 bytes as they come, piece by piece, and writes down in one line what was
// understood. What it writes must not depend on how the bytes were split. For the tests and the
// fuzzers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxy/http/h1_body_decoder.h"
#include "proxy/http/h1_head_parser.h"

namespace weir::test {

inline std::string describe(const Framing& framing) {
  switch (framing.kind) {
    case Framing::Kind::none: return "none";
    case Framing::Kind::length: return "length=" + std::to_string(framing.length);
    case Framing::Kind::chunked: return "chunked";
    case Framing::Kind::until_close: return "until-close";
  }
  return "?";
}

inline std::string describe(const Fields& fields) {
  std::string text;
  for (const Field& field : fields) text += " " + field.name + "=" + field.value;
  return text;
}

inline std::string describe(const RequestHead& head) {
  std::string text = head.method + " " + head.scheme + "|" + head.authority + "|" + head.path +
                     " " + (head.version == HttpVersion::h1_1 ? "1.1 " : "1.0 ") +
                     describe(head.framing);
  if (!head.keep_alive) text += " close";
  if (head.expect_continue) text += " expect";
  if (!head.protocol.empty()) text += " protocol=" + head.protocol;
  return text + describe(head.fields);
}

inline std::string describe(const ResponseHead& head) {
  std::string text = std::to_string(head.status) + " \"" + head.reason + "\" " +
                     (head.version == HttpVersion::h1_1 ? "1.1 " : "1.0 ") + describe(head.framing);
  if (!head.keep_alive) text += " close";
  if (!head.upgrade.empty()) text += " upgrade=" + head.upgrade;
  return text + describe(head.fields);
}

// Requests one after the other, or the responses to one request (`request_method` is set).
class Transcript {
 public:
  explicit Transcript(std::optional<std::string> request_method, LimitSettings limits = {})
      : method_(std::move(request_method)),
        limits_(limits),
        finder_(method_ ? H1HeadFinder::Kind::response : H1HeadFinder::Kind::request,
                limits_.header_bytes) {}

  void feed(std::string_view bytes) {
    buffer_ += bytes;
    while (error_.empty() && !over_ && step()) {
    }
  }

  // The peer ends its direction; what the line says in the end.
  std::string end() {
    if (!error_.empty()) return text_ + "!" + error_;
    if (body_) {
      if (auto ended = body_->end_of_input(); !ended) {
        return text_ + flush_body() + "!" + std::string(errc_name(ended.error().code));
      }
      finish_body();
    }
    if (!buffer_.empty()) text_ += over_ ? " left=" + buffer_ : "!partial-head";
    return text_;
  }

  const std::optional<Error>& error() const { return cause_; }
  const std::optional<RequestHead>& request() const { return request_; }     // the last one
  const std::optional<ResponseHead>& response() const { return response_; }  // the last one
  const std::string& all_bodies() const { return bodies_; }

 private:
  bool step() { return body_ ? step_body() : step_head(); }

  bool step_head() {
    if (buffer_.empty()) return false;
    auto size = finder_.find(buffer_);
    if (!size) return stop(size.error());
    if (!*size) return false;
    const std::string head = buffer_.substr(0, **size);
    buffer_.erase(0, **size);
    finder_.restart();
    return method_ ? take_response(head) : take_request(head);
  }

  bool take_request(const std::string& text) {
    auto head = parse_request_head(text, limits_);
    if (!head) return stop(head.error());
    text_ += (text_.empty() ? "" : " ; ") + describe(*head);
    body_.emplace(head->framing, Fault::client, limits_);
    request_ = std::move(*head);
    return true;
  }

  bool take_response(const std::string& text) {
    auto head = parse_response_head(text, *method_, limits_);
    if (!head) return stop(head.error());
    text_ += (text_.empty() ? "" : " ; ") + describe(*head);
    if (!head->informational()) {
      const bool none = response_has_no_body(*method_, head->status);
      body_.emplace(none ? Framing{} : head->framing, Fault::origin, limits_);
    }
    over_ = head->status == 101;
    response_ = std::move(*head);
    return true;
  }

  bool step_body() {
    if (body_->complete()) return finish_body();
    if (buffer_.empty()) return false;
    auto step = body_->feed(as_bytes(buffer_));
    if (!step) return stop(step.error());
    piece_ += as_text(step->data);
    buffer_.erase(0, step->consumed);
    return true;
  }

  bool finish_body() {
    text_ += flush_body() + " end";
    if (!body_->trailers().empty()) text_ += " trailers:" + describe(body_->trailers());
    body_.reset();
    over_ = method_.has_value();
    return true;
  }

  std::string flush_body() {
    bodies_ += piece_;
    return piece_.empty() ? "" : " <" + std::exchange(piece_, {}) + ">";
  }

  bool stop(const Error& error) {
    cause_ = error;
    error_ = error.what.substr(0, error.what.find(':'));
    text_ += flush_body();
    return false;
  }

  std::optional<std::string> method_;
  LimitSettings limits_;
  H1HeadFinder finder_;
  std::optional<H1BodyDecoder> body_;
  std::optional<RequestHead> request_;
  std::optional<ResponseHead> response_;
  std::string buffer_, text_, piece_, bodies_, error_;
  std::optional<Error> cause_;
  bool over_ = false;  // no further message is read
};

}  // namespace weir::test

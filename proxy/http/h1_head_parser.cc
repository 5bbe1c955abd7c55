#include "proxy/http/h1_head_parser.h"

#include <algorithm>
#include <string>

#include "proxy/http/field_rules.h"
#include "proxy/http/h1_field_section.h"
#include "proxy/http/h1_request_target.h"

namespace weir {
namespace {

constexpr std::string_view kResponseStart = "HTTP/1.";

std::unexpected<Error> malformed(Fault peer, std::string_view why) {
  return fail(Errc::malformed, peer, std::string(why));
}

struct RequestLine {
  std::string_view method, target, version;
};

// method SP target SP version, nothing more (RFC 9112 section 3).
std::optional<RequestLine> split_request_line(std::string_view line) {
  const auto first = line.find(' ');
  if (first == std::string_view::npos || first == 0) return std::nullopt;
  const auto second = line.find(' ', first + 1);
  if (second == std::string_view::npos || second == first + 1) return std::nullopt;
  RequestLine split{line.substr(0, first), line.substr(first + 1, second - first - 1),
                    line.substr(second + 1)};
  if (split.version.find_first_of(" \t") != std::string_view::npos) return std::nullopt;
  return split;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

Result<HttpVersion> read_version(std::string_view text, Fault peer) {
  if (text == "HTTP/1.1") return HttpVersion::h1_1;
  if (text == "HTTP/1.0") return HttpVersion::h1_0;
  const bool other = text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) &&
                     text[6] == '.' && is_digit(text[7]);
  if (other) return fail(Errc::unsupported, peer, "version: HTTP/1.0 and HTTP/1.1 are spoken here");
  return malformed(peer, "version: not an HTTP version");
}

Result<void> read_section(FieldSection& section, std::string_view rest, Fault peer) {
  if (const auto why = section.read(rest); !why.empty()) {
    return fail(section.too_many() ? Errc::too_large : Errc::malformed, peer, std::string(why));
  }
  section.drop_named();
  return {};
}

// RFC 9112 section 6.3 for requests, with every case of doubt refused.
std::string_view frame_request(const FieldSection& section, RequestHead& head) {
  if (section.chunked && section.length) return "cl-te: Content-Length and Transfer-Encoding";
  if (section.chunked && head.version == HttpVersion::h1_0) return "te-1.0: chunked in HTTP/1.0";
  if (section.chunked) head.framing = {Framing::Kind::chunked, 0};
  if (section.length) head.framing = {Framing::Kind::length, *section.length};
  const bool bodyless = head.method == "CONNECT" || head.method == "TRACE";
  if (!bodyless) return {};
  if (section.chunked || section.length.value_or(0) > 0) return "body: not with this method";
  head.framing = {};
  return {};
}

bool asks_for_websocket(const FieldSection& section, const RequestHead& head) {
  return section.upgrades && section.upgrade && equals_ignore_case(*section.upgrade, "websocket") &&
         head.method == "GET" && head.version == HttpVersion::h1_1 &&
         head.framing.kind != Framing::Kind::chunked && head.framing.length == 0;
}

bool stays_open(const FieldSection& section, HttpVersion version) {
  return !section.close && (version == HttpVersion::h1_1 || section.keep_alive);
}

struct StatusLine {
  HttpVersion version;
  int status;
  std::string_view reason;
};

Result<StatusLine> read_status_line(std::string_view line) {
  const auto version = read_version(line.substr(0, 8), Fault::origin);
  if (!version) return std::unexpected(version.error());
  line.remove_prefix(8);
  const bool digits = line.size() >= 4 && line[0] == ' ' && is_digit(line[1]) &&
                      is_digit(line[2]) && is_digit(line[3]);
  if (!digits || (line.size() > 4 && line[4] != ' ')) {
    return malformed(Fault::origin, "status-line: no three-digit status");
  }
  const int status = (line[1] - '0') * 100 + (line[2] - '0') * 10 + (line[3] - '0');
  if (status < 100 || status > 599) return malformed(Fault::origin, "status-line: not a status");
  line.remove_prefix(std::min<std::size_t>(line.size(), 5));
  return StatusLine{*version, status, line};
}

// RFC 9112 section 6.3 for responses, with every case of doubt refused.
std::string_view frame_response(const FieldSection& section, std::string_view method,
                                ResponseHead& head) {
  if (section.chunked && section.length) return "cl-te: Content-Length and Transfer-Encoding";
  if (section.chunked && head.version == HttpVersion::h1_0) return "te-1.0: chunked in HTTP/1.0";
  if (method == "CONNECT" && head.status / 100 == 2) return {};  // both are ignored (9110 9.3.6)
  if (head.informational() && (section.chunked || section.length)) {
    return "framing-in-1xx: an informational response with a body";
  }
  if (head.status == 204 && (section.chunked || section.length.value_or(0) > 0)) {
    return "framing-in-204: a body where none can be";
  }
  if (head.status == 304 && section.chunked) return "framing-in-304: a body where none can be";
  if (head.informational() || head.status == 204) return {};
  if (section.length) head.framing = {Framing::Kind::length, *section.length};
  if (section.chunked) head.framing = {Framing::Kind::chunked, 0};
  if (!section.length && !section.chunked && !response_has_no_body(method, head.status)) {
    head.framing = {Framing::Kind::until_close, 0};
    head.keep_alive = false;
  }
  return {};
}

}  // namespace

void H1HeadFinder::restart() { *this = H1HeadFinder(kind_, max_bytes_); }

std::unexpected<Error> H1HeadFinder::refuse(std::string_view why) const {
  return malformed(kind_ == Kind::response ? Fault::origin : Fault::client, why);
}

// What is no HTTP at all is known by its first bytes, without waiting for a line feed.
Result<void> H1HeadFinder::check_start(std::string_view bytes) const {
  if (in_fields_ || kind_ == Kind::trailers) return {};
  const std::string_view line = bytes.substr(line_);
  if (line.empty() || line.starts_with("\r\n") || line == "\r") return {};
  if (kind_ == Kind::request) {
    if (line.front() == '\n' || is_token_char(line.front())) return {};
    return refuse("method: the request does not begin with one");
  }
  const auto size = std::min(line.size(), kResponseStart.size());
  if (line.substr(0, size) == kResponseStart.substr(0, size)) return {};
  return refuse("status-line: the response does not begin with HTTP/1");
}

Result<std::optional<std::size_t>> H1HeadFinder::find(std::string_view bytes) {
  const std::string_view window = bytes.substr(0, max_bytes_);
  for (;;) {
    if (auto good = check_start(window); !good) return pass(std::move(good));
    const auto feed = window.find('\n', scanned_);
    if (feed == std::string_view::npos) break;
    if (feed == line_ || window[feed - 1] != '\r') return refuse("bare-lf: a line without CR");
    const bool empty = feed == line_ + 1;
    line_ = scanned_ = feed + 1;
    if (empty && (in_fields_ || kind_ == Kind::trailers)) return std::optional(line_);
    if (empty && (kind_ == Kind::response || skipped_)) return refuse("start-line: an empty line");
    (empty ? skipped_ : in_fields_) = true;
  }
  scanned_ = window.size();
  if (window.size() < max_bytes_) return std::optional<std::size_t>();
  const bool in_target = kind_ == Kind::request && !in_fields_;
  return fail(Errc::too_large, kind_ == Kind::response ? Fault::origin : Fault::client,
              in_target ? "target-too-large: over the limit of the head"
                        : "head-too-large: over the limit");
}

Result<RequestHead> parse_request_head(std::string_view head, const LimitSettings& limits) {
  if (const auto why = forbidden_byte(head); !why.empty()) return malformed(Fault::client, why);
  std::string_view rest = head;
  if (rest.starts_with("\r\n")) rest.remove_prefix(2);
  const std::string_view line = take_line(rest);
  if (line == "PRI * HTTP/2.0") {
    return fail(Errc::unsupported, Fault::client, "version: an HTTP/2 preface");
  }
  const auto split = split_request_line(line);
  if (!split) return malformed(Fault::client, "request-line: not method, target and version");
  if (!is_token(split->method)) return malformed(Fault::client, "method: not a token");
  const auto version = read_version(split->version, Fault::client);
  if (!version) return std::unexpected(version.error());
  FieldSection section(limits);
  if (auto read = read_section(section, rest, Fault::client); !read) return pass(std::move(read));

  RequestHead out;
  out.method = split->method;
  out.version = *version;
  if (out.version == HttpVersion::h1_1 && !section.host) {
    return malformed(Fault::client, "host: none");
  }
  if (const auto why = frame_request(section, out); !why.empty()) {
    return malformed(Fault::client, why);
  }
  if (const auto why = read_target(split->target, section.host, out); !why.empty()) {
    return malformed(Fault::client, why);
  }
  if (section.expects_else && out.version == HttpVersion::h1_1) {
    return fail(Errc::unsupported, Fault::client, "expect: something other than 100-continue");
  }
  if (asks_for_websocket(section, out)) {
    out.protocol = "websocket";
    out.framing = {};
  }
  const bool has_body = out.framing.kind == Framing::Kind::chunked || out.framing.length > 0;
  out.expect_continue = section.expects_continue && has_body && out.version == HttpVersion::h1_1;
  out.keep_alive = stays_open(section, out.version);
  out.fields = std::move(section.fields);
  return out;
}

Result<ResponseHead> parse_response_head(std::string_view head, std::string_view request_method,
                                         const LimitSettings& limits) {
  if (const auto why = forbidden_byte(head); !why.empty()) return malformed(Fault::origin, why);
  std::string_view rest = head;
  const auto line = read_status_line(take_line(rest));
  if (!line) return std::unexpected(line.error());
  FieldSection section(limits);
  if (auto read = read_section(section, rest, Fault::origin); !read) return pass(std::move(read));

  ResponseHead out;
  out.status = line->status;
  out.reason = line->reason;
  out.version = line->version;
  out.keep_alive = stays_open(section, out.version);
  if (const auto why = frame_response(section, request_method, out); !why.empty()) {
    return malformed(Fault::origin, why);
  }
  if (out.status == 101) {
    if (!section.upgrades || !section.upgrade || !is_token(*section.upgrade)) {
      return malformed(Fault::origin, "upgrade: a 101 that does not say to what");
    }
    out.upgrade = to_lower(*section.upgrade);
  }
  out.fields = std::move(section.fields);
  return out;
}

Result<Fields> parse_trailers(std::string_view text, Fault peer, const LimitSettings& limits) {
  if (const auto why = forbidden_byte(text); !why.empty()) return malformed(peer, why);
  FieldSection section(limits, true);
  if (auto read = read_section(section, text, peer); !read) return pass(std::move(read));
  return std::move(section.fields);
}

int status_for(const Error& error) {
  const std::string_view why = error.what;
  switch (error.code) {
    case Errc::timeout: return 408;
    case Errc::too_large: return why.starts_with("target-") ? 414 : 431;
    case Errc::unsupported:
      if (why.starts_with("version:")) return 505;
      return why.starts_with("expect:") ? 417 : 501;
    default: return 400;
  }
}

}  // namespace weir

#include "proxy/http/h2_head.h"

#include <algorithm>
#include <charconv>

namespace weir {
namespace {

constexpr std::uint64_t kFieldOverhead = 32;

// RFC 9113 section 8.2.2.
constexpr std::array<std::string_view, 5> kConnectionFields = {
    "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"};

// What must not come after the body (RFC 9110 section 6.5.1): framing, routing, authentication.
constexpr std::array<std::string_view, 11> kNeverTrailers = {
    "content-length", "host",   "te",         "trailer",       "expect",
    "max-forwards",   "cookie", "set-cookie", "authorization", "content-encoding",
    "content-range"};

constexpr std::array<std::string_view, 4> kSecrets = {"authorization", "proxy-authorization",
                                                      "cookie", "set-cookie"};

constexpr std::array<std::string_view, 14> kCodeNames = {"NO_ERROR",
                                                         "PROTOCOL_ERROR",
                                                         "INTERNAL_ERROR",
                                                         "FLOW_CONTROL_ERROR",
                                                         "SETTINGS_TIMEOUT",
                                                         "STREAM_CLOSED",
                                                         "FRAME_SIZE_ERROR",
                                                         "REFUSED_STREAM",
                                                         "CANCEL",
                                                         "COMPRESSION_ERROR",
                                                         "CONNECT_ERROR",
                                                         "ENHANCE_YOUR_CALM",
                                                         "INADEQUATE_SECURITY",
                                                         "HTTP_1_1_REQUIRED"};

template <std::size_t N>
bool one_of(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}
constexpr auto kNameChars = make_token_table();

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return kNameChars[static_cast<unsigned char>(c)];
  });
}

bool is_method(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || kNameChars[static_cast<unsigned char>(c)];
  });
}

bool is_space(char c) { return c == ' ' || c == '\t'; }

bool is_value(std::string_view text) {
  if (text.empty()) return true;
  if (is_space(text.front()) || is_space(text.back())) return false;
  unsigned bad = 0;  // no early end: the loop runs over whole vectors
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    bad |= static_cast<unsigned>((byte < 0x20) & (byte != '\t')) | (byte == 0x7f);
  }
  return bad == 0;
}

// No control, no space, nothing that would end or split a request line.
bool is_visible(std::string_view text, std::string_view but_not) {
  return std::all_of(text.begin(), text.end(), [but_not](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f && but_not.find(c) == std::string_view::npos;
  });
}

std::optional<std::uint64_t> parse_length(std::string_view text) {
  std::uint64_t value = 0;
  if (text.empty() || text.size() > 18) return std::nullopt;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

H2HeadDecoder::H2HeadDecoder(Kind kind, std::uint32_t max_bytes, std::uint32_t max_count)
    : kind_(kind), max_bytes_(max_bytes), max_count_(max_count) {
  if (kind != Kind::trailers) fields_.list().reserve(16);
}

void H2HeadDecoder::spoil(std::string_view why) {
  if (failure_.empty()) failure_ = why;
}

bool H2HeadDecoder::reject(std::string_view why) {
  spoil(why);
  return false;
}

void H2HeadDecoder::add(std::string_view name, std::string_view value) {
  bytes_ += name.size() + value.size() + kFieldOverhead;
  const bool crumb = name == "cookie" && cookie_at_ != SIZE_MAX;
  if (!crumb) ++count_;
  if (too_large() || !failure_.empty()) return;
  if (!is_value(value)) return spoil("a field value has a forbidden character");
  if (name.starts_with(':')) return add_pseudo(name, value);
  regular_seen_ = true;
  add_regular(name, value);
}

void H2HeadDecoder::add_pseudo(std::string_view name, std::string_view value) {
  if (regular_seen_) return spoil("a pseudo-field after a regular one");
  std::optional<std::string>* slot = nullptr;
  if (kind_ == Kind::request) {
    if (name == ":method") slot = &method_;
    if (name == ":scheme") slot = &scheme_;
    if (name == ":authority") slot = &authority_;
    if (name == ":path") slot = &path_;
    if (name == ":protocol") slot = &protocol_;
  } else if (kind_ == Kind::response && name == ":status") {
    slot = &status_;
  }
  if (slot == nullptr) return spoil("an unknown or misplaced pseudo-field");
  if (slot->has_value()) return spoil("a pseudo-field came twice");
  slot->emplace(value);
}

void H2HeadDecoder::add_regular(std::string_view name, std::string_view value) {
  if (!is_name(name)) return spoil("a field name has a forbidden character");
  if (one_of(kConnectionFields, name)) return spoil("a connection-specific field");
  if (name == "te" && value != "trailers") return spoil("te other than trailers");
  if (kind_ == Kind::trailers) {
    if (one_of(kNeverTrailers, name)) return spoil("a field that must not be a trailer");
  } else if (name == "content-length") {
    if (length_) return spoil("content-length came twice");
    length_ = parse_length(value);
    if (!length_) spoil("content-length is not a number");
    return;
  } else if (kind_ == Kind::request) {
    if (name == "host") {
      if (host_) return spoil("host came twice");
      host_.emplace(value);
      return;
    }
    if (name == "expect" && equals_ignore_case(value, "100-continue")) {
      expect_continue_ = true;
      return;
    }
    if (name == "cookie" && cookie_at_ != SIZE_MAX) {
      fields_.list()[cookie_at_].value.append("; ").append(value);
      return;
    }
    if (name == "cookie") cookie_at_ = fields_.size();
  }
  fields_.add(std::string(name), std::string(value));
}

bool H2HeadDecoder::check_authority() {
  if (host_ && authority_ && !equals_ignore_case(*host_, *authority_)) {
    return reject(":authority and host disagree");
  }
  if (!authority_) authority_ = std::move(host_);
  if (!authority_ || authority_->empty()) return reject("no :authority");
  if (!is_visible(*authority_, "@/?#\\,\"<>")) return reject(":authority is not a host");
  return true;
}

bool H2HeadDecoder::check_target() {
  if (!method_ || !is_method(*method_)) return reject("no or bad :method");
  const bool connect = *method_ == "CONNECT";
  if (protocol_ && (!connect || protocol_->empty())) return reject("misplaced :protocol");
  if (connect && length_) return reject("content-length on CONNECT");
  if (connect && !protocol_) {
    if (scheme_ || path_) return reject("CONNECT with :scheme or :path");
    return check_authority();
  }
  if (!scheme_ || (*scheme_ != "http" && *scheme_ != "https")) return reject("no or bad :scheme");
  if (!path_ || path_->empty()) return reject("no :path");
  const bool star = *path_ == "*" && *method_ == "OPTIONS";
  if (!star && path_->front() != '/') return reject(":path is not absolute");
  if (!is_visible(*path_, "#")) return reject(":path has a forbidden character");
  return check_authority();
}

Framing H2HeadDecoder::framing(bool end_stream) const {
  if (length_) return {Framing::Kind::length, *length_};
  return {end_stream ? Framing::Kind::none : Framing::Kind::chunked, 0};
}

bool H2HeadDecoder::finish(RequestHead& out, bool end_stream) {
  if (!failure_.empty() || !check_target()) return false;
  out.method = std::move(*method_);
  out.scheme = std::move(scheme_).value_or("");
  out.authority = std::move(*authority_);
  out.path = std::move(path_).value_or("");
  out.protocol = std::move(protocol_).value_or("");
  out.version = HttpVersion::h2;
  if (out.method != "CONNECT") out.framing = framing(end_stream);
  out.expect_continue = expect_continue_;
  out.fields = std::move(fields_);
  return true;
}

bool H2HeadDecoder::finish(ResponseHead& out, bool end_stream) {
  if (!failure_.empty()) return false;
  if (!status_ || status_->size() != 3) return reject("no or bad :status");
  const auto& text = *status_;
  if (text[0] < '1' || text[0] > '5' || text[1] < '0' || text[1] > '9' || text[2] < '0' ||
      text[2] > '9') {
    return reject("no or bad :status");
  }
  out.status = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
  if (out.status == 101) return reject("101 over HTTP/2");
  if (out.informational() && end_stream) return reject("an informational response that ends");
  if ((out.informational() || out.status == 204) && length_ && *length_ != 0) {
    return reject("content-length where no content can be");
  }
  out.version = HttpVersion::h2;
  const bool never = out.informational() || out.status == 204;
  out.framing = never ? Framing{} : framing(end_stream);
  out.fields = std::move(fields_);
  return true;
}

bool H2HeadDecoder::finish(Fields& trailers) {
  if (!failure_.empty()) return false;
  trailers = std::move(fields_);
  return true;
}

namespace {

bool add_entry(H2FieldList& out, std::string_view name, std::string_view value) {
  if (!is_value(value)) return false;
  out.entries.push_back({name, value, one_of(kSecrets, name)});
  return true;
}

std::string_view print(H2FieldList& out, std::uint64_t number) {
  const auto end = std::to_chars(out.digits.data(), out.digits.data() + 20, number).ptr;
  return {out.digits.data(), static_cast<std::size_t>(end - out.digits.data())};
}

bool add_fields(H2FieldList& out, const Fields& fields) {
  for (const auto& [name, value] : fields) {
    if (one_of(kConnectionFields, name) || name == "host" || name == "content-length") continue;
    if (name == "te" && value != "trailers") continue;
    if (!is_name(name) || !add_entry(out, name, value)) return false;
  }
  return true;
}

bool add_length(H2FieldList& out, const Framing& framing) {
  if (framing.kind != Framing::Kind::length) return true;
  return add_entry(out, "content-length", print(out, framing.length));
}

}  // namespace

bool encode_h2(const RequestHead& head, H2FieldList& out) {
  out.entries.clear();
  if (!is_method(head.method) || !is_visible(head.path, "#") || head.authority.empty())
    return false;
  bool good =
      add_entry(out, ":method", head.method) && add_entry(out, ":authority", head.authority);
  const bool connect = head.method == "CONNECT";
  if (!connect || !head.protocol.empty()) {
    if (head.path.empty()) return false;
    good = good && add_entry(out, ":scheme", head.scheme) && add_entry(out, ":path", head.path);
  }
  if (connect && !head.protocol.empty()) good = good && add_entry(out, ":protocol", head.protocol);
  good = good && add_fields(out, head.fields);
  if (!connect) good = good && add_length(out, head.framing);
  if (head.expect_continue) good = good && add_entry(out, "expect", "100-continue");
  return good;
}

bool encode_h2(const ResponseHead& head, H2FieldList& out) {
  out.entries.clear();
  if (head.status < 100 || head.status > 599 || head.status == 101) return false;
  // The status sits behind the room that a length may take.
  char* status = out.digits.data() + 20;
  std::to_chars(status, status + 3, head.status);
  bool good = add_entry(out, ":status", {status, 3}) && add_fields(out, head.fields);
  if (!head.informational() && head.status != 204) good = good && add_length(out, head.framing);
  return good;
}

bool encode_h2(const Fields& trailers, H2FieldList& out) {
  out.entries.clear();
  for (const auto& [name, value] : trailers) {
    if (one_of(kConnectionFields, name) || one_of(kNeverTrailers, name)) continue;
    if (!is_name(name) || !add_entry(out, name, value)) return false;
  }
  return true;
}

std::string_view h2_code_name(std::uint32_t code) {
  return code < kCodeNames.size() ? kCodeNames[code] : "an unknown code";
}

}  // namespace weir

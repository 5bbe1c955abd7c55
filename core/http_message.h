// HTTP messages as both sides and both protocol versions see them (RFC 9110). Decoders produce
// these, encoders write them; raw framing never travels with them: Content-Length and
// Transfer-Encoding live in `framing`, Connection and other hop-by-hop fields are consumed by the
// decoder. Plain values; names are lower case; no field holds CR, LF or NUL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

enum class HttpVersion : std::uint8_t { h1_0, h1_1, h2 };

struct Field {
  std::string name;   // lower case
  std::string value;  // without surrounding whitespace
  bool operator==(const Field&) const = default;
};

// An ordered list of header or trailer fields. Lookups take lower-case names; lists are short, so
// they are scanned.
class Fields {
 public:
  void add(std::string name, std::string value) {
    list_.push_back({std::move(name), std::move(value)});
  }
  void set(std::string_view name, std::string value);    // replaces all, or adds
  std::size_t remove(std::string_view name);             // how many went
  const std::string* find(std::string_view name) const;  // the first one, or null
  std::string_view get(std::string_view name) const;     // the first one's value, or ""
  std::string joined(std::string_view name) const;       // all values, comma separated
  bool has(std::string_view name) const { return find(name) != nullptr; }
  // True if the comma-separated values of `name` contain `token` (case-insensitive).
  bool has_token(std::string_view name, std::string_view token) const;
  std::size_t count(std::string_view name) const;

  bool empty() const { return list_.empty(); }
  std::size_t size() const { return list_.size(); }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }
  std::vector<Field>& list() { return list_; }
  bool operator==(const Fields&) const = default;

 private:
  std::vector<Field> list_;
};

// How a message body is delimited (RFC 9112 section 6).
struct Framing {
  enum class Kind : std::uint8_t { none, length, chunked, until_close };
  Kind kind = Kind::none;
  std::uint64_t length = 0;  // bytes, for Kind::length
  bool operator==(const Framing&) const = default;
};

struct RequestHead {
  std::string method;     // case-sensitive token, e.g. "GET"
  std::string scheme;     // "http", "https"; "" for CONNECT and origin-form before it is known
  std::string authority;  // host or host:port as received; see Url for the canonical form
  std::string path;       // origin-form with query, "*" for OPTIONS *, "" for CONNECT
  std::string protocol;   // :protocol of extended CONNECT (RFC 8441), or the Upgrade token on h1
  HttpVersion version = HttpVersion::h1_1;
  Framing framing;
  bool keep_alive = true;        // what the peer's version and Connection field ask for (h1)
  bool expect_continue = false;  // Expect: 100-continue was there; the field itself is removed
  Fields fields;
};

struct ResponseHead {
  int status = 0;
  std::string reason;  // h1 only; ours is written from the status when empty
  HttpVersion version = HttpVersion::h1_1;
  Framing framing;
  bool keep_alive = true;
  std::string upgrade;  // the Upgrade token of a 101
  Fields fields;
  bool informational() const { return status >= 100 && status < 200; }
};

// True if a response to this request and with this status can have no body (RFC 9110 6.4.1).
bool response_has_no_body(std::string_view request_method, int status);

std::string_view default_reason_phrase(int status);

bool equals_ignore_case(std::string_view a, std::string_view b);
std::string to_lower(std::string_view text);
std::string_view trim(std::string_view text);  // SP and HTAB

}  // namespace weir

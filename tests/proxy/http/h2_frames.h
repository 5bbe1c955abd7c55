// Raw HTTP/2 for tests: frames as bytes, header blocks without compression, and what a session says
// in return, so that a hostile peer can be written down literally.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/settings.h"
#include "core/clock.h"
#include "proxy/http/h2_session.h"

namespace weir::test {

enum FrameType : std::uint8_t {
  kData,
  kHeaders,
  kPriority,
  kRst,
  kSettings,
  kPush,
  kPing,
  kGoaway,
  kWindowUpdate,
  kContinuation,
};
inline constexpr std::uint8_t kNone = 0;
inline constexpr std::uint8_t kAck = 0x1;
inline constexpr std::uint8_t kEndStream = 0x1;
inline constexpr std::uint8_t kEndHeaders = 0x4;
inline constexpr std::uint8_t kPadded = 0x8;

inline std::string u32(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

inline std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t id,
                         std::string_view payload = "") {
  std::string out = u32(static_cast<std::uint32_t>(payload.size())).substr(1);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  return out + u32(id) + std::string(payload);
}

inline std::string hpack_length(std::size_t length) {
  if (length < 127) return std::string(1, static_cast<char>(length));
  std::string out(1, '\x7f');
  for (length -= 127; length >= 128; length >>= 7) out += static_cast<char>(0x80 | (length & 0x7f));
  return out + static_cast<char>(length);
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Literal fields without indexing (RFC 7541 section 6.2.2).
inline std::string block(const Pairs& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    out += '\0' + hpack_length(name.size()) + name + hpack_length(value.size()) + value;
  }
  return out;
}

inline Pairs get(std::string path = "/") {
  return {{":method", "GET"}, {":scheme", "https"}, {":authority", "a.test"}, {":path", path}};
}
inline Pairs post() {
  return {{":method", "POST"}, {":scheme", "https"}, {":authority", "a.test"}, {":path", "/"}};
}
inline Pairs plus(Pairs base, const Pairs& more) {
  base.insert(base.end(), more.begin(), more.end());
  return base;
}

inline std::string headers(std::uint32_t id, const Pairs& fields, bool end = true) {
  return frame(kHeaders, kEndHeaders | (end ? kEndStream : 0), id, block(fields));
}
inline std::string data(std::uint32_t id, std::string_view bytes, bool end = false) {
  return frame(kData, end ? kEndStream : kNone, id, bytes);
}
inline std::string rst(std::uint32_t id, std::uint32_t code) {
  return frame(kRst, kNone, id, u32(code));
}
inline std::string window(std::uint32_t id, std::uint32_t by) {
  return frame(kWindowUpdate, kNone, id, u32(by));
}
inline std::string setting(std::uint16_t id, std::uint32_t value) {
  return u32(id).substr(2) + u32(value);
}
inline std::string settings(const std::string& entries = "") {
  return frame(kSettings, kNone, 0, entries);
}
inline std::string preface() { return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings(); }
inline std::string times(std::size_t count, const std::string& what) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += what;
  return out;
}

struct Frame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t id = 0;
  std::string payload;
};

inline std::uint32_t number(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char c : bytes.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

inline std::vector<Frame> frames_in(std::string_view bytes) {
  if (bytes.starts_with("PRI ")) bytes.remove_prefix(24);
  std::vector<Frame> all;
  while (bytes.size() >= 9) {
    const std::size_t length = number(bytes) >> 8;
    all.push_back({static_cast<std::uint8_t>(bytes[3]), static_cast<std::uint8_t>(bytes[4]),
                   number(bytes.substr(5)) & 0x7fffffffU, std::string(bytes.substr(9, length))});
    bytes.remove_prefix(std::min(bytes.size(), 9 + length));
  }
  return all;
}

// What matters of an answer: resets and the goodbye, e.g. "RST(1,PROTOCOL_ERROR) GOAWAY(NO_ERROR)".
inline std::string endings_in(std::string_view bytes) {
  std::string out;
  for (const Frame& each : frames_in(bytes)) {
    if (each.type == kRst) {
      out += "RST(" + std::to_string(each.id) + "," +
             std::string(h2_code_name(number(each.payload))) + ") ";
    }
    if (each.type == kGoaway) {
      out += "GOAWAY(" +
             std::string(h2_code_name(number(std::string_view(each.payload).substr(4)))) + ") ";
    }
  }
  if (!out.empty()) out.pop_back();
  return out;
}

// A session without a connection, and what it announced.
class LoneSession final : public H2Session::Events {
 public:
  explicit LoneSession(H2Role role, LimitSettings limits = {})
      : session(role, limits, clock, *this) {}

  void on_request(std::shared_ptr<H2Stream> stream) override {
    requests.push_back(std::move(stream));
  }
  void on_peer_changed() override { ++peer_changes; }
  void on_refused(const Error& why, int status) override {
    refused.push_back(std::string(errc_name(why.code)) + " " + std::to_string(status));
  }

  // Everything that the session has to say now.
  std::string pull() {
    std::string out;
    std::vector<std::uint8_t> buffer(64 * 1024);
    while (const std::size_t size = session.pull(buffer)) {
      out.append(reinterpret_cast<const char*>(buffer.data()), size);
    }
    return out;
  }
  // Feeds in pieces of `step` bytes and answers each with everything that is to be said.
  std::string exchange(std::string_view bytes, std::size_t step = SIZE_MAX) {
    std::string out;
    while (!bytes.empty() && last) {
      const auto piece = bytes.substr(0, step);
      last = session.feed(as_bytes(piece));
      out += pull();
      bytes.remove_prefix(piece.size());
    }
    return out;
  }

  ManualClock clock;
  std::vector<std::shared_ptr<H2Stream>> requests;
  std::vector<std::string> refused;
  int peer_changes = 0;
  Result<void> last;
  H2Session session;
};

}  // namespace weir::test

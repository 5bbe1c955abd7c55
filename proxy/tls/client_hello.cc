#include "proxy/tls/client_hello.h"

#include <algorithm>
#include <optional>

#include "proxy/tls/hello_reader.h"
#include "proxy/tls/ja3.h"
#include "proxy/tls/ja4.h"

namespace weir {
namespace {

constexpr std::uint8_t kHandshakeRecord = 22;
constexpr std::size_t kRecordHeader = 5;
constexpr std::size_t kMaxRecord = 16 * 1024;
constexpr std::size_t kMessageHeader = 4;
constexpr std::uint8_t kClientHelloMessage = 1;
constexpr std::size_t kMaxSniLength = 255;

enum ExtensionType : std::uint16_t {
  kServerName = 0,
  kSupportedGroups = 10,
  kPointFormats = 11,
  kSignatureAlgorithms = 13,
  kAlpn = 16,
  kSupportedVersions = 43,
  kEncryptedClientHello = 0xfe0d,
};

std::unexpected<Error> broken(std::string what) {
  return fail(Errc::malformed, Fault::client, "client hello: " + std::move(what));
}

// ---- records to one handshake message ----------------------------------------------------------

struct Collected {
  bool complete = false;
  std::string message;  // with its header, exactly one message when complete
};

// The whole size of the message, once its header is there; nullopt before that.
Result<std::optional<std::size_t>> message_size(std::string_view message) {
  if (message.empty()) return std::nullopt;
  HelloReader in(as_bytes(message));
  if (*in.number(1) != kClientHelloMessage) return broken("another handshake message came first");
  const auto length = in.number(3);
  if (!length) return std::nullopt;
  if (*length + kMessageHeader > kMaxClientHello) return broken("larger than 64 KiB");
  return *length + kMessageHeader;
}

Result<Collected> collect_message(ByteView so_far) {
  HelloReader in(so_far);
  Collected out;
  while (in.left() >= kRecordHeader) {
    const auto type = *in.number(1);
    const auto version = *in.number(2);
    const std::size_t length = *in.number(2);
    if (type != kHandshakeRecord || (version >> 8) != 3) return broken("a record of another kind");
    if (length == 0 || length > kMaxRecord) return broken("bad record length");
    const std::size_t present = std::min(length, in.left());
    out.message += as_text(*in.take(present));
    auto size = message_size(out.message);
    if (!size) return pass(std::move(size));
    if (*size && out.message.size() >= **size) {
      out.message.resize(**size);
      out.complete = true;
      return out;
    }
    if (present < length) return out;
  }
  if (so_far.size() > 2 * kMaxClientHello) return broken("too many records");
  return out;
}

// ---- the message -------------------------------------------------------------------------------

struct Parts {
  ClientHello hello;
  Ja4Input ja4;
  std::vector<std::uint16_t> groups, point_formats;
};

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
         c == ':';
}

bool read_u16_list(ByteView bytes, std::vector<std::uint16_t>& into) {
  if (bytes.size() % 2 != 0) return false;
  HelloReader in(bytes);
  while (!in.empty()) into.push_back(static_cast<std::uint16_t>(*in.number(2)));
  return true;
}

// RFC 6066 section 3: one host_name; other name types do not exist.
bool read_server_name(ByteView body, Parts& parts) {
  HelloReader in(body);
  const auto list = in.vector(2);
  if (!list || !in.empty()) return false;
  HelloReader names(*list);
  const auto type = names.number(1);
  const auto name = names.vector(2);
  if (!type || *type != 0 || !name || name->empty() || !names.empty()) return false;
  if (name->size() > kMaxSniLength) return false;
  std::string lower(as_text(*name));
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  if (!std::ranges::all_of(lower, is_host_character)) return false;
  if (lower.ends_with('.')) lower.pop_back();
  if (lower.empty()) return false;
  parts.hello.sni = std::move(lower);
  return true;
}

bool read_alpn(ByteView body, Parts& parts) {
  HelloReader in(body);
  const auto list = in.vector(2);
  if (!list || list->empty() || !in.empty()) return false;
  HelloReader names(*list);
  while (!names.empty()) {
    const auto name = names.vector(1);
    if (!name || name->empty()) return false;
    parts.hello.alpn.emplace_back(as_text(*name));
  }
  parts.ja4.first_alpn = parts.hello.alpn.front();
  return true;
}

bool read_supported_versions(ByteView body, Parts& parts) {
  HelloReader in(body);
  const auto list = in.vector(1);
  std::vector<std::uint16_t> versions;
  if (!list || list->empty() || !in.empty() || !read_u16_list(*list, versions)) return false;
  std::uint16_t highest = 0;
  for (const std::uint16_t version : versions) {
    if (!is_grease(version)) highest = std::max(highest, version);
  }
  if (highest != 0) parts.hello.max_version = highest;
  return true;
}

bool read_signature_algorithms(ByteView body, Parts& parts) {
  HelloReader in(body);
  const auto list = in.vector(2);
  return list && !list->empty() && in.empty() &&
         read_u16_list(*list, parts.ja4.signature_algorithms);
}

// These two are for a fingerprint only: what is odd about them is left to the handshake.
bool note_groups(ByteView body, Parts& parts) {
  HelloReader in(body);
  const auto list = in.vector(2);
  if (list && !read_u16_list(*list, parts.groups)) parts.groups.clear();
  return true;
}

bool note_point_formats(ByteView body, Parts& parts) {
  HelloReader in(body);
  if (const auto list = in.vector(1)) parts.point_formats.assign(list->begin(), list->end());
  return true;
}

bool read_extension(std::uint16_t type, ByteView body, Parts& parts) {
  switch (type) {
    case kServerName: parts.ja4.has_sni = true; return read_server_name(body, parts);
    case kSupportedGroups: return note_groups(body, parts);
    case kPointFormats: return note_point_formats(body, parts);
    case kSignatureAlgorithms: return read_signature_algorithms(body, parts);
    case kAlpn: return read_alpn(body, parts);
    case kSupportedVersions: return read_supported_versions(body, parts);
    case kEncryptedClientHello: parts.hello.ech = true; return true;
    default: return true;
  }
}

Result<void> read_extensions(ByteView block, Parts& parts) {
  HelloReader in(block);
  auto& seen = parts.ja4.extensions;
  while (!in.empty()) {
    const auto type = in.number(2);
    const auto body = in.vector(2);
    if (!type || !body) return broken("an extension is cut short");
    seen.push_back(static_cast<std::uint16_t>(*type));
    if (!read_extension(seen.back(), *body, parts)) {
      return broken("bad extension " + std::to_string(*type));
    }
  }
  auto sorted = seen;  // a repeated extension is one that two readers may take differently
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) != sorted.end()) return broken("an extension twice");
  return {};
}

Result<ClientHello> read_message(ByteView message) {
  HelloReader in(message.subspan(kMessageHeader));
  Parts parts;
  const auto version = in.number(2);
  const auto random = in.take(32);
  const auto session = in.vector(1);
  const auto ciphers = in.vector(2);
  const auto compression = in.vector(1);
  if (!version || !random || !session || !ciphers || !compression) return broken("cut short");
  if ((*version >> 8) != 3 || session->size() > 32) return broken("bad version or session");
  if (ciphers->empty() || !read_u16_list(*ciphers, parts.ja4.ciphers)) return broken("bad ciphers");
  if (std::ranges::find(*compression, 0) == compression->end()) return broken("bad compression");
  parts.hello.max_version = static_cast<std::uint16_t>(*version);
  if (!in.empty()) {
    const auto extensions = in.vector(2);
    if (!extensions || !in.empty()) return broken("bad extension block");
    if (auto read = read_extensions(*extensions, parts); !read) return pass(std::move(read));
  }
  parts.ja4.version = parts.hello.max_version;
  parts.hello.ja4 = ja4(parts.ja4);
  parts.hello.ja3 = ja3({static_cast<std::uint16_t>(*version), parts.ja4.ciphers,
                         parts.ja4.extensions, parts.groups, parts.point_formats});
  return std::move(parts.hello);
}

}  // namespace

Result<HelloParse> parse_client_hello(ByteView so_far) {
  if (so_far.empty()) return HelloParse{};
  if (so_far[0] != kHandshakeRecord || (so_far.size() > 1 && so_far[1] != 3)) {
    return HelloParse{HelloParse::State::not_tls, {}};
  }
  auto collected = collect_message(so_far);
  if (!collected) return pass(std::move(collected));
  if (!collected->complete) return HelloParse{};
  auto hello = read_message(as_bytes(collected->message));
  if (!hello) return pass(std::move(hello));
  return HelloParse{HelloParse::State::complete, std::move(*hello)};
}

}  // namespace weir

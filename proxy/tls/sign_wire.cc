#include "proxy/tls/sign_wire.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>

#include "proxy/tls/hello_reader.h"

namespace weir {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 12;

void put(std::string& out, std::uint32_t value, int width) {
  for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xff);
  }
}

std::string message(std::uint8_t kind, std::uint32_t id,
                    std::initializer_list<std::string_view> fields) {
  std::string body;
  for (const std::string_view field : fields) {
    put(body, static_cast<std::uint32_t>(field.size()), 2);
    body += field;
  }
  std::string out;
  put(out, static_cast<std::uint32_t>(kHeaderBytes + body.size()), 4);
  put(out, kVersion, 1);
  put(out, kind, 1);
  put(out, 0, 2);
  put(out, id, 4);
  return out + body;
}

std::unexpected<Error> broken(std::string_view what) {
  return fail(Errc::malformed, Fault::helper, "signer message: " + std::string(what));
}

struct Header {
  std::uint8_t kind = 0;
  std::uint32_t id = 0;
};

Result<Header> read_header(HelloReader& in) {
  const std::size_t size = in.left();
  if (size < kHeaderBytes || size > kMaxSignMessage) return broken("bad size");
  if (*in.number(4) != size) return broken("length does not match");
  if (*in.number(1) != kVersion) return broken("another version");
  Header header;
  header.kind = static_cast<std::uint8_t>(*in.number(1));
  if (*in.number(2) != 0) return broken("reserved bits are set");
  header.id = *in.number(4);
  return header;
}

bool is_label_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && std::ranges::all_of(label, is_label_character);
}

bool all_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string encode(const SignRequest& request) {
  const auto kind = static_cast<std::uint8_t>(request.kind);
  if (request.kind == SignRequest::Kind::crl) return message(kind, request.id, {});
  return message(kind, request.id, {request.host, request.public_key});
}

std::string encode(const SignReply& reply) {
  return message(static_cast<std::uint8_t>(reply.kind), reply.id, {reply.body});
}

Result<SignRequest> decode_sign_request(ByteView datagram) {
  HelloReader in(datagram);
  auto header = read_header(in);
  if (!header) return pass(std::move(header));
  SignRequest request;
  request.id = header->id;
  if (header->kind == static_cast<std::uint8_t>(SignRequest::Kind::crl)) {
    request.kind = SignRequest::Kind::crl;
  } else if (header->kind == static_cast<std::uint8_t>(SignRequest::Kind::leaf)) {
    const auto host = in.vector(2);
    const auto key = in.vector(2);
    if (!host || !key) return broken("cut short");
    if (host->size() > kMaxSignHost || key->size() > kMaxSignKey)
      return broken("a field is too long");
    request.host = as_text(*host);
    request.public_key = as_text(*key);
  } else {
    return broken("unknown kind");
  }
  if (!in.empty()) return broken("trailing bytes");
  return request;
}

Result<SignReply> decode_sign_reply(ByteView datagram) {
  HelloReader in(datagram);
  auto header = read_header(in);
  if (!header) return pass(std::move(header));
  if (header->kind < 1 || header->kind > 4) return broken("unknown kind");
  const auto body = in.vector(2);
  if (!body || !in.empty()) return broken("bad body");
  return SignReply{static_cast<SignReply::Kind>(header->kind), header->id,
                   std::string(as_text(*body))};
}

bool is_ip_literal(std::string_view host) {
  std::array<unsigned char, 16> address{};
  const std::string text(host);
  return inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
}

bool is_signable_host(std::string_view host) {
  if (host.empty() || host.size() > kMaxSignHost) return false;
  if (host.find('\0') != std::string_view::npos) return false;
  if (is_ip_literal(host)) return true;
  std::string_view last;
  for (std::string_view rest = host;;) {
    const std::size_t dot = rest.find('.');
    last = rest.substr(0, dot);
    if (!is_label(last)) return false;
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  return !all_digits(last);  // 1.2.3 is no name and no address
}

}  // namespace weir

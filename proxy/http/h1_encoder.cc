#include "proxy/http/h1_encoder.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "proxy/http/field_rules.h"

namespace weir {
namespace {

constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

// "content-type" as "Content-Type": case carries no meaning, but some old programs think it does.
void append_name(std::string_view name, std::string& out) {
  bool first = true;
  for (const char c : name) {
    out += first ? upper(c) : c;
    first = c == '-';
  }
}

void append_line(std::string_view name, std::string_view value, std::string& out) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void append_number(std::string_view name, std::uint64_t number, std::string& out) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  append_line(name, {digits.data(), static_cast<std::size_t>(end - digits.data())}, out);
}

bool append_field(const Field& field, std::string& out) {
  if (!is_token(field.name) || !is_field_value(field.value)) return false;
  append_name(field.name, out);
  out.append(": ").append(field.value).append("\r\n");
  return true;
}

bool append_fields(const Fields& fields, std::string& out) {
  return std::ranges::all_of(fields, [&out](const Field& field) {
    if (control_field(field.name) != ControlField::none) return true;  // written from the head
    return append_field(field, out);
  });
}

void append_framing(const Framing& framing, std::string& out) {
  if (framing.kind == Framing::Kind::length) append_number("Content-Length", framing.length, out);
  if (framing.kind == Framing::Kind::chunked) append_line("Transfer-Encoding", "chunked", out);
}

bool is_target(const RequestHead& head) {
  if (!is_token(head.method) || !is_authority(head.authority)) return false;
  if (head.method == "CONNECT") return true;
  const bool star = head.path == "*" && head.method == "OPTIONS";
  return star || (head.path.starts_with('/') && is_request_path(head.path));
}

bool expects_content(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

bool append_request(const RequestHead& head, std::string& out) {
  if (!is_target(head) || head.framing.kind == Framing::Kind::until_close) return false;
  out.append(head.method).append(" ");
  out.append(head.method == "CONNECT" ? head.authority : head.path).append(" HTTP/1.1\r\n");
  append_line("Host", head.authority, out);
  if (!append_fields(head.fields, out)) return false;
  const bool te = head.fields.get("te") == "trailers";
  if (te) append_line("TE", "trailers", out);
  if (!head.protocol.empty()) {
    if (!is_token(head.protocol)) return false;
    append_line("Connection", te ? "Upgrade, TE" : "Upgrade", out);
    append_line("Upgrade", head.protocol, out);
  } else if (te) {
    append_line("Connection", "TE", out);
  }
  if (head.expect_continue) append_line("Expect", "100-continue", out);
  const bool none = head.framing.kind == Framing::Kind::none;
  append_framing(
      none && expects_content(head.method) ? Framing{Framing::Kind::length, 0} : head.framing, out);
  out.append("\r\n");
  return true;
}

bool append_response(const ResponseHead& head, const H1ResponsePlan& plan, HttpVersion client,
                     std::string& out) {
  if (head.status < 100 || head.status > 999 || !is_field_value(head.reason)) return false;
  std::array<char, 4> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), head.status).ptr;
  out.append("HTTP/1.1 ").append(digits.data(), end).append(" ");
  out.append(head.reason.empty() ? default_reason_phrase(head.status) : head.reason);
  out.append("\r\n");
  if (!append_fields(head.fields, out)) return false;
  append_framing(plan.framing, out);
  if (head.status == 101) {
    if (!is_token(head.upgrade)) return false;
    append_line("Connection", "Upgrade", out);
    append_line("Upgrade", head.upgrade, out);
  } else if (!head.informational() && !plan.raw) {
    if (!plan.keep_alive) append_line("Connection", "close", out);
    if (plan.keep_alive && client == HttpVersion::h1_0)
      append_line("Connection", "keep-alive", out);
  }
  out.append("\r\n");
  return true;
}

}  // namespace

bool encode_h1(const RequestHead& head, std::string& out) {
  const std::size_t before = out.size();
  const bool good = append_request(head, out);
  if (!good) out.resize(before);
  return good;
}

H1ResponsePlan plan_response(const RequestHead& request, const ResponseHead& head, bool may_stay) {
  H1ResponsePlan plan;
  plan.keep_alive = may_stay && request.keep_alive;
  plan.raw = head.status == 101 || (request.method == "CONNECT" && head.status / 100 == 2);
  if (plan.raw || head.informational() || head.status == 204) return plan;
  const bool known = head.framing.kind == Framing::Kind::length;
  if (response_has_no_body(request.method, head.status)) {
    if (known) plan.framing = head.framing;  // what a GET would have got
    return plan;
  }
  if (known || head.framing.kind == Framing::Kind::none) {
    plan.framing = {Framing::Kind::length, head.framing.length};
    plan.body = head.framing.length > 0;
    return plan;
  }
  plan.body = true;
  if (request.version == HttpVersion::h1_0) {
    plan.framing = {Framing::Kind::until_close, 0};
    plan.keep_alive = false;
  } else {
    plan.framing = {Framing::Kind::chunked, 0};
  }
  return plan;
}

bool encode_h1(const ResponseHead& head, const H1ResponsePlan& plan, HttpVersion client,
               std::string& out) {
  const std::size_t before = out.size();
  const bool good = append_response(head, plan, client, out);
  if (!good) out.resize(before);
  return good;
}

void append_chunk_start(std::uint64_t size, std::string& out) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
  out.append(digits.data(), end).append("\r\n");
}

void append_last_chunk(const Fields& trailers, std::string& out) {
  out.append("0\r\n");
  for (const Field& field : trailers) {
    if (is_forbidden_trailer(field.name)) continue;
    const std::size_t before = out.size();
    if (!append_field(field, out)) out.resize(before);
  }
  out.append("\r\n");
}

}  // namespace weir

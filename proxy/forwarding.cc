#include "proxy/forwarding.h"

#include <algorithm>
#include <array>

#include "core/digest.h"
#include "core/escape.h"
#include "core/random.h"
#include "inspect/decode.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 8> kEndlessTypes = {
    "text/event-stream",     "application/grpc",          "application/grpc+proto",
    "application/grpc+json", "application/x-ndjson",      "multipart/x-mixed-replace",
    "application/grpc-web",  "application/grpc-web+proto"};

constexpr std::array<std::string_view, 12> kMediaExtensions = {".mp4", ".m4v", ".webm", ".mkv",
                                                               ".mov", ".mp3", ".m4a",  ".ogg",
                                                               ".ogv", ".wav", ".flac", ".ts"};

std::string_view version_text(HttpVersion version) {
  switch (version) {
    case HttpVersion::h1_0: return "1.0";
    case HttpVersion::h1_1: return "1.1";
    case HttpVersion::h2: return "2";
  }
  return "1.1";
}

void add_via(Fields& fields, HttpVersion received, std::string_view via_name) {
  std::string mine(version_text(received));
  mine += ' ';
  mine += via_name;
  const std::string before = fields.joined("via");
  fields.set("via", before.empty() ? std::move(mine) : before + ", " + mine);
}

// filename="x" or filename=x of a Content-Disposition value; filename* wins (RFC 6266 4.3).
std::string disposition_name(std::string_view value) {
  std::string plain;
  while (!value.empty()) {
    const auto semicolon = value.find(';');
    std::string_view parameter = trim(value.substr(0, semicolon));
    value = semicolon == std::string_view::npos ? "" : value.substr(semicolon + 1);
    const auto equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = trim(parameter.substr(0, equals));
    std::string_view text = trim(parameter.substr(equals + 1));
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
      text = text.substr(1, text.size() - 2);
    }
    if (equals_ignore_case(name, "filename*")) {
      const auto quote = text.rfind('\'');
      return percent_decode(quote == std::string_view::npos ? text : text.substr(quote + 1));
    }
    if (equals_ignore_case(name, "filename")) plain = text;
  }
  return plain;
}

std::string last_segment(std::string_view text) {
  const auto slash = text.find_last_of("/\\");
  return std::string(slash == std::string_view::npos ? text : text.substr(slash + 1));
}

}  // namespace

std::string random_via_name(Random& random) {
  std::array<std::uint8_t, 4> bytes{};
  random.fill(bytes);
  return "weir-" + hex(bytes);
}

bool came_through(const Fields& fields, std::string_view via_name) {
  for (const Field& field : fields) {
    if (field.name != "via") continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      const std::string_view hop = trim(rest.substr(0, comma));
      const auto space = hop.find(' ');
      if (space != std::string_view::npos && trim(hop.substr(space + 1)).starts_with(via_name)) {
        return true;
      }
      rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
    }
  }
  return false;
}

RequestHead forwarded_request(const RequestHead& from, const ForwardOptions& options) {
  RequestHead head = from;
  head.fields.remove("proxy-authorization");
  head.fields.remove("proxy-connection");
  head.fields.set("accept-encoding", accept_encoding_value(from.fields.joined("accept-encoding")));
  if (!options.keep_range) {
    head.fields.remove("range");
    head.fields.remove("if-range");
  }
  add_via(head.fields, from.version, options.via_name);
  return head;
}

ResponseHead forwarded_response(const ResponseHead& from, std::string_view via_name) {
  ResponseHead head = from;
  head.fields.remove("alt-svc");  // would lead to QUIC, around the gateway (RFC 7838)
  head.fields.remove("proxy-authenticate");
  add_via(head.fields, from.version, via_name);
  return head;
}

bool is_endless(std::string_view content_type) {
  return std::ranges::find(kEndlessTypes, content_type) != kEndlessTypes.end();
}

std::string media_type(std::string_view content_type) {
  return to_lower(trim(content_type.substr(0, content_type.find(';'))));
}

std::string file_name(const Fields& response, std::string_view path) {
  std::string name = last_segment(disposition_name(response.get("content-disposition")));
  if (name.empty()) name = last_segment(percent_decode(path.substr(0, path.find_first_of("?#"))));
  constexpr std::size_t kMost = 255;
  if (name.size() > kMost) name.resize(kMost);
  return name;
}

bool wants_media(const RequestHead& request) {
  const std::string_view destination = request.fields.get("sec-fetch-dest");
  if (destination == "video" || destination == "audio" || destination == "track") return true;
  const std::string path =
      to_lower(std::string_view(request.path).substr(0, request.path.find('?')));
  return std::ranges::any_of(kMediaExtensions, [&](auto end) { return path.ends_with(end); });
}

}  // namespace weir

#include "core/http_message.h"

#include <algorithm>
#include <array>

namespace weir {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

struct Phrase {
  int status;
  std::string_view text;
};

// The IANA registry, in order.
constexpr Phrase kPhrases[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {511, "Network Authentication Required"},
};

// Whether the comma-separated list has the token; empty members are allowed (RFC 9110 5.6.1).
bool list_has_token(std::string_view list, std::string_view token) {
  while (true) {
    const auto comma = list.find(',');
    if (equals_ignore_case(trim(list.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

void Fields::set(std::string_view name, std::string value) {
  const auto first = std::ranges::find(list_, name, &Field::name);
  if (first == list_.end()) return add(std::string(name), std::move(value));
  first->value = std::move(value);
  const auto repeats = std::remove_if(first + 1, list_.end(),
                                      [&](const Field& field) { return field.name == name; });
  list_.erase(repeats, list_.end());
}

std::size_t Fields::remove(std::string_view name) {
  return std::erase_if(list_, [&](const Field& field) { return field.name == name; });
}

const std::string* Fields::find(std::string_view name) const {
  const auto found = std::ranges::find(list_, name, &Field::name);
  return found == list_.end() ? nullptr : &found->value;
}

std::string_view Fields::get(std::string_view name) const {
  const std::string* value = find(name);
  return value ? std::string_view(*value) : std::string_view();
}

std::string Fields::joined(std::string_view name) const {
  std::string all;
  bool first = true;
  for (const Field& field : list_) {
    if (field.name != name) continue;
    if (!first) all += ", ";
    all += field.value;
    first = false;
  }
  return all;
}

bool Fields::has_token(std::string_view name, std::string_view token) const {
  return std::ranges::any_of(list_, [&](const Field& field) {
    return field.name == name && list_has_token(field.value, token);
  });
}

std::size_t Fields::count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count(list_, name, &Field::name));
}

bool response_has_no_body(std::string_view request_method, int status) {
  if (status >= 100 && status < 200) return true;
  if (status == 204 || status == 304) return true;
  if (request_method == "HEAD") return true;
  return request_method == "CONNECT" && status >= 200 && status < 300;
}

std::string_view default_reason_phrase(int status) {
  const auto found = std::ranges::lower_bound(kPhrases, status, {}, &Phrase::status);
  return found != std::end(kPhrases) && found->status == status ? found->text : std::string_view();
}

bool equals_ignore_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace weir

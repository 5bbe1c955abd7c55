#include "proxy/api/query.h"

#include <algorithm>

#include "conf/units.h"
#include "conf/when.h"
#include "core/escape.h"
#include "sandbox_client/json_reader.h"

namespace weir {
namespace {

constexpr std::size_t kMostShown = 80;

// As a form codes it (URL Standard 5.1), but nothing is guessed: an escape that is none is refused,
// and so is what no name, URL or time has.
std::optional<std::string> decoded(std::string_view coded) {
  std::string text;
  for (std::size_t at = 0; at < coded.size(); ++at) {
    char c = coded[at] == '+' ? ' ' : coded[at];
    if (c == '%') {
      if (coded.size() - at < 3) return std::nullopt;
      const int high = hex_digit(coded[at + 1]), low = hex_digit(coded[at + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      at += 2;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return std::nullopt;
    text += c;
  }
  return text;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string joined(std::span<const std::string_view> words) {
  std::string all;
  for (const std::string_view word : words) all += (all.empty() ? "" : ", ") + std::string(word);
  return all;
}

}  // namespace

ApiQuery::ApiQuery(std::string_view query) {
  if (query.size() > kMostBytes) {
    mistake("the query has more than " + std::to_string(kMostBytes) + " bytes");
  } else {
    parse(query);
  }
}

void ApiQuery::parse(std::string_view query) {
  while (!query.empty() && problem_.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    if (end != 0) add_pair(query.substr(0, end));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
}

void ApiQuery::add_pair(std::string_view pair) {
  const std::size_t equals = std::min(pair.find('='), pair.size());
  const auto name = decoded(pair.substr(0, equals));
  const auto value = decoded(pair.substr(std::min(equals + 1, pair.size())));
  if (!name || !value || !is_utf8(*name) || !is_utf8(*value)) {
    return mistake(escape_for_log(pair, kMostShown) + " is not percent-encoded UTF-8 text");
  }
  add(*name, *value);
}

void ApiQuery::add(std::string name, std::string value) {
  if (value.size() > kMostValue) {
    return wrong(name, "has more than " + std::to_string(kMostValue) + " bytes");
  }
  if (has(name)) return wrong(name, "is there twice");
  if (parameters_.size() == kMostParameters) return mistake("too many parameters");
  parameters_.push_back({std::move(name), std::move(value)});
}

ApiQuery ApiQuery::of_json(std::string_view body) {
  ApiQuery query;
  const auto json = read_json(body, {.depth = 2, .values = 2 * kMostParameters});
  if (!json || json->kind() != JsonValue::Kind::object) {
    query.mistake("the body is no JSON object" + (json ? std::string() : ": " + json.error().what));
    return query;
  }
  for (std::size_t i = 0; i < json->items().size(); ++i) {
    const JsonValue& value = json->items()[i];
    const std::string name(json->key(i));
    if (value.kind() == JsonValue::Kind::string && value.text().find('\0') == std::string::npos) {
      query.add(name, std::string(value.text()));
    } else {
      query.wrong(name, "must be a string");
    }
  }
  return query;
}

bool ApiQuery::has(std::string_view name) const {
  return std::ranges::find(parameters_, name, &Parameter::name) != parameters_.end();
}

const std::string* ApiQuery::take(std::string_view name) {
  asked_.push_back(name);
  const auto found = std::ranges::find(parameters_, name, &Parameter::name);
  if (found == parameters_.end()) return nullptr;
  found->known = true;
  if (!found->value.empty()) return &found->value;
  wrong(name, "is empty; leave it out instead");
  return nullptr;
}

std::string ApiQuery::text(std::string_view name) {
  const std::string* value = take(name);
  return value == nullptr ? std::string() : *value;
}

std::optional<WallTime> ApiQuery::time(std::string_view name, WallTime now) {
  const std::string* value = take(name);
  if (value == nullptr) return std::nullopt;
  const auto when = parse_when(*value, now);
  if (!when) wrong(name, "is no time, like 7d, 2026-11-23 or 2026-11-23T12:30:00Z");
  return when;
}

std::uint64_t ApiQuery::count(std::string_view name, std::uint64_t least, std::uint64_t most,
                              std::uint64_t otherwise) {
  const std::string* value = take(name);
  if (value == nullptr) return otherwise;
  const auto number = parse_number(*value);
  if (number && *number >= least && *number <= most) return *number;
  wrong(name, "is a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return otherwise;
}

std::string ApiQuery::word(std::string_view name, std::span<const std::string_view> words) {
  const std::string* value = take(name);
  if (value == nullptr) return {};
  if (std::ranges::find(words, *value) != words.end()) return *value;
  wrong(name, "is one of " + joined(words));
  return {};
}

void ApiQuery::mistake(std::string what) {
  if (problem_.empty()) problem_ = std::move(what);
}

void ApiQuery::wrong(std::string_view name, std::string_view why) {
  mistake("'" + escape_for_log(name, kMostShown) + "' " + std::string(why));
}

Result<> ApiQuery::done() const {
  if (!problem_.empty()) return fail(Errc::invalid, Fault::client, problem_);
  for (const Parameter& one : parameters_) {
    if (one.known) continue;
    return fail(Errc::invalid, Fault::client,
                "there is no parameter '" + escape_for_log(one.name, kMostShown) + "' here; " +
                    (asked_.empty() ? "there are none" : "there are: " + joined(asked_)));
  }
  return {};
}

}  // namespace weir

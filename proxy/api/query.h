// The parameters of a request, of its query or its JSON: bounded, each at most once, and none that
// nobody asks for. A mistake is kept, the first one counts, and done() tells it. Pure; one owner.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace weir {

class ApiQuery {
 public:
  static constexpr std::size_t kMostBytes = 8192, kMostParameters = 32, kMostValue = 4096;

  // `query`: what is after the question mark, as it came.
  explicit ApiQuery(std::string_view query);
  // The members of a JSON object, all of them strings.
  static ApiQuery of_json(std::string_view body);

  // Each gives the parameter and marks it as known. "" and nullopt: not there, or wrong.
  std::string text(std::string_view name);
  std::optional<WallTime> time(std::string_view name, WallTime now);  // conf/when.h
  std::uint64_t count(std::string_view name, std::uint64_t least, std::uint64_t most,
                      std::uint64_t otherwise);
  std::string word(std::string_view name, std::span<const std::string_view> words);

  bool has(std::string_view name) const;
  void wrong(std::string_view name, std::string_view why);  // for what only the caller can judge
  // After all were asked for.
  Result<> done() const;

 private:
  struct Parameter {
    std::string name, value;
    bool known = false;
  };
  ApiQuery() = default;
  void parse(std::string_view query);
  void add(std::string name, std::string value);
  void add_pair(std::string_view pair);
  const std::string* take(std::string_view name);
  void mistake(std::string what);

  std::vector<Parameter> parameters_;
  std::vector<std::string_view> asked_;
  std::string problem_;  // the first
};

}  // namespace weir

// What `weir doctor` found, a row for each thing it looked at, with what to do where something is
// not right. Plain values; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

enum class Health : std::uint8_t { ok, warning, error };
std::string_view health_name(Health health);

struct Observation {
  std::string area;  // one word: "ca", "ports", "disk"
  Health health = Health::ok;
  std::string found;
  std::string mend;  // what to do; empty when all is well
  bool operator==(const Observation&) const = default;
};

class Checkup {
 public:
  void ok(std::string area, std::string found);
  void warn(std::string area, std::string found, std::string mend);
  void error(std::string area, std::string found, std::string mend);

  const std::vector<Observation>& rows() const { return rows_; }
  std::size_t count(Health health) const;
  Health worst() const;
  int exit_code() const;  // 0 all is well, 1 warnings, 2 errors

  std::string text() const;  // for a terminal; what strangers named is escaped
  std::string json() const;  // one object with all rows

 private:
  std::vector<Observation> rows_;
};

// "1.5 GiB", "3 days": as a person reads them.
std::string size_in_words(std::uint64_t bytes);
std::string age_in_words(std::int64_t seconds);

}  // namespace weir

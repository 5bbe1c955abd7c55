// The field lines of one HTTP/1 head or trailer section while they are read: the fields that
// travel, and what those said that do not. Refusals are reasons, "" is none. Internal to the head
// parser.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/settings.h"
#include "core/http_message.h"
#include "proxy/http/field_rules.h"

namespace weir {

// Whether a head whose line feeds all follow a CR has a NUL, another control byte, or a bare CR.
std::string_view forbidden_byte(std::string_view head);

// The first line without its CR LF, which goes from `rest`. There is one.
std::string_view take_line(std::string_view& rest);

// Views point into the section that was read.
class FieldSection {
 public:
  explicit FieldSection(const LimitSettings& limits, bool trailers = false)
      : most_(limits.header_count), trailers_(trailers) {}

  // `rest` ends with the empty line. Returns the reason for a refusal, or "".
  std::string_view read(std::string_view rest);
  bool too_many() const { return count_ > most_; }
  void drop_named();  // after read: what Connection names

  Fields fields;
  std::optional<std::string_view> host, upgrade;
  std::optional<std::uint64_t> length;
  bool chunked = false;
  bool close = false;
  bool keep_alive = false;
  bool upgrades = false;
  bool expects_continue = false;
  bool expects_else = false;

 private:
  std::string_view read_line(std::string_view line);
  std::string_view read_control(ControlField field, std::string_view value);
  std::string_view read_connection(std::string_view value);
  void read_te(std::string_view value);

  std::uint32_t most_;
  bool trailers_;
  std::uint32_t count_ = 0;
  std::vector<std::string> named_;
};

}  // namespace weir

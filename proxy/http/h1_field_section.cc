#include "proxy/http/h1_field_section.h"

namespace weir {
namespace {

constexpr std::size_t kMostNamed = 32;  // fields that one head's Connection may name

// Calls `each` for the trimmed, non-empty members of a comma-separated list until it gives false.
template <class Each>
bool each_member(std::string_view list, Each each) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const std::string_view member = trim(list.substr(0, comma));
    if (!member.empty() && !each(member)) return false;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return true;
}

}  // namespace

// Without branches, so that it is done many bytes at a time.
std::string_view forbidden_byte(std::string_view head) {
  unsigned char bad = 0;
  for (std::size_t i = 0; i + 1 < head.size(); ++i) {
    const auto byte = static_cast<unsigned char>(head[i]);
    const bool control = (byte < 0x20) & (byte != '\t') & (byte != '\n') & (byte != '\r');
    const bool bare = (byte == '\r') & (head[i + 1] != '\n');
    bad |= static_cast<unsigned char>(control | (byte == 0x7f) | bare);
  }
  if (bad == 0) return {};
  for (std::size_t i = 0; i + 1 < head.size(); ++i) {
    if (head[i] == '\0') return "nul: a NUL byte in the head";
    if (head[i] == '\r' && head[i + 1] != '\n') return "bare-cr: a CR without LF in the head";
  }
  return "control: a control byte in the head";
}

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  const std::string_view line = rest.substr(0, end - 1);
  rest.remove_prefix(end + 1);
  return line;
}

std::string_view FieldSection::read(std::string_view rest) {
  fields.list().reserve(16);
  while (rest.size() > 2) {
    if (++count_ > most_) return "too-many-fields: more than the limit";
    if (const auto why = read_line(take_line(rest)); !why.empty()) return why;
  }
  return {};
}

std::string_view FieldSection::read_line(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t') return "obs-fold: a continued field line";
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return "field-name: a line without a colon";
  if (colon == 0) return "field-name: an empty name";
  Field field;
  field.name.assign(line.data(), colon);
  bool token = true;
  for (char& c : field.name) {
    c = kTokenLower[static_cast<unsigned char>(c)];
    token &= c != 0;
  }
  if (!token) {
    const char last = line[colon - 1];
    return last == ' ' || last == '\t' ? "space-before-colon: after a field name"
                                       : "field-name: a character that no name has";
  }
  const std::string_view value = trim(line.substr(colon + 1));
  if (trailers_ && is_forbidden_trailer(field.name)) {
    return "trailer: a field that must not come after the body";
  }
  const ControlField control = control_field(field.name);
  if (control != ControlField::none) return read_control(control, value);
  field.value = value;
  fields.list().push_back(std::move(field));
  return {};
}

std::string_view FieldSection::read_control(ControlField field, std::string_view value) {
  switch (field) {
    case ControlField::none:
    case ControlField::hop_by_hop: break;
    case ControlField::connection: return read_connection(value);
    case ControlField::content_length: {
      if (length) return "content-length: came twice";
      std::uint64_t number = 0;
      if (!parse_content_length(value, number)) return "content-length: not one number";
      length = number;
      break;
    }
    case ControlField::transfer_encoding:
      if (chunked) return "transfer-encoding: came twice";
      if (!equals_ignore_case(value, "chunked")) return "transfer-encoding: other than chunked";
      chunked = true;
      break;
    case ControlField::host:
      if (host) return "host: came twice";
      host = value;
      break;
    case ControlField::expect:
      (equals_ignore_case(value, "100-continue") ? expects_continue : expects_else) = true;
      break;
    case ControlField::te: read_te(value); break;
    case ControlField::upgrade: upgrade = upgrade ? std::string_view() : value; break;
  }
  return {};
}

std::string_view FieldSection::read_connection(std::string_view value) {
  const bool few = each_member(value, [this](std::string_view member) {
    if (equals_ignore_case(member, "close")) return close = true;
    if (equals_ignore_case(member, "keep-alive")) return keep_alive = true;
    if (equals_ignore_case(member, "upgrade")) return upgrades = true;
    if (!is_token(member)) return close = true;  // whoever wrote that is not to be reused
    std::string name = to_lower(member);
    const bool ours = control_field(name) != ControlField::none || is_end_to_end(name);
    if (!ours) named_.push_back(std::move(name));
    return named_.size() <= kMostNamed;
  });
  return few ? std::string_view() : "connection: names too many fields";
}

// Only whether trailers are welcome goes on; the other members are about codings of this hop.
void FieldSection::read_te(std::string_view value) {
  each_member(value, [this](std::string_view member) {
    if (equals_ignore_case(trim(member.substr(0, member.find(';'))), "trailers")) {
      fields.set("te", "trailers");
    }
    return true;
  });
}

void FieldSection::drop_named() {
  for (const std::string& name : named_) fields.remove(name);
}

}  // namespace weir

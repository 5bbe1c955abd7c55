// Events in the Common Event Format: a head of seven parts between bars, then key=value.
#include <array>
#include <concepts>
#include <string>
#include <string_view>

#include "proxy/events/event_formats.h"
#include "proxy/events/ocsf_parts.h"

namespace weir {
namespace {

// A line ends nothing but the event, and a control character says nothing to a reader.
void add_plain(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  out += byte < ' ' || byte == 127 ? ' ' : c;
}

void add_head(std::string& out, std::string_view part) {
  for (const char c : part) {
    if (c == '\\' || c == '|') out += '\\';
    add_plain(out, c);
  }
  out += '|';
}

void add(std::string& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  if (!out.ends_with('|')) out += ' ';
  out.append(key).append("=");
  for (const char c : value) {
    if (c == '\n' || c == '\r') {
      out += c == '\n' ? "\\n" : "\\r";
      continue;
    }
    if (c == '\\' || c == '=') out += '\\';
    add_plain(out, c);
  }
}

void add(std::string& out, std::string_view key, std::integral auto value) {
  add(out, key, std::string_view(std::to_string(value)));
}

// The format's own fields for what has no key: cs1 and cs1Label.
void add_labelled(std::string& out, std::string_view key, std::string_view label,
                  std::string_view value) {
  if (value.empty()) return;
  add(out, std::string(key) + "Label", label);
  add(out, key, value);
}

std::string head(std::string_view id, std::string_view name, int severity) {
  constexpr std::array<int, 6> kOfTen = {0, 1, 3, 6, 8, 10};  // by OCSF's severity_id
  std::string out = "CEF:0|weir|weir|";
  add_head(out, WEIR_VERSION);
  add_head(out, id);
  add_head(out, name);
  const bool known = severity >= 0 && severity < static_cast<int>(kOfTen.size());
  out += std::to_string(known ? kOfTen[static_cast<std::size_t>(severity)] : 0) + '|';
  return out;
}

std::string_view threat_of(const TransactionRecord& record) {
  for (const Finding& finding : record.findings) {
    if (finding.verdict == record.verdict && finding.verdict != Verdict::clean) return finding.name;
  }
  return {};
}

void add_parties(std::string& out, const TransactionRecord& record) {
  add(out, "src", record.client.address.text());
  add(out, "spt", record.client.port);
  add(out, "suser", record.user);
  add(out, "dhost", record.host);
  if (const auto at = Endpoint::parse(record.origin_address)) {
    add(out, "dst", at->address.text());
  }
  add(out, "dpt", record.port);
}

void add_request(std::string& out, const TransactionRecord& record) {
  add(out, "app", record.client_protocol);
  add(out, "requestMethod", record.method);
  add(out, "request", record.url);
  add(out, "requestClientApplication", record.user_agent);
  add(out, "requestContext", record.referrer);
  add(out, "in", record.bytes_in);
  add(out, "out", record.bytes_out);
}

void add_file(std::string& out, const TransactionRecord& record) {
  if (record.file_type.empty() && record.sha256.empty()) return;
  add(out, "fname", record.file_name);
  add(out, "fsize", record.file_size);
  add(out, "fileType", record.file_type);
  add(out, "fileHash", record.sha256);
}

}  // namespace

std::string cef_line(const TransactionRecord& record) {
  const EventOutcome outcome = outcome_of(record);
  std::string out = head("web-" + record.action, outcome.disposition_name, outcome.severity);
  add(out, "rt", millis(record.start));
  add(out, "externalId", record.id);
  add(out, "act", record.action);
  add(out, "outcome", outcome.status == 2 ? "failure" : "success");
  add_parties(out, record);
  add_request(out, record);
  add_file(out, record);
  add_labelled(out, "cs1", "rule", record.rule);
  add_labelled(out, "cs2", "verdict", verdict_name(record.verdict));
  add_labelled(out, "cs3", "threat", threat_of(record));
  add_labelled(out, "cs4", "policyVersion", record.policy_version);
  add_labelled(out, "cn1", "httpStatus", std::to_string(record.status));
  add(out, "reason", record.error.empty() ? reason_name(record.reason) : record.error);
  return out;
}

std::string cef_line(const Notice& notice) {
  std::string out = head(notice.what, notice.message, notice.severity);
  add(out, "rt", millis(notice.time));
  std::string details;
  for (const auto& [name, value] : notice.details) {
    if (!details.empty()) details += ' ';
    details += name + ": " + value;
  }
  add(out, "msg", details.empty() ? notice.message : details);
  return out;
}

}  // namespace weir

// One transaction as OCSF HTTP Activity (class 4002) with the profiles security_control and
// network_proxy (OCSF 1.3). docs/events.md explains each field.
#include <array>
#include <string>
#include <string_view>

#include "core/json_writer.h"
#include "core/publisher.h"
#include "proxy/events/event_log.h"
#include "proxy/events/ocsf_parts.h"

namespace weir {
namespace {

constexpr int kClass = 4002;

// http_activity.activity_id
int activity_of(std::string_view method) {
  constexpr std::array<std::string_view, 9> kMethods = {
      "", "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE"};
  for (std::size_t i = 1; i < kMethods.size(); ++i) {
    if (kMethods[i] == method) return static_cast<int>(i);
  }
  return 99;
}

void endpoint(JsonWriter& json, std::string_view name, const Endpoint& at) {
  json.begin_object(name);
  json.member("ip", at.address.text());
  json.member("port", at.port);
  json.end_object();
}

void write_url(JsonWriter& json, const TransactionRecord& record) {
  json.begin_object("url");
  json.member("url_string", record.url);
  text(json, "hostname", record.host);
  json.member("port", record.port);
  const UrlParts parts = url_parts(record.url);
  if (!parts.scheme.empty()) json.member("scheme", parts.scheme);
  if (!parts.path.empty()) json.member("path", parts.path);
  if (parts.has_query) json.member("query_string", parts.query);
  json.end_object();
}

void write_http(JsonWriter& json, const TransactionRecord& record) {
  json.begin_object("http_request");
  json.member("http_method", record.method);
  json.member("version", record.client_protocol);
  text(json, "user_agent", record.user_agent);
  text(json, "referrer", record.referrer);
  json.member("body_length", record.bytes_in);
  write_url(json, record);
  json.end_object();
  json.begin_object("http_response");
  json.member("code", record.status);
  text(json, "content_type", record.content_type);
  json.member("body_length", record.bytes_out);
  json.end_object();
}

void write_tls(JsonWriter& json, const TransactionRecord& record) {
  if (!record.client_tls_version.empty()) {
    json.begin_object("proxy_tls");
    json.member("version", record.client_tls_version);
    json.member("cipher", record.client_tls_cipher);
    text(json, "sni", record.sni);
    text(json, "ja4", record.ja4);
    json.end_object();
  }
  if (!record.origin_tls_version.empty()) {
    json.begin_object("tls");
    json.member("version", record.origin_tls_version);
    json.member("cipher", record.origin_tls_cipher);
    json.begin_object("certificate");
    text(json, "subject", record.certificate_subject);
    text(json, "issuer", record.certificate_issuer);
    json.begin_array("fingerprints");
    json.begin_object();
    json.member("algorithm_id", 3);
    json.member("value", record.certificate_sha256);
    json.end_object();
    json.end_array();
    json.end_object();
    json.end_object();
  }
}

// What only a worker's signs tell: whose signature it is when that is proven, or that it is not
// this file's. Of all others nothing is said.
void write_signature(JsonWriter& json, const TransactionRecord& record) {
  const std::string_view publisher = publisher_of(record.findings);
  const bool broken = publisher.empty() && has_bad_signature(record.findings);
  if (publisher.empty() && !broken) return;
  json.begin_object("signature");
  json.member("algorithm_id", 4);
  json.member("algorithm", "Authenticode");
  json.member("state_id", broken ? 99 : 1);
  json.member("state", broken ? "Broken" : "Valid");
  text(json, "developer_uid", std::string(publisher));
  json.end_object();
}

void write_file(JsonWriter& json, const TransactionRecord& record) {
  if (record.file_type.empty() && record.sha256.empty()) return;
  json.begin_object("file");
  json.member("name", record.file_name);
  json.member("type_id", 1);
  json.member("size", record.file_size);
  text(json, "mime_type", record.content_type);
  json.member("ext_type", record.file_type);
  if (!record.sha256.empty()) {
    json.begin_array("hashes");
    json.begin_object();
    json.member("algorithm_id", 3);
    json.member("algorithm", "SHA-256");
    json.member("value", record.sha256);
    json.end_object();
    json.end_array();
  }
  write_signature(json, record);
  json.end_object();
}

void write_malware(JsonWriter& json, const TransactionRecord& record) {
  if (record.verdict != Verdict::malicious) return;
  json.begin_array("malware");
  for (const Finding& finding : record.findings) {
    if (finding.verdict != Verdict::malicious) continue;
    json.begin_object();
    json.member("name", finding.name);
    json.member("provider", scanner_name(finding.scanner));
    text(json, "path", finding.where);
    json.end_object();
  }
  json.end_array();
}

void write_findings(JsonWriter& json, const TransactionRecord& record) {
  json.begin_array("findings");
  for (const Finding& finding : record.findings) {
    json.begin_object();
    json.member("scanner", scanner_name(finding.scanner));
    json.member("verdict", verdict_name(finding.verdict));
    if (finding.reason != Reason::none) json.member("reason", reason_name(finding.reason));
    json.member("name", finding.name);
    text(json, "where", finding.where);
    text(json, "detail", finding.detail);
    if (finding.score > 0) json.member("score", finding.score);
    json.end_object();
  }
  json.end_array();
  if (record.score > 0) json.member("score", record.score);
}

void write_tree(JsonWriter& json, const TransactionRecord& record) {
  if (record.tree.empty()) return;
  json.begin_array("tree");
  for (const ArtifactNote& note : record.tree) {
    json.begin_object();
    text(json, "where", note.where);
    json.member("type", note.type);
    text(json, "from", note.from);
    json.member("size", note.size);
    text(json, "sha256", note.sha256);
    json.end_object();
  }
  json.end_array();
}

void write_stages(JsonWriter& json, const TransactionRecord& record) {
  json.begin_array("stages");
  for (const StageNote& note : record.stages) {
    json.begin_object();
    json.member("stage", note.stage);
    json.member("action", note.action);
    json.member("rule", note.rule);
    json.end_object();
  }
  json.end_array();
}

void write_timings(JsonWriter& json, const TransactionRecord& record) {
  json.begin_object("timings_ms");
  json.member("dns", millis(record.dns));
  json.member("connect", millis(record.connect));
  json.member("tls", millis(record.tls));
  json.member("first_byte", millis(record.first_byte));
  json.member("queued", millis(record.queued));
  json.member("scan", millis(record.scan));
  json.member("total", millis(record.total));
  json.end_object();
}

// What OCSF has no place for.
void write_own(JsonWriter& json, const TransactionRecord& record) {
  json.begin_object("unmapped");
  json.begin_object("weir");
  json.member("action", record.action);
  json.member("verdict", verdict_name(record.verdict));
  json.member("reason", reason_name(record.reason));
  text(json, "delivery", record.delivery);
  text(json, "client_alpn", record.client_alpn);
  text(json, "origin_alpn", record.origin_alpn);
  json.member("origin_reused", record.origin_reused);
  json.member("ech", record.ech);
  text(json, "certificate_error", record.certificate_error);
  text(json, "first_bytes", record.first_bytes);
  text(json, "error", record.error);
  text(json, "error_code", record.error_code);
  text(json, "error_fault", record.error_fault);
  json.member("bytes_origin", record.bytes_origin);
  if (record.scanned) {
    json.member("from_cache", record.from_cache);
    json.member("artifacts", record.artifacts);
  }
  write_findings(json, record);
  write_tree(json, record);
  write_reputation(json, record.reputation);
  write_name(json, record.name);
  write_coach(json, record.coach);
  write_unlock(json, record.unlock);
  write_sandbox(json, record.sandbox);
  write_stages(json, record);
  write_timings(json, record);
  json.end_object();
  json.end_object();
}

void write_metadata(JsonWriter& json, const TransactionRecord& record) {
  json.begin_object("metadata");
  json.member("uid", record.id);
  json.member("version", "1.3.0");
  json.begin_array("profiles");
  json.string("security_control");
  json.string("network_proxy");
  json.end_array();
  json.begin_object("product");
  json.member("name", "weir");
  json.member("vendor_name", "weir");
  json.member("version", WEIR_VERSION);
  json.end_object();
  json.end_object();
}

void write_parties(JsonWriter& json, const TransactionRecord& record) {
  endpoint(json, "src_endpoint", record.client);
  json.begin_object("dst_endpoint");
  json.member("hostname", record.host);
  json.member("port", record.port);
  if (const auto at = Endpoint::parse(record.origin_address)) json.member("ip", at->address.text());
  json.end_object();
  if (!record.user.empty()) {
    json.begin_object("actor");
    json.begin_object("user");
    json.member("name", record.user);
    json.end_object();
    json.end_object();
  }
  json.begin_object("traffic");
  json.member("bytes_in", record.bytes_in);
  json.member("bytes_out", record.bytes_out);
  json.end_object();
}

}  // namespace

std::string ocsf_line(const TransactionRecord& record) {
  std::string out;
  out.reserve(2048);
  JsonWriter json(out);
  const EventOutcome outcome = outcome_of(record);
  const int activity = activity_of(record.method);
  json.begin_object();
  json.member("time", millis(record.start));
  json.member("class_uid", kClass);
  json.member("category_uid", 4);
  json.member("activity_id", activity);
  json.member("type_uid", kClass * 100 + activity);
  json.member("severity_id", outcome.severity);
  json.member("status_id", outcome.status);
  json.member("action_id", outcome.action);
  json.member("disposition_id", outcome.disposition);
  json.member("disposition", outcome.disposition_name);
  json.member("duration",
              std::chrono::duration_cast<std::chrono::milliseconds>(record.total).count());
  write_metadata(json, record);
  write_parties(json, record);
  write_http(json, record);
  write_tls(json, record);
  json.begin_object("policy");
  json.member("name", record.rule);
  json.member("version", record.policy_version);
  json.end_object();
  write_file(json, record);
  write_malware(json, record);
  write_own(json, record);
  json.end_object();
  return out;
}

}  // namespace weir

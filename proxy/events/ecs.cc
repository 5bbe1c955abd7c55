// Events in the Elastic Common Schema 8.11. What ECS has no place for is below "weir".
#include <string>
#include <string_view>

#include "core/json_writer.h"
#include "core/log.h"
#include "proxy/events/event_formats.h"
#include "proxy/events/ocsf_parts.h"

namespace weir {
namespace {

void one(JsonWriter& json, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  json.begin_array(name);
  json.string(value);
  json.end_array();
}

void write_head(JsonWriter& json, WallTime time) {
  json.member("@timestamp", iso_time(time));
  json.begin_object("ecs");
  json.member("version", "8.11.0");
  json.end_object();
  json.begin_object("observer");
  json.member("vendor", "weir");
  json.member("product", "weir");
  json.member("type", "proxy");
  json.member("version", WEIR_VERSION);
  json.end_object();
}

void write_event(JsonWriter& json, const TransactionRecord& record) {
  const EventOutcome outcome = outcome_of(record);
  const bool malicious = record.verdict == Verdict::malicious;
  const bool denied = outcome.action == 2;
  json.begin_object("event");
  json.member("id", record.id);
  json.member("kind", malicious || record.action == "alert" ? "alert" : "event");
  json.begin_array("category");
  json.string("web");
  json.string("network");
  if (malicious) json.string("malware");
  json.end_array();
  json.begin_array("type");
  json.string("access");
  json.string(outcome.status == 2 ? "error" : denied ? "denied" : "allowed");
  json.end_array();
  json.member("module", "weir");
  json.member("dataset", "weir.web");
  json.member("action", record.action);
  json.member("outcome", outcome.status == 2 ? "failure" : "success");
  json.member("severity", outcome.severity);
  json.member("duration", record.total.count());  // nanoseconds
  text(json, "reason", record.error);
  json.end_object();
}

void write_parties(JsonWriter& json, const TransactionRecord& record) {
  json.begin_object("source");
  json.member("ip", record.client.address.text());
  json.member("port", record.client.port);
  json.member("bytes", record.bytes_in);
  json.end_object();
  const auto origin = Endpoint::parse(record.origin_address);
  json.begin_object("destination");
  text(json, "domain", record.host);
  if (origin) json.member("ip", origin->address.text());
  json.member("port", record.port);
  json.member("bytes", record.bytes_out);
  json.end_object();
  if (!record.user.empty()) {
    json.begin_object("user");
    json.member("name", record.user);
    json.end_object();
  }
  json.begin_object("related");
  json.begin_array("ip");
  json.string(record.client.address.text());
  if (origin) json.string(origin->address.text());
  json.end_array();
  one(json, "user", record.user);
  one(json, "hosts", record.host);
  one(json, "hash", record.sha256);
  json.end_object();
}

void write_http(JsonWriter& json, const TransactionRecord& record) {
  const std::string_view protocol = record.client_protocol;
  json.begin_object("http");
  if (protocol.starts_with("HTTP/")) json.member("version", protocol.substr(5));
  json.begin_object("request");
  json.member("method", record.method);
  text(json, "referrer", record.referrer);
  json.begin_object("body");
  json.member("bytes", record.bytes_in);
  json.end_object();
  json.end_object();
  json.begin_object("response");
  json.member("status_code", record.status);
  text(json, "mime_type", record.content_type);
  json.begin_object("body");
  json.member("bytes", record.bytes_out);
  json.end_object();
  json.end_object();
  json.end_object();
  if (record.user_agent.empty()) return;
  json.begin_object("user_agent");
  json.member("original", record.user_agent);
  json.end_object();
}

void write_url(JsonWriter& json, const TransactionRecord& record) {
  const UrlParts parts = url_parts(record.url);
  json.begin_object("url");
  json.member("full", record.url);
  text(json, "domain", record.host);
  json.member("port", record.port);
  if (!parts.scheme.empty()) json.member("scheme", parts.scheme);
  if (!parts.path.empty()) json.member("path", parts.path);
  if (parts.has_query) json.member("query", parts.query);
  json.end_object();
}

// Of the connection to the origin, which is the one that says whom was trusted.
void write_tls(JsonWriter& json, const TransactionRecord& record) {
  if (record.origin_tls_version.empty() && record.client_tls_version.empty()) return;
  json.begin_object("tls");
  text(json, "cipher", record.origin_tls_cipher);
  json.member("established", record.certificate_error.empty());
  json.begin_object("client");
  text(json, "server_name", record.sni);
  json.end_object();
  json.begin_object("server");
  text(json, "subject", record.certificate_subject);
  text(json, "issuer", record.certificate_issuer);
  if (!record.certificate_sha256.empty()) {
    json.begin_object("hash");
    json.member("sha256", record.certificate_sha256);
    json.end_object();
  }
  json.end_object();
  json.end_object();
}

void write_file(JsonWriter& json, const TransactionRecord& record) {
  if (record.file_type.empty() && record.sha256.empty()) return;
  json.begin_object("file");
  text(json, "name", record.file_name);
  json.member("size", record.file_size);
  json.member("type", "file");
  text(json, "mime_type", record.content_type);
  if (!record.sha256.empty()) {
    json.begin_object("hash");
    json.member("sha256", record.sha256);
    json.end_object();
  }
  json.end_object();
}

void write_own(JsonWriter& json, const TransactionRecord& record) {
  json.begin_object("rule");
  json.member("name", record.rule);
  json.member("version", record.policy_version);
  json.end_object();
  json.begin_object("weir");
  json.member("verdict", verdict_name(record.verdict));
  json.member("reason", reason_name(record.reason));
  text(json, "file_type", record.file_type);
  text(json, "ja4", record.ja4);
  text(json, "certificate_error", record.certificate_error);
  if (!record.findings.empty()) {
    json.begin_array("findings");
    for (const Finding& finding : record.findings) {
      json.begin_object();
      json.member("scanner", scanner_name(finding.scanner));
      json.member("verdict", verdict_name(finding.verdict));
      json.member("name", finding.name);
      text(json, "where", finding.where);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
}

}  // namespace

std::string ecs_line(const TransactionRecord& record) {
  std::string out;
  out.reserve(2048);
  JsonWriter json(out);
  json.begin_object();
  write_head(json, record.start);
  write_event(json, record);
  write_parties(json, record);
  write_http(json, record);
  write_url(json, record);
  write_tls(json, record);
  write_file(json, record);
  write_own(json, record);
  json.end_object();
  return out;
}

std::string ecs_line(const Notice& notice) {
  const bool finding = notice.kind == Notice::Kind::finding;
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  write_head(json, notice.time);
  json.member("message", notice.message);
  json.begin_object("event");
  json.member("kind", finding ? "alert" : "event");
  one(json, "category", finding ? "threat" : "host");
  one(json, "type", finding ? "indicator" : "error");
  json.member("module", "weir");
  json.member("dataset", "weir.notice");
  json.member("action", notice.what);
  json.member("severity", notice.severity);
  json.end_object();
  json.begin_object("weir");
  json.begin_object("details");
  for (const auto& [name, value] : notice.details) json.member(name, value);
  json.end_object();
  json.end_object();
  json.end_object();
  return out;
}

}  // namespace weir

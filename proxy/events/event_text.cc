#include "proxy/events/event_text.h"

#include "core/escape.h"
#include "core/log.h"
#include "proxy/events/event_json.h"

namespace weir {
namespace {

constexpr std::size_t kShownHash = 16, kLabel = 10, kShownRows = 200;

std::string shown(std::string_view text, std::size_t most = 200) {
  return text.empty() ? "-" : escape_for_terminal(text, most);
}

std::string millis_of(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

// A value that is no string, as JSON has it.
std::string value_of(const Json& json) {
  constexpr auto kReplace = Json::error_handler_t::replace;
  return json.is_string() ? json.get<std::string>() : json.dump(-1, ' ', false, kReplace);
}

class Page {
 public:
  // Nothing is said of what is empty.
  void line(std::string_view label, const std::string& text) {
    if (text.empty()) return;
    out_ += label;
    out_.append(label.size() < kLabel ? kLabel - label.size() : 1, ' ');
    out_ += escape_for_terminal(text, 4096) + "\n";
  }
  void parts(std::string_view label, const Json& object) {
    std::string text;
    if (object.is_object()) {
      for (const auto& [name, value] : object.items()) {
        text += (text.empty() ? "" : "  ") + name + " " + value_of(value);
      }
    }
    line(label, text);
  }
  void rows(std::string_view label, const Json& list, std::string (*row)(const Json&)) {
    std::size_t count = 0;
    if (!list.is_array()) return;
    for (const Json& one : list) {
      if (++count > kShownRows) return line("", "… and more: --json has all");
      line(count == 1 ? label : "", row(one));
    }
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

std::string joined(std::initializer_list<std::string> words) {
  std::string all;
  for (const std::string& word : words) {
    if (!word.empty()) all += (all.empty() ? "" : "  ") + word;
  }
  return all;
}

std::string with(std::string_view before, const std::string& text) {
  return text.empty() ? text : std::string(before) + text;
}

std::string finding_row(const Json& one) {
  const std::uint64_t score = json_count(one, "score");
  return joined({json_text(one, "verdict"), json_text(one, "scanner"), json_text(one, "name"),
                 json_text(one, "reason"), with("in ", json_text(one, "where")),
                 score == 0 ? "" : "+" + std::to_string(score), json_text(one, "detail")});
}

std::string stage_row(const Json& one) {
  return joined(
      {json_text(one, "stage"), json_text(one, "action"), with("by ", json_text(one, "rule"))});
}

std::string tree_row(const Json& one) {
  return joined({json_text(one, "where"), json_text(one, "type"),
                 std::to_string(json_count(one, "size")) + " bytes",
                 with("sha256:", json_text(one, "sha256"))});
}

std::string object_row(const Json& one) {
  std::string text;
  if (!one.is_object()) return text;
  for (const auto& [name, value] : one.items()) {
    text += (text.empty() ? "" : "  ") + name + " " + value_of(value);
  }
  return text;
}

std::string tls_text(const Json& json, std::string_view side) {
  const Json& tls = json_at(json, side);
  return joined({json_text(tls, "version"), json_text(tls, "cipher"),
                 with("sni ", json_text(tls, "sni")), with("ja4 ", json_text(tls, "ja4")),
                 json_text(tls, "certificate.subject"),
                 with("issued by ", json_text(tls, "certificate.issuer"))});
}

void transaction(Page& page, const EventView& event, const Json& json) {
  const Json& own = json_at(json, "unmapped.weir");
  page.line("action", joined({event.action, with("by rule ", event.rule),
                              with("of policy ", json_text(json, "policy.version"))}));
  page.line("who", joined({event.client, event.user, json_text(json, "http_request.user_agent")}));
  page.line("asked", joined({event.method, event.url.empty() ? event.host : event.url}));
  page.line("from page", json_text(json, "http_request.referrer"));
  page.line(
      "answer",
      joined({std::to_string(event.status), std::to_string(event.bytes_out) + " bytes",
              with("from ", json_text(json, "dst_endpoint.ip")), json_text(own, "delivery")}));
  page.line("client", tls_text(json, "proxy_tls"));
  page.line("origin", tls_text(json, "tls"));
  page.line("error", joined({event.error, json_text(own, "certificate_error")}));
  page.line("verdict", joined({event.verdict, event.reason == "none" ? "" : event.reason}));
  if (!event.sha256.empty()) {
    page.line("file", joined({event.file_name, event.file_type,
                              std::to_string(event.file_size) + " bytes"}));
    page.line("sha256", event.sha256);
  }
  page.rows("findings", json_at(own, "findings"), finding_row);
  page.rows("inside", json_at(own, "tree"), tree_row);
  page.rows("listed", json_at(own, "reputation"), object_row);
  for (const char* part : {"name", "coach", "unlock", "sandbox"}) {
    page.parts(part, json_at(own, part));
  }
  page.rows("stages", json_at(own, "stages"), stage_row);
  page.parts("took ms", json_at(own, "timings_ms"));
}

void notice(Page& page, const EventView& event, const Json& json) {
  page.line("notice", event.notice);
  page.line("says", event.error);
  const Json& own = json_at(json, "unmapped.weir");
  if (!own.is_object()) return;
  for (const auto& [name, value] : own.items()) {
    if (name != "notice" && name != "receipts") page.line(name, value_of(value));
  }
  page.rows("receipts", json_at(own, "receipts"), object_row);
}

}  // namespace

std::string event_row(const EventView& event) {
  if (!event.notice.empty()) {
    return iso_time(event.time) + "  notice  " + shown(event.notice) + "  " + shown(event.error) +
           "\n";
  }
  std::string line = iso_time(event.time) + "  " + shown(event.client) + "  " + shown(event.user) +
                     "  " + shown(event.action) + "  " + shown(event.verdict) + "  " +
                     std::to_string(event.status) + "  " + shown(event.method, 20) + "  " +
                     shown(event.url.empty() ? event.host : event.url);
  if (!event.file_name.empty()) line += "  " + shown(event.file_name, 80);
  if (!event.sha256.empty()) line += "  sha256:" + event.sha256.substr(0, kShownHash);
  return line + "  " + shown(event.rule, 80) + "  " + shown(event.id) + "\n";
}

std::string event_csv_head() {
  return "time,event,duration_ms,client,user,method,status,url,host,action,rule,verdict,reason,"
         "file,type,size,sha256,bytes_in,bytes_out,findings,error\n";
}

std::string event_csv(const EventView& event) {
  std::string line, findings;
  for (const std::string& name : event.findings) findings += (findings.empty() ? "" : " ") + name;
  for (const std::string& cell : {iso_time(event.time),
                                  event.id,
                                  millis_of(event.duration),
                                  event.client,
                                  event.user,
                                  event.method,
                                  std::to_string(event.status),
                                  event.url,
                                  event.host,
                                  event.action,
                                  event.rule,
                                  event.verdict,
                                  event.reason,
                                  event.file_name,
                                  event.file_type,
                                  std::to_string(event.file_size),
                                  event.sha256,
                                  std::to_string(event.bytes_in),
                                  std::to_string(event.bytes_out),
                                  findings,
                                  event.error}) {
    add_csv_cell(line, cell);
  }
  return line + "\n";
}

std::string event_page(std::string_view line,
                       const std::vector<std::pair<std::string_view, std::string>>& links) {
  const auto event = view_event(line);
  const Json json = Json::parse(line, nullptr, false);
  if (!event || !json.is_object()) return {};
  Page page;
  page.line("event", event->id);
  page.line("time", iso_time(event->time) + ", " + millis_of(event->duration) + " ms");
  if (event->notice.empty()) {
    transaction(page, *event, json);
  } else {
    notice(page, *event, json);
  }
  for (const auto& [name, url] : links) page.line(name, url);
  return page.take();
}

}  // namespace weir

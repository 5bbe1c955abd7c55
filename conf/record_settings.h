// The settings of what is kept and told after a transaction has ended: history, quarantine,
// notices, links, the API. Part of Settings (settings.h), which says more.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace weir {

struct HistorySettings {
  bool record = true;  // one row for each transaction
  std::chrono::seconds keep{90 * 86'400};
  std::uint64_t max_bytes = 16ULL * 1024 * 1024 * 1024;  // of all its files
  std::uint32_t queue = 65536;                           // rows that wait to be written
  bool hunt = true;                                      // look back when new knowledge arrives
  bool hunt_urls = true;
};

struct QuarantineSettings {
  std::string files = "both";  // off, blocked, held, both
  std::uint64_t max_bytes = 10ULL * 1024 * 1024 * 1024;
  std::uint64_t max_file_bytes = 512ULL * 1024 * 1024;
  std::chrono::seconds keep{30 * 86'400};
  std::string zip_password = "infected";
  std::string key_file;  // "" = <state>/quarantine.key
};

struct NotifySettings {
  std::string severity = "high";    // the least that is sent
  std::string webhook;              // URL; "" = none
  std::string webhook_header_file;  // its first line is sent as a header: a secret
  std::string mail_server;          // smtp://host:port, smtps://host:port; "" = none
  std::string mail_from, mail_to;   // mail_to: addresses with commas between
  std::string mail_tls = "required";
  std::string mail_login_file;            // user and password, a line each
  std::string ca_file;                    // for both, "" = the system's
  std::chrono::seconds give_up{604'800};  // a notice that cannot be sent is kept this long
};

// URL templates for other tools; {host} {user} {client} {hash} {url} {event} {ms} {from_ms}
// {to_ms}.
struct LinkSettings {
  std::string edr, siem, intelligence;
};

// The JSON API on the admin listener.
struct ApiSettings {
  std::string tokens_file;  // "" = there is no API
  std::uint64_t max_body_bytes = 1024 * 1024;
  std::uint32_t page_rows = 1000;  // of one answer
  std::uint32_t threads = 2;       // that work at what may block
  std::uint32_t requests = 32;     // at work and waiting; more get 503
  std::chrono::milliseconds timeout{30'000};
  std::uint32_t failures_per_minute = 10;  // wrong tokens, of one address
};

}  // namespace weir

// The gateway's settings, typed. Every limit, timeout and default of the product is a member here
// with its default; conf/weir.yaml shows each with a comment, and a test compares the two. Loaded
// once, then immutable: a reload makes a new Settings. Sizes are bytes, times are durations.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "conf/record_settings.h"

namespace weir {

using Millis = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

struct HostsEntry {
  std::string name;                    // canonical host
  std::vector<std::string> addresses;  // "127.0.0.1" or "::1", no port
};

struct ListenSettings {
  std::vector<std::string> proxy = {"127.0.0.1:8080"};  // host:port; [v6]:port
  std::string admin = "127.0.0.1:8081";
  int backlog = 1024;
  std::string advertised_host;  // name in the PAC file; "" = the address the client asked on
};

struct LimitSettings {
  std::uint32_t connections = 16000;            // client connections in total
  std::uint32_t connections_per_client = 2000;  // by client address
  std::uint32_t header_bytes = 64 * 1024;       // request or status line and all fields
  std::uint32_t header_count = 200;
  std::uint32_t h2_streams = 128;                    // concurrent streams per client connection
  std::uint32_t h2_resets_per_minute = 300;          // rapid reset
  std::uint32_t h2_control_frames_per_second = 200;  // ping, settings, empty frames, priority
  std::uint32_t h2_window_bytes = 1024 * 1024;       // per stream, towards us
  std::uint32_t origin_idle_per_host = 8;            // pooled idle connections, per loop
  std::uint32_t origin_idle_total = 512;             // per loop
  std::uint32_t origin_connections_per_host = 1024;  // HTTP/1, per loop; more requests wait
  std::uint32_t origin_prefetch = 64;                // dialled ahead at once, per loop; 0 = none
  std::uint32_t tunnels = 4000;                      // bypassed connections at once
};

struct TimeoutSettings {
  Millis client_hello{10'000};  // from 200 to CONNECT until the whole ClientHello is here
  Millis client_handshake{15'000};
  Millis request_head{15'000};  // from first byte to the end of the fields
  Millis client_idle{120'000};  // keep-alive connection without a request
  Millis client_body{60'000};   // between two reads of a request body
  Millis client_write{60'000};  // a client that takes nothing
  Millis dns{5'000};
  Millis connect{10'000};      // TCP to the origin, all addresses together
  Millis happy_eyeballs{250};  // head start of the first address family (RFC 8305)
  Millis origin_handshake{15'000};
  Millis response_head{120'000};  // from the end of the request until the status line
  Millis origin_body{60'000};     // between two reads of a response body
  Millis origin_write{60'000};    // an origin that takes nothing
  Millis origin_queue{10'000};    // for one of limits.origin_connections_per_host
  Millis origin_idle{90'000};     // pooled connection
  Millis stream_idle{3'600'000};  // between two reads of an endless response, websocket or tunnel
  Millis drain{30'000};           // SIGTERM: how long what runs may go on
};

struct TlsSettings {
  std::vector<std::string> extra_ca_files;  // PEM, trusted for origins beside the system store
  std::string system_ca_file = "/etc/ssl/certs/ca-certificates.crt";  // "" = none
  Seconds leaf_lifetime{30 * 24 * 3600};
  Seconds leaf_backdate{24 * 3600};
  std::uint32_t leaf_cache_entries = 4096;  // per loop
  Seconds ticket_key_rotation{8 * 3600};    // two older keys still open
  bool aia_fetch = true;
  std::string revocation = "soft";     // off, soft, hard: what an unknown state means
  std::vector<std::string> crl_files;  // PEM or DER CRLs in force
  std::uint32_t aia_max_bytes = 128 * 1024;
  Millis aia_timeout{5'000};
};

struct DnsSettings {
  std::vector<std::string> servers;  // "addr" or "addr:port"; empty = /etc/resolv.conf
  std::vector<HostsEntry> hosts;     // wins over DNS
  bool hosts_only = false;           // resolve nothing that is not in hosts (split networks, tests)
  std::uint32_t cache_entries = 10000;
  Seconds positive_ttl_max{3600};
  Seconds positive_ttl_min{5};
  Seconds negative_ttl{10};
};

struct AuthSettings {
  std::string password_file;  // user:$y$... lines (crypt(5)); "" = no proxy authentication
  std::string realm = "weir";
};

struct InspectSettings {
  std::uint32_t workers = 0;             // scan worker processes at once; 0 = cores
  std::uint32_t files_per_worker = 1;    // a jailed child serves this many files, then is replaced
  std::uint32_t queue = 256;             // files that wait for a worker
  std::string isolation = "required";    // required, best_effort
  std::string rules_dir = "conf/rules";  // YARA, *.yar
  std::string clamav_dir = "/var/lib/clamav";
  std::vector<std::string> hash_files;  // plain SHA-256/SHA-1/MD5 lists or ClamAV .hdb/.hsb
  std::string publisher_roots;          // PEM of who may vouch for publishers; "" = nobody
  std::uint64_t spool_memory_bytes = 256 * 1024;  // per download, then an unlinked file
  std::string spool_dir;                          // "" = <state>/spool
  std::uint64_t spool_total_bytes = 8ULL * 1024 * 1024 * 1024;
  std::uint32_t verdict_cache_entries = 100000;
  Seconds verdict_cache_ttl{3600};
  std::uint64_t decoded_ratio =
      200;  // content coding: decoded/encoded above this, past 16 MiB, is a bomb
  std::uint64_t worker_memory_bytes = 2ULL * 1024 * 1024 * 1024;  // address space above the engine
  std::uint32_t archive_depth = 12;
  std::uint32_t archive_entries = 10000;
  std::uint64_t archive_entry_bytes = 1024ULL * 1024 * 1024;
  std::uint64_t archive_total_bytes = 4ULL * 1024 * 1024 * 1024;
  std::uint64_t archive_ratio = 500;
};

struct EventSettings {
  std::string output = "file";  // file, stdout, syslog, none
  std::string file;             // "" = <state>/events.jsonl
  std::uint64_t rotate_bytes = 256ULL * 1024 * 1024;
  std::uint32_t rotate_keep = 8;
  std::string syslog;                // udp://host:port, tcp://host:port, unix:///dev/log
  std::uint32_t queue = 65536;       // events that wait to be written
  std::string on_full = "continue";  // continue (count the loss), refuse (503 to new requests)
};

struct LogSettings {
  std::string level = "info";  // debug, info, warning, error
};

// The gateway's own site, where people answer its questions.
struct PortalSettings {
  std::string host = "weir.internal";  // https, through the proxy only; resolves nowhere
  std::uint32_t kept_files = 64;       // locked files that wait for their password
  std::uint32_t kept_files_per_client = 4;
  std::uint32_t held_files = 1000;  // files that wait for a sandbox
  std::uint32_t held_files_per_client = 50;
  std::uint32_t tries_per_minute = 10;    // passwords, by client
  std::uint32_t remembered_pages = 4096;  // whose words for passwords are remembered
  Seconds page_memory{600};
};

// What is known of hosts by their names, and since when (docs/names.md).
struct NameSettings {
  std::string brands_file = "conf/brands.yaml";           // "" = no lookalikes
  std::string doh_file = "conf/lists/doh-endpoints.txt";  // "" = none
  std::string cloud_file = "conf/lists/cloud-suffixes.txt";
  std::string popular_file;            // domains that are not new to anybody; "" = none
  std::uint32_t remember = 2'000'000;  // domains; 0 = nothing is remembered
  Seconds learn{14 * 86'400};          // before this, nothing is called new
  bool rdap = false;                   // ask registries when domains were registered
  std::string rdap_bootstrap = "https://data.iana.org/rdap/dns.json";
};

struct NoticeSettings {
  std::string organisation = "your organisation";
  std::string contact = "your IT help desk";
};

struct Settings {
  std::string state_dir = "state";
  std::uint32_t threads = 0;  // event loops; 0 = cores
  std::string policy_file = "conf/policy.yaml";
  std::string feeds_file = "conf/feeds.yaml";      // "" = no feeds
  std::string sandbox_file = "conf/sandbox.yaml";  // "" = no sandboxes
  std::string via_name;  // pseudonym in Via (RFC 9110 7.6.3); "" = weir-<random>
  ListenSettings listen;
  LimitSettings limits;
  TimeoutSettings timeouts;
  TlsSettings tls;
  DnsSettings dns;
  AuthSettings auth;
  InspectSettings inspect;
  EventSettings events;
  LogSettings log;
  PortalSettings portal;
  NameSettings names;
  NoticeSettings notice;
  HistorySettings history;
  QuarantineSettings quarantine;
  NotifySettings notify;
  LinkSettings links;
  ApiSettings api;
};

}  // namespace weir

#include "conf/settings_table.h"

#include <filesystem>

#include "conf/units.h"

namespace weir {
namespace {

using enum SettingKind;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;
constexpr std::uint64_t kTiB = 1024 * kGiB;
constexpr std::uint64_t kSecond = 1000;
constexpr std::uint64_t kMinute = 60 * kSecond;
constexpr std::uint64_t kHour = 60 * kMinute;
constexpr std::uint64_t kDay = 24 * kHour;

constexpr SettingRow ranged(std::string_view key, SettingField field, SettingKind kind,
                            std::uint64_t least, std::uint64_t most, std::string_view help) {
  return {key, field, kind, least, most, {}, help};
}
constexpr SettingRow plain(std::string_view key, SettingField field, SettingKind kind,
                           std::string_view help) {
  return {key, field, kind, 0, 0, {}, help};
}
constexpr SettingRow one_of(std::string_view key, SettingField field, std::string_view words,
                            std::string_view help) {
  return {key, field, word, 0, 0, words, help};
}

// The key of a row is the path of its member, so the two cannot differ.
#define AT(member) #member, +[](Settings& s) { return &s.member; }

// clang-format off
constexpr SettingRow kRows[] = {
  plain(AT(state_dir), path, "Where the CA, the events and the spool are. Private to the user who runs weir."),
  ranged(AT(threads), count, 0, 1024, "Event loops. 0: one for each core."),
  plain(AT(policy_file), path, "The policy."),
  plain(AT(feeds_file), path, "The list of reputation feeds. Empty: none are fetched."),
  plain(AT(sandbox_file), path, "The list of sandboxes. Empty: there are none, and policy's on_unavailable decides."),
  plain(AT(via_name), text, "Our name in the Via field, by which loops are found. Empty: weir- and a random word."),

  plain(AT(listen.proxy), endpoints, "Where clients reach the proxy."),
  plain(AT(listen.admin), endpoint, "Where the PAC file, the CA certificate, health and metrics are."),
  ranged(AT(listen.backlog), count, 1, 65535, "Connections that may wait to be accepted."),
  plain(AT(listen.advertised_host), host, "The proxy's name in the PAC file. Empty: the address that the client asked on."),

  ranged(AT(limits.connections), count, 1, 10'000'000, "Client connections in total."),
  ranged(AT(limits.connections_per_client), count, 1, 10'000'000, "Client connections of one address."),
  ranged(AT(limits.header_bytes), bytes, 1 * kKiB, 16 * kMiB, "Request or status line with all fields."),
  ranged(AT(limits.header_count), count, 8, 100'000, "Fields of one message."),
  ranged(AT(limits.h2_streams), count, 1, 100'000, "Concurrent HTTP/2 streams of one client connection."),
  ranged(AT(limits.h2_resets_per_minute), count, 1, 1'000'000, "HTTP/2 streams that a client may reset in a minute (rapid reset)."),
  ranged(AT(limits.h2_control_frames_per_second), count, 1, 1'000'000, "HTTP/2 PING, SETTINGS, PRIORITY and empty frames of a client in a second."),
  ranged(AT(limits.h2_window_bytes), bytes, 64 * kKiB, 1 * kGiB, "HTTP/2 flow-control window of a stream towards us."),
  ranged(AT(limits.origin_idle_per_host), count, 0, 10'000, "Idle connections kept for each origin, in each loop."),
  ranged(AT(limits.origin_idle_total), count, 0, 1'000'000, "Idle connections kept to all origins, in each loop."),
  ranged(AT(limits.origin_connections_per_host), count, 1, 1'000'000, "HTTP/1 connections to one origin, in each loop. More requests wait for timeouts.origin_queue."),
  ranged(AT(limits.origin_prefetch), count, 0, 10'000, "Origins dialled at once, in each loop, while the client's TLS handshake runs. 0: none."),
  ranged(AT(limits.tunnels), count, 0, 10'000'000, "Bypassed connections at once."),

  ranged(AT(timeouts.client_hello), duration, 100, kHour, "From the 200 to CONNECT until the whole ClientHello is here."),
  ranged(AT(timeouts.client_handshake), duration, 100, kHour, "The rest of the client's TLS handshake."),
  ranged(AT(timeouts.request_head), duration, 100, kHour, "From the first byte of a request to the end of its fields."),
  ranged(AT(timeouts.client_idle), duration, 100, kDay, "A client connection without a request."),
  ranged(AT(timeouts.client_body), duration, 100, kDay, "Between two reads of a request body."),
  ranged(AT(timeouts.client_write), duration, 100, kDay, "A client that takes nothing of its response."),
  ranged(AT(timeouts.dns), duration, 100, kHour, "A name look-up."),
  ranged(AT(timeouts.connect), duration, 100, kHour, "TCP to the origin, all of its addresses together."),
  ranged(AT(timeouts.happy_eyeballs), duration, 10, 10 * kSecond, "Head start of the first address (RFC 8305)."),
  ranged(AT(timeouts.origin_handshake), duration, 100, kHour, "TLS to the origin."),
  ranged(AT(timeouts.response_head), duration, 100, kDay, "From the end of the request until the origin's status line."),
  ranged(AT(timeouts.origin_body), duration, 100, kDay, "Between two reads of a response body."),
  ranged(AT(timeouts.origin_write), duration, 100, kDay, "An origin that takes nothing of its request."),
  ranged(AT(timeouts.origin_queue), duration, 0, kHour, "A request that waits for one of limits.origin_connections_per_host; then it gets 503."),
  ranged(AT(timeouts.origin_idle), duration, 100, kDay, "A pooled connection to an origin."),
  ranged(AT(timeouts.stream_idle), duration, 1 * kSecond, 30 * kDay, "Between two reads of an endless response, a WebSocket or a tunnel."),
  ranged(AT(timeouts.drain), duration, 0, kDay, "After SIGTERM, how long what runs may go on."),

  plain(AT(tls.extra_ca_files), paths, "PEM files of CAs that are trusted for origins beside the system's."),
  plain(AT(tls.system_ca_file), path, "The system's CAs. Empty: none."),
  ranged(AT(tls.leaf_lifetime), duration, kHour, 397 * kDay, "How long our certificates are valid."),
  ranged(AT(tls.leaf_backdate), duration, 0, 7 * kDay, "How long before now they begin, for clients whose clocks are slow."),
  ranged(AT(tls.leaf_cache_entries), count, 16, 10'000'000, "Certificates kept, in each loop."),
  ranged(AT(tls.ticket_key_rotation), duration, kMinute, 30 * kDay, "Age at which a session ticket key is replaced; two older ones still open."),
  plain(AT(tls.aia_fetch), flag, "Fetch intermediate certificates that an origin forgot to send."),
  one_of(AT(tls.revocation), "off soft hard", "What an unknown revocation state means: not asked (off), good (soft), bad (hard)."),
  plain(AT(tls.crl_files), paths, "Revocation lists in force, PEM or DER."),
  ranged(AT(tls.aia_max_bytes), bytes, 1 * kKiB, 16 * kMiB, "Largest certificate, CRL or OCSP answer that is fetched."),
  ranged(AT(tls.aia_timeout), duration, 100, kMinute, "How long such a fetch may take."),

  plain(AT(dns.servers), servers, "DNS servers. Empty: those of /etc/resolv.conf."),
  plain(AT(dns.hosts), hosts, "Names with fixed addresses, which win over DNS."),
  plain(AT(dns.hosts_only), flag, "Resolve nothing but dns.hosts."),
  ranged(AT(dns.cache_entries), count, 0, 10'000'000, "Answers kept."),
  ranged(AT(dns.positive_ttl_max), duration, 0, 7 * kDay, "Longest time that an address is kept, whatever its TTL."),
  ranged(AT(dns.positive_ttl_min), duration, 0, kDay, "Shortest time that an address is kept."),
  ranged(AT(dns.negative_ttl), duration, 0, kDay, "How long it is kept that a name does not resolve."),

  plain(AT(auth.password_file), path, "Proxy users, one user:hash a line (weir passwd makes them). Empty: no authentication."),
  plain(AT(auth.realm), text, "What the browser's password prompt says."),

  ranged(AT(inspect.workers), count, 0, 1024, "Scan processes at once. 0: one for each core."),
  ranged(AT(inspect.files_per_worker), count, 1, 1'000'000, "Files that a jailed scan process reads before it is replaced."),
  ranged(AT(inspect.queue), count, 0, 1'000'000, "Files that may wait for a scan process."),
  one_of(AT(inspect.isolation), "required best_effort", "When a layer of a scan process's jail cannot be had: do not start (required), or warn (best_effort)."),
  plain(AT(inspect.rules_dir), path, "YARA rules, *.yar."),
  plain(AT(inspect.clamav_dir), path, "ClamAV's signature databases, as freshclam leaves them."),
  plain(AT(inspect.hash_files), paths, "Lists of bad SHA-256, SHA-1 or MD5 digests: plain, or ClamAV's .hdb and .hsb."),
  plain(AT(inspect.publisher_roots), path, "PEM file of self-signed certificates that vouch for publishers of signed programs, and for the time stamps in them. Empty: no publisher is proven."),
  ranged(AT(inspect.spool_memory_bytes), bytes, 4 * kKiB, 1 * kGiB, "Part of a download kept in memory; the rest goes to an unlinked file."),
  plain(AT(inspect.spool_dir), path, "Where those files are. Empty: spool in state_dir."),
  ranged(AT(inspect.spool_total_bytes), bytes, 1 * kMiB, 1024 * kTiB, "All downloads that are held at once."),
  ranged(AT(inspect.verdict_cache_entries), count, 0, 100'000'000, "Verdicts remembered by SHA-256."),
  ranged(AT(inspect.verdict_cache_ttl), duration, 0, 30 * kDay, "How long a verdict is remembered."),
  ranged(AT(inspect.decoded_ratio), count, 2, 1'000'000, "Decoded to coded size of a body, past 16 MiB, above which it is a bomb."),
  ranged(AT(inspect.worker_memory_bytes), bytes, 64 * kMiB, 1 * kTiB, "Memory of a scan process above its engines'."),
  ranged(AT(inspect.archive_depth), count, 1, 100, "Archives in archives."),
  ranged(AT(inspect.archive_entries), count, 1, 100'000'000, "Files in a download, at all depths."),
  ranged(AT(inspect.archive_entry_bytes), bytes, 1 * kMiB, 1 * kTiB, "Largest file in an archive."),
  ranged(AT(inspect.archive_total_bytes), bytes, 1 * kMiB, 16 * kTiB, "All files in a download together."),
  ranged(AT(inspect.archive_ratio), count, 2, 1'000'000, "Unpacked to packed size above which an archive is a bomb."),

  one_of(AT(events.output), "file stdout syslog none", "Where events go."),
  plain(AT(events.file), path, "The file. Empty: events.jsonl in state_dir."),
  ranged(AT(events.rotate_bytes), bytes, 64 * kKiB, 1 * kTiB, "Size at which the file is rotated."),
  ranged(AT(events.rotate_keep), count, 0, 10'000, "Rotated files that are kept."),
  plain(AT(events.syslog), sink, "Server: udp://host:port, tcp://host:port or unix:///dev/log."),
  ranged(AT(events.queue), count, 16, 10'000'000, "Events that may wait to be written."),
  one_of(AT(events.on_full), "continue refuse", "When they cannot be written: lose and count them (continue), or refuse new requests (refuse)."),

  one_of(AT(log.level), "debug info warning error", "The least that is logged."),

  plain(AT(names.brands_file), path, "The brands that others pass for. Empty: none are looked for."),
  plain(AT(names.doh_file), path, "Hosts that resolve names over HTTPS. Empty: told by their paths only."),
  plain(AT(names.cloud_file), path, "Names below which anybody gets room, beside the Public Suffix List."),
  plain(AT(names.popular_file), path, "Domains that are new to nobody, one a line, also as rank,domain. Empty: none."),
  ranged(AT(names.remember), count, 0, 100'000'000, "Domains whose first visit is remembered; 20 bytes of memory each. Those that nobody visited for longest go. 0: none."),
  ranged(AT(names.learn), duration, 0, 365 * kDay, "How long a new memory learns before it calls anything new."),
  plain(AT(names.rdap), flag, "Ask registries (RDAP) when domains were registered, for the condition domain_age. It tells them which domains are visited here."),
  plain(AT(names.rdap_bootstrap), text, "Where the list of the registries' servers is (RFC 9224)."),

  plain(AT(portal.host), host, "The gateway's own site, on which people give the passwords of locked files. Https, through the proxy only: the name need not resolve."),
  ranged(AT(portal.kept_files), count, 0, 100'000, "Locked files that wait for their password. They count in inspect.spool_total_bytes."),
  ranged(AT(portal.kept_files_per_client), count, 1, 10'000, "Of these, files of one client. The oldest goes."),
  ranged(AT(portal.held_files), count, 0, 1'000'000, "Files that wait for a sandbox behind a progress page. They count in inspect.spool_total_bytes. One more waits without a page."),
  ranged(AT(portal.held_files_per_client), count, 1, 100'000, "Of these, files of one client. The oldest goes."),
  ranged(AT(portal.tries_per_minute), count, 1, 10'000, "Passwords that a client may try in a minute."),
  ranged(AT(portal.remembered_pages), count, 0, 1'000'000, "Pages whose words for passwords are remembered, to be tried on what is downloaded from them. 0: none."),
  ranged(AT(portal.page_memory), duration, kSecond, kDay, "How long they are remembered."),

  plain(AT(notice.organisation), text, "Who speaks on block pages."),
  plain(AT(notice.contact), text, "Whom a person may ask."),

  plain(AT(history.record), flag, "Keep a row for each transaction: who got what. weir history, weir timeline and weir retro ask it."),
  ranged(AT(history.keep), duration, kHour, 3650 * kDay, "How long rows are kept."),
  ranged(AT(history.max_bytes), bytes, 64 * kMiB, 64 * kTiB, "All files of the history. The oldest goes first."),
  ranged(AT(history.queue), count, 16, 10'000'000, "Rows that may wait to be written. Beyond that they are lost and counted."),
  plain(AT(history.hunt), flag, "Look back when feeds or a sandbox say something new, and tell who got it before."),
  plain(AT(history.hunt_urls), flag, "Look for listed URLs, too: that reads each row."),

  one_of(AT(quarantine.files), "off blocked held both", "Which files are kept, encrypted, for an administrator."),
  ranged(AT(quarantine.max_bytes), bytes, 1 * kMiB, 64 * kTiB, "All of them. The oldest that are not held go first."),
  ranged(AT(quarantine.max_file_bytes), bytes, 64 * kKiB, 1 * kTiB, "The largest one."),
  ranged(AT(quarantine.keep), duration, kHour, 3650 * kDay, "How long after it came last."),
  plain(AT(quarantine.zip_password), text, "Password of the ZIP that weir quarantine fetch writes."),
  plain(AT(quarantine.key_file), path, "The key, made at the first start. Empty: quarantine.key in state_dir."),

  one_of(AT(notify.severity), "informational low medium high critical", "The least severe notice that is sent to the outlets."),
  plain(AT(notify.webhook), text, "URL to which notices are posted as JSON. Empty: none."),
  plain(AT(notify.webhook_header_file), path, "A file whose first line is sent as a header, like Authorization: Bearer x. Read each time."),
  plain(AT(notify.mail_server), text, "smtp://host:port or smtps://host:port. Empty: no mail."),
  plain(AT(notify.mail_from), text, "The sender's address."),
  plain(AT(notify.mail_to), text, "Addresses, with commas between."),
  one_of(AT(notify.mail_tls), "required optional none", "STARTTLS with a server at smtp://: required; used when it is offered (optional); never (none)."),
  plain(AT(notify.mail_login_file), path, "A file with user and password, a line each. Empty: no login."),
  plain(AT(notify.ca_file), path, "PEM file of the CA of the webhook's and the mail server. Empty: those of the system."),
  ranged(AT(notify.give_up), duration, kMinute, 365 * kDay, "How long it is tried to send a notice."),

  plain(AT(links.edr), text, "URL in the EDR for one row of a timeline, with {host} {user} {client} {hash} {url} {event} {ms} {from_ms} {to_ms}."),
  plain(AT(links.siem), text, "The same in the SIEM."),
  plain(AT(links.intelligence), text, "The same in a service that knows hashes or hosts."),

  plain(AT(api.tokens_file), path, "Who may use the JSON API on the admin listener: a list of name, role and the SHA-256 of a token (docs/api.md). Empty: there is no API."),
  ranged(AT(api.max_body_bytes), bytes, 1 * kKiB, 16 * kMiB, "Largest body of a request."),
  ranged(AT(api.page_rows), count, 1, 10'000, "Most rows of one answer."),
  ranged(AT(api.threads), count, 1, 64, "Threads that do what may wait for the disk."),
  ranged(AT(api.requests), count, 1, 10'000, "Requests at work and waiting. More get 503."),
  ranged(AT(api.timeout), duration, 100, kHour, "How long a request may take; then it gets 503."),
  ranged(AT(api.failures_per_minute), count, 1, 10'000, "Wrong tokens that an address may send in a minute; then it gets 429."),
};
// clang-format on
#undef AT

constexpr std::string_view kKindNames[] = {"flag",
                                           "number",
                                           "size",
                                           "time",
                                           "text",
                                           "word",
                                           "path",
                                           "list of paths",
                                           "host",
                                           "host:port",
                                           "list of host:port",
                                           "list of addresses",
                                           "syslog URL",
                                           "map of host to addresses"};

// A scalar that YAML takes for nothing else.
std::string scalar_text(const std::string& text) {
  const bool bare = !text.empty() && text.find_first_of(" :#'\"[]{},&*!|>%@`-?") != 0 &&
                    text.find_first_of(":#,[]{}'\"") == std::string::npos && text.back() != ' ';
  if (bare && text != "off" && text != "none") return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::string list_text(const std::vector<std::string>& values) {
  std::string out = "[";
  for (const std::string& value : values) {
    out += (out.size() > 1 ? ", " : "") + scalar_text(value);
  }
  return out + "]";
}

std::string hosts_text(const std::vector<HostsEntry>& hosts) {
  std::string out = "{";
  for (const HostsEntry& entry : hosts) {
    out += (out.size() > 1 ? ", " : "") + entry.name + ": " + list_text(entry.addresses);
  }
  return out + "}";
}

struct ValueText {
  SettingKind kind;

  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(int value) const { return std::to_string(value); }
  std::string operator()(std::uint32_t value) const { return (*this)(std::uint64_t{value}); }
  std::string operator()(std::uint64_t value) const {
    return kind == bytes ? bytes_text(value) : std::to_string(value);
  }
  std::string operator()(Millis value) const { return duration_text(value); }
  std::string operator()(Seconds value) const { return duration_text(value); }
  std::string operator()(const std::string& value) const { return scalar_text(value); }
  std::string operator()(const std::vector<std::string>& value) const { return list_text(value); }
  std::string operator()(const std::vector<HostsEntry>& value) const { return hosts_text(value); }
};

}  // namespace

std::string_view setting_kind_name(SettingKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

std::span<const SettingRow> setting_rows() { return kRows; }

std::string_view section_of(const SettingRow& row) {
  const std::size_t dot = row.key.find('.');
  return dot == std::string_view::npos ? std::string_view{} : row.key.substr(0, dot);
}

std::string_view name_of(const SettingRow& row) {
  return row.key.substr(row.key.find('.') + 1);  // npos + 1 is 0
}

std::string setting_text(const SettingRow& row, const Settings& settings) {
  Settings& writable = const_cast<Settings&>(settings);  // fields point into a Settings to fill
  return std::visit([&](auto field) { return ValueText{row.kind}(*field(writable)); }, row.field);
}

std::string default_path_beside_config(std::string_view default_path) {
  const std::filesystem::path path(default_path);
  if (path.empty() || path.is_absolute()) return path.string();
  return path.lexically_relative("conf").string();
}

}  // namespace weir

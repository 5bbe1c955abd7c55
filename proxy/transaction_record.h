// Everything one transaction's event will say. Filled as the transaction goes; handed to the event
// log by value when it ends, exactly once, whatever happened. No bodies, cookies or credentials.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/finding.h"
#include "core/net_addr.h"

namespace weir {

struct StageNote {
  std::string stage;   // "connect", "request", "response", "verdict", "certificate", "guard"
  std::string action;  // policy/policy.h action_name
  std::string rule;
};

// What one feed says of the host or URL.
struct ListingNote {
  std::string source, threat;
  std::string matched;  // the listed value
  std::string category, note;
  unsigned confidence = 0;
};

// What the host's name told (proxy/name_knowledge.h).
struct NameNote {
  std::string brand, lookalike, why;  // "" = passes for none
  unsigned lookalike_score = 0, machine_made = 0;
  std::vector<std::string> site;
  bool remembered = false;  // whether the rest is known
  bool learning = false;
  unsigned visits = 0;  // before this one
  WallTime first_seen{};
  std::optional<std::uint64_t> domain_age;  // seconds
};

// A warning, and what the person made of it.
struct CoachNote {
  bool offered = false;       // the page was shown
  std::string justification;  // of the person who went on
  std::string warned_by;      // the event that warned; "" = nobody went on
  std::string url;            // at the portal: what was asked for
};

// How a locked file was opened, or offered to be.
struct UnlockNote {
  bool offered = false;     // the page asked for the password
  std::string opened_by;    // "list", "page", "person"; "" = not opened
  unsigned tries = 0;       // of the person, so far
  std::string withheld_by;  // the event that withheld the file; "" = this one
  std::string url;          // of that event
};

// What a sandbox was asked, and said.
struct SandboxNote {
  std::string asked;                           // "hold", "release"; "" = none was asked
  std::string rule;                            // that asked
  std::string verdict, reason, engine, title;  // "" = no answer (yet)
  unsigned score = 0;
  std::chrono::nanoseconds waited{};
  bool page = false;    // the client was shown a progress page
  std::string held_by;  // at the portal: the event that held the file
  std::string url;      // of that event
};

struct TransactionRecord {
  std::string id;  // ULID, also on the block page and in X-Weir-Event
  WallTime start{};
  Endpoint client;
  std::string user;
  std::string method, url, host;
  std::uint16_t port = 0;
  std::string client_protocol;  // "HTTP/1.1", "HTTP/2", "CONNECT" for tunnels
  std::string user_agent, referrer;
  int status = 0;                  // as sent to the client; 0 = none
  std::uint64_t bytes_in = 0;      // request body
  std::uint64_t bytes_out = 0;     // response body to the client
  std::uint64_t bytes_origin = 0;  // response body from the origin
  // timings; zero = did not happen
  std::chrono::nanoseconds dns{}, connect{}, tls{}, first_byte{}, queued{}, scan{}, total{};
  // TLS
  std::string client_tls_version, client_tls_cipher, sni, ja4, client_alpn;
  bool ech = false;
  std::string origin_address, origin_tls_version, origin_tls_cipher, origin_alpn;
  std::string certificate_sha256, certificate_subject, certificate_issuer, certificate_error;
  bool origin_reused = false;
  // file
  std::string file_name, file_type, content_type, sha256;
  std::uint64_t file_size = 0;
  bool scanned = false, from_cache = false;
  Verdict verdict = Verdict::clean;
  Reason reason = Reason::none;
  std::vector<Finding> findings;
  std::vector<ArtifactNote> tree;  // the first files inside; empty when it holds none
  unsigned score = 0;              // of its signs
  std::uint32_t artifacts = 0;
  std::vector<ListingNote> reputation;  // the first 16
  NameNote name;
  CoachNote coach;
  UnlockNote unlock;
  SandboxNote sandbox;
  // decision
  std::string action = "allow";  // allow, alert, block, unlock, coach, hold, bypass, error
  std::string rule;              // of the stage that decided
  std::string delivery;          // hold, trickle, stream, direct; "" = no response delivered
  std::vector<StageNote> stages;
  std::string first_bytes;  // of a CONNECT that was not TLS: identified kind
  std::string policy_version;
  std::string error;  // Error::what when action is error or the transfer broke
  std::string error_code, error_fault;
};

}  // namespace weir

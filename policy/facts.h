// What policy may look at. Filled by the transaction as the facts become known; each stage sees
// those of the stages before it. Views are owned by the transaction and outlive the evaluation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/finding.h"
#include "core/net_addr.h"

namespace weir {

// sandbox is asked about what the verdict stage lets go; with a sandbox's answer the verdict stage
// is asked again.
enum class Stage : std::uint8_t { connect, request, response, verdict, sandbox };

// The category of what is in no other.
inline constexpr std::string_view kUncategorised = "uncategorised";

struct Facts {
  // connect
  IpAddress client;                      // canonical (v4-mapped unwrapped)
  std::string_view user;                 // "" = not authenticated
  std::vector<std::string_view> groups;  // of the user
  std::string_view host;  // canonical, lower case, no trailing dot, IP literals unbracketed
  std::uint16_t port = 0;
  std::string_view scheme;  // "http", "https"; "tunnel" when neither is known
  std::string_view sni;     // "" = none sent
  bool tls = false;         // a ClientHello was read
  bool ech = false;         // extension 0xfe0d present (draft-ietf-tls-esni)
  std::string_view ja4;
  std::string_view first_bytes;  // of a CONNECT that is not TLS: "ssh", "rdp", "unknown", ...
  std::vector<std::string_view> categories;  // of the host or URL, from list files
  // What feeds and local lists say of the host, from the request stage on also of the URL.
  std::vector<std::string_view> reputation;  // "malware", "phishing", ...; empty = not listed
  std::vector<std::string_view> sources;     // the feeds that say so
  unsigned confidence = 0;                   // the highest of them, 0 to 100
  // What the host's name tells before any list does (docs/names.md).
  std::vector<std::string_view> lookalike;  // how it passes for a brand: "homoglyph", ...
  unsigned lookalike_score = 0;             // 0 to 100
  unsigned machine_made = 0;                // 0 to 100
  std::optional<std::uint64_t> seen_since;  // seconds since its domain was first seen here
  std::optional<std::uint64_t> domain_age;  // seconds since its domain was registered
  std::vector<std::string_view> site;       // "ip-literal", "cloud-hosting", ...
  WallTime now{};
  // request
  std::string_view method;
  std::string_view url;   // canonical
  std::string_view path;  // with query
  std::string_view user_agent;
  // certificate error of the origin ("expired", "wrong-host", "self-signed", ...), "" = none
  std::string_view certificate_error;
  // response
  int status = 0;
  std::string_view content_type;      // lower case, without parameters
  std::optional<std::uint64_t> size;  // bytes, when known
  std::string_view file_type;         // by content (core/file_type.h name), "" = not known yet
  std::string_view file_family;       // "executable", "archive", "document", "script", "media", ...
  std::string_view file_name;
  bool endless = false;  // event stream, gRPC, ...: known never to end by itself
  // verdict
  Verdict verdict = Verdict::clean;
  Reason reason = Reason::none;
  std::string_view sha256;                 // lower-case hex
  std::string_view threat;                 // name of the deciding finding
  std::vector<std::string_view> findings;  // the names of all
  std::string_view publisher;              // who signed it, proven, in lower case; "" = nobody is
  unsigned score = 0;                      // of its signs, 0 to 100
  std::vector<std::string_view> contains;  // types and families of the files inside
  std::string_view sandbox;                // what a sandbox says: "clean", ...; "" = none has
};

}  // namespace weir

// Messages between the gateway, the scan zygote and its jailed children: one per SOCK_SEQPACKET
// datagram, descriptors beside it (SCM_RIGHTS).
//   u32 size of the whole · u8 version (2) · u8 kind · u16 zero · fields
// Numbers are big-endian, a text is a u16 length and bytes. Whatever does not decode exactly
// (unknown kind or enumerator, text over its bound, missing or extra bytes) is malformed, and
// whoever receives it ends the conversation.
//
//   gateway → zygote   SpawnRequest
//   zygote → gateway   ScanReady or ScanFailed, once, first; then Spawned (+ socket, pidfd) or
//                      SpawnFailed for each request, in order
//   gateway → child    ScanJob (+ the file, + where to put what is taken out); the next only after
//                      the reply
//   child → gateway    ScanReply; the child goes when its socket closes
//
// encode and decode are sans-io, any thread; send and receive work on one socket, one caller at a
// time, and wait only if the socket does.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/bytes.h"
#include "core/fd.h"
#include "core/finding.h"
#include "core/result.h"

namespace weir {

inline constexpr std::size_t kMaxScanMessage = 160 * 1024;
inline constexpr std::size_t kMaxScanText = 1024;  // name hint, where, warning, error text
inline constexpr std::size_t kMaxFindingName = 256;
inline constexpr std::size_t kMaxScanFindings = 48;  // in one reply
inline constexpr std::size_t kMaxScanWarnings = 16;
inline constexpr std::size_t kMaxScanDetail = 200;  // evidence of a finding
inline constexpr std::size_t kMaxScanNotes = 64;    // artifacts named in one reply
inline constexpr std::size_t kMaxNoteWhere = 256;
inline constexpr std::size_t kMaxNoteWord = 32;  // type, from
inline constexpr std::size_t kMaxScanPasswords = 64;
inline constexpr std::size_t kMaxScanPassword = 128;
inline constexpr std::size_t kMaxScanDigest = 64;      // SHA-256 in hex
inline constexpr std::size_t kMaxPageWords = 16;       // a page's words for passwords, in one reply
inline constexpr std::size_t kMaxScanDescriptors = 2;  // beside one message

// The engines are loaded and have found their canaries.
struct ScanReady {
  std::string generation;  // changes when a rule or a signature file does: part of the verdict key
  std::uint32_t yara_rules = 0;
  std::uint32_t clamav_signatures = 0;
  std::uint64_t clamav_time = 0;  // newest signature file, Unix seconds; 0 = there is none
  std::vector<std::string>
      warnings;  // for the operator: "clamav: no signatures in /var/lib/clamav"
  bool operator==(const ScanReady&) const = default;
};

// The engines cannot work; the zygote ends after this. "rules/x.yar:12: undefined identifier"
struct ScanFailed {
  std::string text;
  bool operator==(const ScanFailed&) const = default;
};

struct SpawnRequest {
  std::uint32_t id = 0;
  bool operator==(const SpawnRequest&) const = default;
};

// Descriptors: the gateway's end of the child's socket, then its pidfd.
struct Spawned {
  std::uint32_t id = 0;
  std::uint32_t pid = 0;
  bool operator==(const Spawned&) const = default;
};

struct SpawnFailed {
  std::uint32_t id = 0;
  std::string text;
  bool operator==(const SpawnFailed&) const = default;
};

using ZygoteMessage = std::variant<ScanReady, ScanFailed, Spawned, SpawnFailed>;

// Bounds for what is unpacked from one file.
struct ScanLimits {
  std::uint32_t depth = 12;       // containers inside containers
  std::uint32_t entries = 10000;  // files in all containers together
  std::uint64_t entry_bytes = 1ULL << 30;
  std::uint64_t total_bytes = 4ULL << 30;
  std::uint64_t ratio = 500;               // unpacked over packed, past 16 MiB
  std::chrono::milliseconds time{60'000};  // for the whole job; at most a day
  bool operator==(const ScanLimits&) const = default;
};

// One descriptor: the file, read only from offset 0 by position. With `take_out` a second one: a
// file of exactly the size of what is wanted, which is written from offset 0 by position.
struct ScanJob {
  std::uint64_t id = 0;
  ScannerSet scanners;
  std::string name;  // as the client would save it; a hint, hostile
  ScanLimits limits;
  std::vector<std::string> passwords;  // tried on what is encrypted, in order
  // SHA-256 in lower-case hex of a file inside, to be written out instead of anything being
  // reported; "" = a scan as usual. The reply says nothing of whether it was found: who asked
  // compares the digest.
  std::string take_out = {};
  bool operator==(const ScanJob&) const = default;
};

struct ScanReply {
  std::uint64_t id = 0;  // of the job
  ScannerSet completed;  // those that saw everything they had to see, or said what they did not
  std::vector<Finding> findings;
  std::uint32_t artifacts = 1;
  std::vector<ArtifactNote> tree;  // the first kMaxScanNotes of them; empty when there is one only
  std::vector<std::string> page_words;  // of a page: what it calls a password
  bool operator==(const ScanReply&) const = default;
};

// Texts over their bound are cut; of too many findings the gravest stay.
std::string encode(const ScanReady& message);
std::string encode(const ScanFailed& message);
std::string encode(const SpawnRequest& message);
std::string encode(const Spawned& message);
std::string encode(const SpawnFailed& message);
std::string encode(const ScanJob& message);
std::string encode(const ScanReply& message);

// Errors are Errc::malformed, fault helper.
Result<ZygoteMessage> decode_zygote_message(ByteView datagram);
Result<SpawnRequest> decode_spawn_request(ByteView datagram);
Result<ScanJob> decode_scan_job(ByteView datagram);
Result<ScanReply> decode_scan_reply(ByteView datagram);

struct ScanDatagram {
  std::string bytes;
  std::vector<UniqueFd> fds;  // close-on-exec
};

// On a non-blocking socket that would wait: Errc::busy, retryable. The peer gone: Errc::closed.
Result<void> send_scan_message(int socket, std::string_view bytes, std::span<const int> fds = {});
Result<ScanDatagram> receive_scan_message(int socket);

}  // namespace weir

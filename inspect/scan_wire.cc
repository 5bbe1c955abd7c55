#include "inspect/scan_wire.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "core/cursor.h"

namespace weir {
namespace {

constexpr std::uint8_t kVersion = 2;
constexpr std::size_t kHeaderBytes = 8;
constexpr std::uint64_t kMaxTimeMillis = 24ULL * 3600 * 1000;

enum class Kind : std::uint8_t { ready = 1, failed, spawn, spawned, spawn_failed, job, reply };

class Writer {
 public:
  explicit Writer(Kind kind) {
    number(0, 4);
    number(kVersion, 1);
    number(static_cast<std::uint8_t>(kind), 1);
    number(0, 2);
  }
  Writer& number(std::uint64_t value, int width) {
    for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) {
      out_ += static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xff);
    }
    return *this;
  }
  Writer& text(std::string_view value, std::size_t most) {
    value = value.substr(0, most);
    number(value.size(), 2);
    out_ += value;
    return *this;
  }
  std::string finish() {
    const std::size_t size = out_.size();
    for (unsigned i = 0; i < 4; ++i) out_[i] = static_cast<char>((size >> (24 - 8 * i)) & 0xff);
    return std::move(out_);
  }

 private:
  std::string out_;
};

// Reads fields; anything wrong sticks until done() tells.
class Reader {
 public:
  explicit Reader(ByteView bytes) : in_(bytes) {
    const bool sized = bytes.size() >= kHeaderBytes && bytes.size() <= kMaxScanMessage;
    if (in_.u32be() != bytes.size() || !sized) bad_ = true;
    if (in_.u8() != kVersion) bad_ = true;
    kind_ = static_cast<Kind>(in_.u8());
    if (in_.u16be() != 0) bad_ = true;
  }
  Kind kind() const { return kind_; }
  std::uint8_t u8() { return in_.u8(); }
  std::uint16_t u16() { return in_.u16be(); }
  std::uint32_t u32() { return in_.u32be(); }
  std::uint64_t u64() { return in_.u64be(); }
  std::string text(std::size_t most) {
    const std::uint16_t size = u16();
    if (size > most) bad_ = true;
    return std::string(as_text(in_.take(size)));
  }
  template <class E>
  E enumerator(E last) {
    const std::uint8_t value = u8();
    if (value > static_cast<std::uint8_t>(last)) bad_ = true;
    return static_cast<E>(value);
  }
  ScannerSet scanners() {
    const std::uint8_t bits = u8();
    if (ScannerSet::from_bits(bits).bits() != bits) bad_ = true;
    return ScannerSet::from_bits(bits);
  }
  void require(bool holds) { bad_ = bad_ || !holds; }
  bool good() const { return !bad_ && in_.ok(); }
  bool done() const { return good() && in_.at_end(); }

 private:
  Cursor in_;
  Kind kind_{};
  bool bad_ = false;
};

std::unexpected<Error> broken(std::string_view what) {
  return fail(Errc::malformed, Fault::helper, "scan message: malformed " + std::string(what));
}

template <class T, class Message>
Result<T> finished(const Reader& in, Message&& message, std::string_view what) {
  if (!in.done()) return broken(what);
  return T(std::forward<Message>(message));
}

ScanReady read_ready(Reader& in) {
  ScanReady ready;
  ready.generation = in.text(kMaxScanText);
  ready.yara_rules = in.u32();
  ready.clamav_signatures = in.u32();
  ready.clamav_time = in.u64();
  const std::uint8_t count = in.u8();
  in.require(count <= kMaxScanWarnings);
  for (unsigned i = 0; i < count && in.good(); ++i) {
    ready.warnings.push_back(in.text(kMaxScanText));
  }
  return ready;
}

Finding read_finding(Reader& in) {
  Finding finding;
  finding.scanner = in.enumerator(static_cast<Scanner>(kScannerCount - 1));
  finding.verdict = in.enumerator(Verdict::malicious);
  finding.reason = in.enumerator(Reason::engine_down);
  in.require((finding.verdict == Verdict::uninspectable) == (finding.reason != Reason::none));
  finding.name = in.text(kMaxFindingName);
  finding.where = in.text(kMaxScanText);
  finding.detail = in.text(kMaxScanDetail);
  finding.score = in.u8();
  return finding;
}

constexpr std::size_t kDigestText = 64;

ArtifactNote read_note(Reader& in) {
  ArtifactNote note;
  note.where = in.text(kMaxNoteWhere);
  note.type = in.text(kMaxNoteWord);
  note.from = in.text(kMaxNoteWord);
  note.size = in.u64();
  note.sha256 = in.text(kDigestText);
  return note;
}

void write_note(Writer& out, const ArtifactNote& note) {
  out.text(note.where, kMaxNoteWhere).text(note.type, kMaxNoteWord).text(note.from, kMaxNoteWord);
  out.number(note.size, 8).text(note.sha256, kDigestText);
}

ScanLimits read_limits(Reader& in) {
  ScanLimits limits;
  limits.depth = in.u32();
  limits.entries = in.u32();
  limits.entry_bytes = in.u64();
  limits.total_bytes = in.u64();
  limits.ratio = in.u64();
  const std::uint64_t millis = in.u64();
  in.require(millis <= kMaxTimeMillis);
  limits.time = std::chrono::milliseconds(std::min(millis, kMaxTimeMillis));
  return limits;
}

// At most kMaxScanFindings, the gravest first when there are more.
std::vector<const Finding*> gravest(const std::vector<Finding>& findings) {
  std::vector<const Finding*> order;
  for (const Finding& finding : findings) order.push_back(&finding);
  if (order.size() <= kMaxScanFindings) return order;
  std::ranges::sort(order, [](const Finding* a, const Finding* b) {
    return a->verdict != b->verdict ? a->verdict > b->verdict : a < b;
  });
  order.resize(kMaxScanFindings);
  return order;
}

}  // namespace

std::string encode(const ScanReady& message) {
  Writer out(Kind::ready);
  out.text(message.generation, kMaxScanText);
  out.number(message.yara_rules, 4).number(message.clamav_signatures, 4);
  out.number(message.clamav_time, 8);
  const std::size_t count = std::min(message.warnings.size(), kMaxScanWarnings);
  out.number(count, 1);
  for (std::size_t i = 0; i < count; ++i) out.text(message.warnings[i], kMaxScanText);
  return out.finish();
}

std::string encode(const ScanFailed& message) {
  return Writer(Kind::failed).text(message.text, kMaxScanText).finish();
}

std::string encode(const SpawnRequest& message) {
  return Writer(Kind::spawn).number(message.id, 4).finish();
}

std::string encode(const Spawned& message) {
  return Writer(Kind::spawned).number(message.id, 4).number(message.pid, 4).finish();
}

std::string encode(const SpawnFailed& message) {
  return Writer(Kind::spawn_failed).number(message.id, 4).text(message.text, kMaxScanText).finish();
}

std::string encode(const ScanJob& message) {
  const ScanLimits& limits = message.limits;
  const auto millis = static_cast<std::uint64_t>(std::max<long long>(limits.time.count(), 0));
  Writer out(Kind::job);
  out.number(message.id, 8).number(message.scanners.bits(), 1).text(message.name, kMaxScanText);
  out.number(limits.depth, 4).number(limits.entries, 4).number(limits.entry_bytes, 8);
  out.number(limits.total_bytes, 8).number(limits.ratio, 8);
  out.number(std::min(millis, kMaxTimeMillis), 8);
  const std::size_t passwords = std::min(message.passwords.size(), kMaxScanPasswords);
  out.number(passwords, 1);
  for (std::size_t i = 0; i < passwords; ++i) out.text(message.passwords[i], kMaxScanPassword);
  out.text(message.take_out, kMaxScanDigest);
  return out.finish();
}

std::string encode(const ScanReply& message) {
  const std::vector<const Finding*> findings = gravest(message.findings);
  Writer out(Kind::reply);
  out.number(message.id, 8).number(message.completed.bits(), 1).number(message.artifacts, 4);
  out.number(findings.size(), 2);
  for (const Finding* finding : findings) {
    out.number(static_cast<std::uint8_t>(finding->scanner), 1);
    out.number(static_cast<std::uint8_t>(finding->verdict), 1);
    out.number(static_cast<std::uint8_t>(finding->reason), 1);
    out.text(finding->name, kMaxFindingName).text(finding->where, kMaxScanText);
    out.text(finding->detail, kMaxScanDetail).number(finding->score, 1);
  }
  const std::size_t notes = std::min(message.tree.size(), kMaxScanNotes);
  out.number(notes, 1);
  for (std::size_t i = 0; i < notes; ++i) write_note(out, message.tree[i]);
  const std::size_t words = std::min(message.page_words.size(), kMaxPageWords);
  out.number(words, 1);
  for (std::size_t i = 0; i < words; ++i) out.text(message.page_words[i], kMaxScanPassword);
  return out.finish();
}

Result<ZygoteMessage> decode_zygote_message(ByteView datagram) {
  Reader in(datagram);
  constexpr std::string_view what = "message of the zygote";
  switch (in.kind()) {
    case Kind::ready: {
      ScanReady ready = read_ready(in);
      return finished<ZygoteMessage>(in, std::move(ready), what);
    }
    case Kind::failed: {
      ScanFailed failed{in.text(kMaxScanText)};
      return finished<ZygoteMessage>(in, std::move(failed), what);
    }
    case Kind::spawned: {
      Spawned spawned;
      spawned.id = in.u32();
      spawned.pid = in.u32();
      return finished<ZygoteMessage>(in, spawned, what);
    }
    case Kind::spawn_failed: {
      SpawnFailed failed;
      failed.id = in.u32();
      failed.text = in.text(kMaxScanText);
      return finished<ZygoteMessage>(in, std::move(failed), what);
    }
    default: return broken(what);
  }
}

Result<SpawnRequest> decode_spawn_request(ByteView datagram) {
  Reader in(datagram);
  in.require(in.kind() == Kind::spawn);
  SpawnRequest request{in.u32()};
  return finished<SpawnRequest>(in, request, "spawn request");
}

Result<ScanJob> decode_scan_job(ByteView datagram) {
  Reader in(datagram);
  in.require(in.kind() == Kind::job);
  ScanJob job;
  job.id = in.u64();
  job.scanners = in.scanners();
  job.name = in.text(kMaxScanText);
  job.limits = read_limits(in);
  const std::uint8_t passwords = in.u8();
  in.require(passwords <= kMaxScanPasswords);
  for (unsigned i = 0; i < passwords && in.good(); ++i) {
    job.passwords.push_back(in.text(kMaxScanPassword));
  }
  job.take_out = in.text(kMaxScanDigest);
  return finished<ScanJob>(in, std::move(job), "job");
}

Result<ScanReply> decode_scan_reply(ByteView datagram) {
  Reader in(datagram);
  in.require(in.kind() == Kind::reply);
  ScanReply reply;
  reply.id = in.u64();
  reply.completed = in.scanners();
  reply.artifacts = in.u32();
  const std::uint16_t count = in.u16();
  in.require(count <= kMaxScanFindings);
  for (unsigned i = 0; i < count && in.good(); ++i) reply.findings.push_back(read_finding(in));
  const std::uint8_t notes = in.u8();
  in.require(notes <= kMaxScanNotes);
  for (unsigned i = 0; i < notes && in.good(); ++i) reply.tree.push_back(read_note(in));
  const std::uint8_t words = in.u8();
  in.require(words <= kMaxPageWords);
  for (unsigned i = 0; i < words && in.good(); ++i) {
    reply.page_words.push_back(in.text(kMaxScanPassword));
  }
  return finished<ScanReply>(in, std::move(reply), "reply");
}

namespace {

struct Control {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxScanDescriptors * sizeof(int))> bytes{};
};

std::unexpected<Error> socket_error(std::string_view call) {
  const int number = errno;
  if (number == EAGAIN) {
    return fail(Errc::busy, Fault::local, std::string(call) + ": would wait", true);
  }
  if (number == EPIPE || number == ECONNRESET) {
    return fail(Errc::closed, Fault::helper, std::string(call) + ": the peer is gone");
  }
  return std::unexpected(errno_error(call, number));
}

std::vector<UniqueFd> taken_descriptors(msghdr& header) {
  std::vector<UniqueFd> fds;
  for (cmsghdr* at = CMSG_FIRSTHDR(&header); at != nullptr; at = CMSG_NXTHDR(&header, at)) {
    if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(at) + i * sizeof(int), sizeof(int));
      fds.emplace_back(fd);
    }
  }
  return fds;
}

}  // namespace

Result<void> send_scan_message(int socket, std::string_view bytes, std::span<const int> fds) {
  if (bytes.empty() || bytes.size() > kMaxScanMessage || fds.size() > kMaxScanDescriptors) {
    return fail(Errc::internal, Fault::local, "scan message: empty or over its bound");
  }
  iovec part{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  Control control;
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!fds.empty()) {
    header.msg_control = control.bytes.data();
    header.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* first = CMSG_FIRSTHDR(&header);
    first->cmsg_level = SOL_SOCKET;
    first->cmsg_type = SCM_RIGHTS;
    first->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(first), fds.data(), fds.size_bytes());
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &header, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return socket_error("sendmsg");
  return {};  // a datagram goes whole or not at all
}

Result<ScanDatagram> receive_scan_message(int socket) {
  ScanDatagram datagram;
  datagram.bytes.resize(kMaxScanMessage);
  iovec part{.iov_base = datagram.bytes.data(), .iov_len = datagram.bytes.size()};
  Control control;
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes.data();
  header.msg_controllen = control.bytes.size();
  ssize_t size = 0;
  do {
    size = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return socket_error("recvmsg");
  datagram.fds = taken_descriptors(header);
  if (size == 0) return fail(Errc::closed, Fault::helper, "recvmsg: the peer closed");
  if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return broken("size");
  datagram.bytes.resize(static_cast<std::size_t>(size));
  return datagram;
}

}  // namespace weir

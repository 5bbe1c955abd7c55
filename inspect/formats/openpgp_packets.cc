#include "inspect/formats/openpgp_packets.h"

#include <algorithm>
#include <optional>

#include "core/cursor.h"

namespace weir {
namespace {

// RFC 9580 section 5; 20 is LibrePGP's.
enum Tag : std::uint8_t {
  kPkesk = 1,
  kSignature = 2,
  kSkesk = 3,
  kOnePass = 4,
  kSecretKey = 5,
  kPublicKey = 6,
  kCompressed = 8,
  kSymmetric = 9,
  kMarker = 10,
  kLiteral = 11,
  kProtected = 18,
  kAead = 20,
  kPadding = 21,
};

// Enough for every list of recipients.
constexpr int kMostPackets = 4096;

struct Packet {
  std::uint8_t tag = 0;
  ByteView body;            // what is there of it, the first part if partial
  std::uint64_t size = 0;   // as declared, of that part
  bool open_ended = false;  // partial or indeterminate
  bool fits = false;        // ends within the bytes
  bool ends_file = false;   // … exactly at their end
};

struct Length {
  std::uint64_t size = 0;
  bool open_ended = false;
};

Length new_length(Cursor& in) {
  const std::uint8_t first = in.u8();
  if (first < 192) return {first, false};
  if (first < 224) return {((first - 192ULL) << 8) + in.u8() + 192, false};
  if (first < 255) return {1ULL << (first & 0x1F), true};
  return {in.u32be(), false};
}

Length old_length(Cursor& in, unsigned type) {
  switch (type) {
    case 0: return {in.u8(), false};
    case 1: return {in.u16be(), false};
    case 2: return {in.u32be(), false};
    default: return {in.remaining(), true};
  }
}

std::optional<Packet> next_packet(Cursor& in) {
  const std::uint8_t first = in.u8();
  if (in.failed() || (first & 0x80) == 0) return std::nullopt;
  const bool is_new = (first & 0x40) != 0;
  Packet packet;
  packet.tag = is_new ? first & 0x3F : first >> 2 & 0x0F;
  const Length length = is_new ? new_length(in) : old_length(in, first & 3U);
  if (in.failed()) return std::nullopt;
  packet.size = length.size;
  packet.open_ended = length.open_ended;
  packet.fits = length.size <= in.remaining();
  packet.ends_file = length.size == in.remaining();
  packet.body = in.take(std::min<std::uint64_t>(length.size, in.remaining()));
  return packet;
}

bool is_cipher(std::uint8_t id) { return id >= 1 && id <= 13; }
bool is_hash(std::uint8_t id) { return id >= 1 && id <= 14; }
bool is_aead(std::uint8_t id) { return id >= 1 && id <= 3; }

bool is_key_algorithm(std::uint8_t id) { return (id >= 1 && id <= 3) || (id >= 16 && id <= 36); }

bool skip_mpi(Cursor& in) {
  const std::uint32_t bits = in.u16be();
  constexpr std::uint32_t kMostBits = 16384;
  if (bits == 0 || bits > kMostBits) return false;
  const ByteView number = in.take((bits + 7) / 8);
  return in.ok() && number[0] >> ((bits - 1) % 8) == 1;
}

// Section 5.1: the encrypted session key fills the packet.
bool is_session_key_for(Cursor in, std::uint8_t algorithm) {
  switch (algorithm) {
    case 1:
    case 2:
    case 3: return skip_mpi(in) && in.at_end();
    case 16:
    case 20: return skip_mpi(in) && skip_mpi(in) && in.at_end();
    case 18: {
      if (!skip_mpi(in)) return false;
      in.skip(in.u8());
      return in.ok() && in.at_end();
    }
    case 25: return in.remaining() >= 32 + 1 + 8;
    case 26: return in.remaining() >= 56 + 1 + 8;
    default: return is_key_algorithm(algorithm) && in.remaining() >= 32;
  }
}

bool is_pkesk(ByteView body) {
  Cursor in(body);
  const std::uint8_t version = in.u8();
  if (version == 2 || version == 3) {
    in.skip(8);
  } else if (version == 6) {
    const std::uint8_t size = in.u8();  // of key version and fingerprint; 0 is anonymous
    if (size != 0 && size != 21 && size != 33) return false;
    in.skip(size);
  } else {
    return false;
  }
  const std::uint8_t algorithm = in.u8();
  return in.ok() && is_session_key_for(in, algorithm);
}

// Section 3.7: simple, salted, iterated, Argon2; 101 is GnuPG's.
bool skip_s2k(Cursor& in) {
  const std::uint8_t type = in.u8();
  if (type == 4) {
    in.skip(16 + 3);
    return in.ok();
  }
  if (!is_hash(in.u8())) return false;
  if (type == 1 || type == 3) in.skip(8);
  if (type == 3) in.skip(1);
  return in.ok() && (type == 0 || type == 1 || type == 3 || type == 101);
}

bool is_skesk(ByteView body) {
  Cursor in(body);
  const std::uint8_t version = in.u8();
  if (version == 6) in.skip(1);
  const std::uint8_t cipher = in.u8();
  if (version < 4 || version > 6 || !is_cipher(cipher)) return false;
  if (version > 4 && !is_aead(in.u8())) return false;
  if (version == 6) in.skip(1);
  if (!skip_s2k(in)) return false;
  constexpr std::size_t kMostKey = 256;
  return in.remaining() <= kMostKey;
}

bool is_protected_data(const Packet& packet) {
  Cursor in(packet.body);
  const std::uint8_t version = in.u8();
  if (version == 1) return packet.size > 18;  // a block, its repetition and the hash
  constexpr std::uint8_t kLargestChunk = 16;
  return version == 2 && is_cipher(in.u8()) && is_aead(in.u8()) && in.u8() <= kLargestChunk;
}

bool is_aead_data(ByteView body) {
  Cursor in(body);
  constexpr std::uint8_t kLargestChunk = 56;
  return in.u8() == 1 && is_cipher(in.u8()) && is_aead(in.u8()) && in.u8() <= kLargestChunk;
}

bool is_encrypted_data(const Packet& packet) {
  switch (packet.tag) {
    case kSymmetric: return packet.size > 8;
    case kProtected: return is_protected_data(packet);
    case kAead: return is_aead_data(packet.body);
    default: return false;
  }
}

// Section 5.5: version, time, algorithm.
bool is_key(ByteView body) {
  Cursor in(body);
  const std::uint8_t version = in.u8();
  in.skip(version < 4 ? 6 : 4);
  const std::uint8_t algorithm = in.u8();
  return in.ok() && version >= 2 && version <= 6 && is_key_algorithm(algorithm);
}

bool is_signature(ByteView body) {
  Cursor in(body);
  const std::uint8_t version = in.u8();
  if (version == 2 || version == 3) return in.u8() == 5 && body.size() > 19;
  in.skip(1);
  return version >= 4 && version <= 6 && is_key_algorithm(in.u8()) && is_hash(in.u8());
}

bool is_one_pass(ByteView body) {
  Cursor in(body);
  const std::uint8_t version = in.u8();
  in.skip(1);
  return (version == 3 || version == 6) && is_hash(in.u8()) && is_key_algorithm(in.u8());
}

bool is_literal(ByteView body) {
  Cursor in(body);
  const char format = static_cast<char>(in.u8());
  in.skip(in.u8());
  in.skip(4);
  return in.ok() && std::string_view("btuml1").find(format) != std::string_view::npos;
}

bool is_compressed(ByteView body) { return !body.empty() && body[0] <= 3; }

// What may stand before the content of a message: signatures, the marker, padding.
bool is_prefix(const Packet& packet) {
  switch (packet.tag) {
    case kMarker: return as_text(packet.body) == "PGP";
    case kOnePass: return is_one_pass(packet.body);
    case kSignature: return is_signature(packet.body);
    case kPadding: return packet.fits;
    default: return false;
  }
}

PgpKind kind_of_rest(const Packet& packet) {
  switch (packet.tag) {
    case kSecretKey: return is_key(packet.body) ? PgpKind::secret_key : PgpKind::none;
    case kPublicKey: return is_key(packet.body) ? PgpKind::readable : PgpKind::none;
    case kLiteral: return is_literal(packet.body) ? PgpKind::readable : PgpKind::none;
    case kCompressed: return is_compressed(packet.body) ? PgpKind::readable : PgpKind::none;
    default: return PgpKind::none;
  }
}

// The packets read so far of one message.
class Message {
 public:
  explicit Message(PgpExtent extent) : armored_(extent == PgpExtent::head_of_armor) {}

  // False: nothing further will tell.
  bool add(const Packet& packet) {
    if (packet.tag == kPkesk || packet.tag == kSkesk) return add_recipient(packet);
    if (is_encrypted_data(packet)) {
      if (may_end(packet)) end(packet);
      return false;
    }
    if (recipients_ == 0 && is_prefix(packet)) {
      prefixed_ = true;
      return packet.fits && !packet.open_ended;
    }
    if (recipients_ == 0) message_.kind = kind_of_rest(packet);
    return false;
  }

  PgpMessage result() const {
    PgpMessage message = message_;
    if (message.kind != PgpKind::none) return message;
    // Cut off between the recipients and the data: what follows them can only be encrypted.
    if (recipients_ > 0 && cut_ && message.for_keys) message.kind = PgpKind::encrypted;
    if (recipients_ == 0 && prefixed_) message.kind = PgpKind::readable;
    return message;
  }
  void set_cut() { cut_ = true; }

 private:
  bool add_recipient(const Packet& packet) {
    const bool sane = packet.tag == kPkesk ? is_pkesk(packet.body) : is_skesk(packet.body);
    if (!sane || packet.open_ended || !packet.fits) return false;
    (packet.tag == kPkesk ? message_.for_keys : message_.for_passphrases) = true;
    ++recipients_;
    return true;
  }
  // Without recipients the packet is three bytes of evidence only: its length must be exact.
  bool may_end(const Packet& packet) const {
    if (recipients_ > 0 || armored_) return true;
    constexpr std::uint64_t kFewest = 256;  // from here on the length itself has two bytes
    const bool enough = packet.tag != kSymmetric || packet.size >= kFewest;
    return enough && !packet.open_ended && packet.ends_file;
  }
  void end(const Packet& packet) {
    message_.kind = PgpKind::encrypted;
    message_.aead = packet.tag == kAead || (packet.tag == kProtected && packet.body[0] == 2);
  }

  PgpMessage message_;
  bool armored_;
  bool prefixed_ = false, cut_ = false;
  int recipients_ = 0;
};

}  // namespace

PgpMessage classify_pgp(ByteView bytes, PgpExtent extent) {
  Cursor in(bytes);
  Message message(extent);
  for (int i = 0; i < kMostPackets; ++i) {
    if (in.at_end()) {
      message.set_cut();
      break;
    }
    const auto packet = next_packet(in);
    if (!packet || !message.add(*packet)) break;
  }
  return message.result();
}

namespace {

// The rest of a body with partial lengths (4.2.1.4); an old indeterminate one has none.
void append_parts(Cursor& in, PgpContent& content) {
  for (bool more = true; more && !in.at_end();) {
    const Length length = new_length(in);
    more = length.open_ended;
    content.cut = length.size > in.remaining();
    content.pieces.push_back(in.take(std::min<std::uint64_t>(length.size, in.remaining())));
  }
}

// Behind the fields that come before the data: format, name and time, or the algorithm.
ByteView without_fields(const Packet& packet, PgpContent& content) {
  Cursor body(packet.body);
  content.form = packet.tag == kLiteral ? PgpContent::Form::literal : PgpContent::Form::compressed;
  content.algorithm = body.u8();
  if (packet.tag == kLiteral) {
    body.skip(body.u8());
    body.skip(4);
  }
  return body.rest();
}

}  // namespace

PgpContent content_of_pgp(ByteView bytes) {
  PgpContent content;
  Cursor in(bytes);
  for (int i = 0; i < kMostPackets; ++i) {
    const std::size_t begin = in.position();
    const auto packet = next_packet(in);
    if (!packet) return content;
    const bool last = (packet->tag == kLiteral && is_literal(packet->body)) ||
                      (packet->tag == kCompressed && is_compressed(packet->body));
    if (!last) {
      if (!is_prefix(*packet) || packet->open_ended || !packet->fits) return content;
      content.signed_before = packet->tag == kOnePass || packet->tag == kSignature;
      continue;
    }
    content.pieces.push_back(without_fields(*packet, content));
    content.cut = !packet->fits;
    const bool is_new = (bytes[begin] & 0x40) != 0;
    if (packet->open_ended && is_new) append_parts(in, content);
    content.ends_file = in.at_end() && !content.cut;
    return content;
  }
  return content;
}

}  // namespace weir

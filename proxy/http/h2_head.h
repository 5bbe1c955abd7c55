// HTTP/2 header blocks to and from message heads (RFC 9113 section 8), stricter than the engine:
// what passes here can be written as HTTP/1 without changing its meaning. Pure; no engine type in
// sight.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http_message.h"

namespace weir {

// One block while it is decoded. Fields come in one by one; nothing is stored any more once the
// block is malformed or over its limits, so a bomb costs no memory.
class H2HeadDecoder {
 public:
  enum class Kind : std::uint8_t { request, response, trailers };
  H2HeadDecoder(Kind kind, std::uint32_t max_bytes, std::uint32_t max_count);

  void add(std::string_view name, std::string_view value);
  // Marks the block as malformed; `why` is a literal.
  void spoil(std::string_view why);

  Kind kind() const { return kind_; }
  bool too_large() const { return bytes_ > max_bytes_ || count_ > max_count_; }
  // Name, value and 32 for each field (RFC 9113 section 6.5.2), cookie crumbs counted as one field.
  std::uint64_t bytes() const { return bytes_; }
  std::string_view failure() const { return failure_; }  // "" = well-formed so far

  // Take what was decoded; false when malformed as a whole (failure() says why).
  bool finish(RequestHead& out, bool end_stream);
  bool finish(ResponseHead& out, bool end_stream);
  bool finish(Fields& trailers);

 private:
  void add_pseudo(std::string_view name, std::string_view value);
  void add_regular(std::string_view name, std::string_view value);
  bool check_target();
  bool check_authority();
  Framing framing(bool end_stream) const;
  bool reject(std::string_view why);

  Kind kind_;
  std::uint32_t max_bytes_;
  std::uint32_t max_count_;
  std::uint64_t bytes_ = 0;
  std::uint32_t count_ = 0;
  std::string_view failure_;
  std::optional<std::string> method_, scheme_, authority_, path_, protocol_, status_, host_;
  std::optional<std::uint64_t> length_;
  bool regular_seen_ = false;
  bool expect_continue_ = false;
  std::size_t cookie_at_ = SIZE_MAX;  // where the joined cookie field is
  Fields fields_;
};

// What goes on the wire, as views into the head that was encoded and into `digits`.
struct H2FieldList {
  struct Entry {
    std::string_view name;
    std::string_view value;
    bool secret = false;  // never indexed: origin connections are shared between clients
  };
  std::vector<Entry> entries;
  std::array<char, 24> digits{};
};

// Fill `out` (which is cleared first) in wire order. Connection-specific fields are left out;
// false if a value could not be carried safely.
bool encode_h2(const RequestHead& head, H2FieldList& out);
bool encode_h2(const ResponseHead& head, H2FieldList& out);
bool encode_h2(const Fields& trailers, H2FieldList& out);

// "ENHANCE_YOUR_CALM" for 11 (RFC 9113 section 7).
std::string_view h2_code_name(std::uint32_t code);

}  // namespace weir

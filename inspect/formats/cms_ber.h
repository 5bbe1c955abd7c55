// Elements of ASN.1 in BER (X.690 section 8), DER included: tag, length, content; the indefinite
// form too, which streaming writers use for large CMS files. Only the outer levels are read, so
// that the cost does not depend on the content. Sans-io, any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "core/bytes.h"
#include "core/cursor.h"

namespace weir {

struct BerTag {
  static constexpr std::uint8_t kInteger = 0x02, kOctets = 0x04, kOid = 0x06, kSequence = 0x30,
                                kSet = 0x31, kContext0 = 0xA0, kConstructed = 0x20;
};

struct BerElement {
  std::uint8_t tag = 0;
  // Its bytes as far as they are there; of the indefinite form all that follows, the
  // end-of-contents mark included.
  ByteView content;
  bool indefinite = false;
  bool cut = false;  // declared longer than what is there
  bool is(std::uint8_t wanted) const { return tag == wanted; }
};

// The element at the cursor, which then stands behind it (of the indefinite form: at the end);
// nullopt at the end, for high tag numbers and lengths that cannot be.
std::optional<BerElement> next_ber(Cursor& in);

// The next element if it has this tag.
std::optional<BerElement> next_ber(Cursor& in, std::uint8_t tag);

// Behind the element at the cursor, walking into indefinite ones, to a bounded depth and number;
// false if that was not possible.
bool skip_ber(Cursor& in);

}  // namespace weir

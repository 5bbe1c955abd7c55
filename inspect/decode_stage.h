// One content coding undone: the part of a Decoder that knows a compression library. Private to
// inspect/decode.
#pragma once

#include <memory>
#include <string_view>

#include "core/bytes.h"
#include "core/finding.h"

namespace weir {

class DecodeStage {
 public:
  virtual ~DecodeStage() = default;
  // Takes from the front of `in` and fills from the front of `out`, moving both views, until one of
  // them is used up. Reason::none, corrupt or unsupported.
  virtual Reason run(ByteView& in, MutableBytes& out) = 0;
  virtual bool complete() const = 0;  // at the end of a stream, or nothing ever came
};

// The canonical name ("gzip" for x-gzip), "" when unknown. Any case.
std::string_view canonical_coding(std::string_view coding);
// `canonical` as the above gives it.
std::unique_ptr<DecodeStage> make_stage(std::string_view canonical);

}  // namespace weir

#include "proxy/http/h2_stream.h"

#include <algorithm>

namespace weir {
namespace {

// A burst must not leave its memory behind for the rest of a long exchange.
constexpr std::size_t kKeptCapacity = 256 * 1024;

void empty_out(std::vector<std::uint8_t>& bytes) {
  if (bytes.capacity() > kKeptCapacity) {
    std::vector<std::uint8_t>().swap(bytes);
  } else {
    bytes.clear();
  }
}

}  // namespace

ByteView H2Inbox::take() {
  if (offset_ == handed_out_.size()) {
    empty_out(handed_out_);
    handed_out_.swap(arriving_);
    offset_ = 0;
  }
  const ByteView rest = ByteView(handed_out_).subspan(offset_);
  const ByteView slice = rest.first(std::min(rest.size(), kSlice));
  offset_ += slice.size();
  return slice;
}

void H2Outbox::clear() {
  empty_out(owned_);
  offset_ = 0;
  borrowed_ = {};
}

void H2Outbox::move_to(MutableBytes out) {
  const std::size_t own = std::min(out.size(), owned_.size() - offset_);
  std::copy_n(owned_.data() + offset_, own, out.data());
  offset_ += own;
  if (offset_ == owned_.size()) {
    empty_out(owned_);
    offset_ = 0;
  }
  const std::size_t rest = out.size() - own;
  if (rest == 0) return;
  std::copy_n(borrowed_.data(), rest, out.data() + own);
  borrowed_ = borrowed_.subspan(rest);
}

}  // namespace weir

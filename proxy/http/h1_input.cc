#include "proxy/http/h1_input.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace weir {

H1Input::H1Input(Loop& loop, std::string initial, std::size_t most_bytes)
    : loop_(loop), most_bytes_(std::max(most_bytes, Loop::kBufferBytes)) {
  if (initial.empty()) return;
  if (initial.size() > Loop::kBufferBytes) {
    large_.assign(initial.begin(), initial.end());
  } else {
    loan_ = loop_.borrow();
    std::memcpy(loan_.bytes().data(), initial.data(), initial.size());
  }
  end_ = received_ = initial.size();
}

void H1Input::grow(std::size_t size) {
  std::vector<std::uint8_t> larger(size);
  const ByteView kept = view();
  std::copy(kept.begin(), kept.end(), larger.begin());
  end_ = kept.size();
  begin_ = 0;
  large_ = std::move(larger);
  loan_.release();
}

void H1Input::make_room() {
  if (empty()) begin_ = end_ = 0;
  if (end_ < space().size()) return;
  if (begin_ > 0) {
    std::memmove(space().data(), space().data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  } else if (space().size() < most_bytes_) {
    grow(most_bytes_);
  }
}

Result<IoStep> H1Input::fill(ByteStream& from, bool moving) {
  if (space().empty()) {
    loan_ = loop_.borrow();
    begin_ = end_ = 0;
  }
  if (moving) make_room();
  const MutableBytes room = space().subspan(end_);
  if (room.empty()) {
    return fail(Errc::too_large, Fault::local, "head-too-large: over the limit");
  }
  auto step = from.try_read(room);
  if (!step) return step;
  end_ += step->bytes;
  received_ += step->bytes;
  return step;
}

void H1Input::release_if_empty() {
  if (!empty()) return;
  loan_.release();
  large_ = {};
  begin_ = end_ = 0;
}

std::string H1Input::take() {
  std::string rest(as_text(view()));
  begin_ = end_;
  release_if_empty();
  return rest;
}

}  // namespace weir

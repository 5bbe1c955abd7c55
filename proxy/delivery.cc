#include "proxy/delivery.h"

#include <algorithm>

namespace weir {

DeliveryGate::DeliveryGate(Delivery delivery, ResponseHead head, ClientStream& client, Spool& spool,
                           Loop& loop, std::optional<ByteRange> wanted)
    : delivery_(delivery),
      head_(std::move(head)),
      client_(client),
      spool_(spool),
      loop_(loop),
      wanted_(wanted) {}

Co<Result<void>> DeliveryGate::advance() {
  if (delivery_ != Delivery::trickle || spool_.size() <= kTrickleTail) co_return Result<void>{};
  if (!started_) {
    if (auto begun = co_await start(std::nullopt); !begun) co_return begun;
  }
  co_return co_await send_from_spool(spool_.size() - kTrickleTail);
}

Co<Result<void>> DeliveryGate::release(const Fields& trailers) {
  std::uint64_t upto = spool_.size();
  if (!started_) {
    if (wanted_ && head_.status == 200) {
      const Slice slice = resolve(*wanted_, spool_.size());
      head_.status = slice.satisfiable ? 206 : 416;
      head_.reason.clear();
      head_.fields.set("content-range", content_range(slice, spool_.size()));
      sent_ = slice.offset;
      upto = slice.offset + slice.length;
    }
    if (auto begun = co_await start(upto - sent_); !begun) co_return begun;
  }
  if (auto sent = co_await send_from_spool(upto); !sent) co_return sent;
  co_return co_await client_.send_end(trailers);
}

Co<Result<void>> DeliveryGate::release_part() {
  if (!started_) {
    if (auto begun = co_await start(std::nullopt); !begun) co_return begun;
  }
  co_return co_await send_from_spool(spool_.size());
}

// Once the whole is here its length is known, however the origin framed it.
Co<Result<void>> DeliveryGate::start(std::optional<std::uint64_t> total) {
  started_ = true;
  if (total) head_.framing = {Framing::Kind::length, *total};
  return client_.send_head(head_);
}

Co<Result<void>> DeliveryGate::send_from_spool(std::uint64_t upto) {
  if (sent_ >= upto) co_return Result<void>{};
  const LoanedBuffer buffer = loop_.borrow();
  while (sent_ < upto) {
    const auto wanted = std::min<std::uint64_t>(upto - sent_, buffer.bytes().size());
    auto got = co_await spool_.read_at(sent_, buffer.bytes().first(wanted));
    if (!got) co_return pass(std::move(got));
    if (*got == 0) co_return fail(Errc::internal, Fault::local, "spool: shorter than its size");
    if (auto sent = co_await client_.send_body(buffer.bytes().first(*got)); !sent) co_return sent;
    sent_ += *got;
  }
  co_return Result<void>{};
}

}  // namespace weir

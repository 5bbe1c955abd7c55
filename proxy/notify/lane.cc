#include "proxy/notify/lane.h"

#include <algorithm>

namespace weir {
namespace {

constexpr Backoff kBackoff;
constexpr Duration kLook = std::chrono::minutes(1);

}  // namespace

Lane::Lane(std::string name, SendParcel send, Duration give_up, const Parts& parts)
    : name_(std::move(name)),
      send_(std::move(send)),
      give_up_(give_up),
      parts_(parts),
      sent_(parts.metrics.counter("weir_notices_sent_total", "Notices sent.", {{"outlet", name_}})),
      failures_(parts.metrics.counter("weir_notice_failures_total",
                                      "Tries to send a notice that failed.", {{"outlet", name_}})),
      given_up_(parts.metrics.counter("weir_notices_given_up_total",
                                      "Notices that could not be sent in time.",
                                      {{"outlet", name_}})),
      waiting_(parts.metrics.gauge("weir_notices_waiting", "Notices that wait to be sent.",
                                   {{"outlet", name_}})) {}

Duration Lane::step() {
  if (const Duration rest = not_before_ - parts_.clock.steady(); rest > Duration::zero()) {
    return std::min(rest, kLook);
  }
  const auto pause = try_one();
  waiting_.set(static_cast<std::int64_t>(parts_.outbox.waiting(name_)));
  if (pause) return std::min(*pause, kLook);
  parts_.log.error("notify", "the outbox", {{"outlet", name_}, {"problem", pause.error().what}});
  return kLook;
}

Result<Duration> Lane::try_one() {
  auto parcel = parts_.outbox.next(name_);
  if (!parcel) return pass(std::move(parcel));
  if (!*parcel) {
    const auto wait = parts_.outbox.wait(name_);
    if (!wait) return std::unexpected(wait.error());
    return wait->value_or(kLook);
  }
  if (auto sent = send_(**parcel); !sent) return failed(**parcel, sent.error());
  in_a_row_ = 0;
  sent_.add();
  if (auto gone = parts_.outbox.remove((*parcel)->id); !gone) return pass(std::move(gone));
  return Duration::zero();
}

Duration Lane::failed(const Parcel& parcel, const Error& error) {
  failures_.add();
  if (++in_a_row_ == 1) {
    parts_.log.warn("notify", "a notice cannot be sent; it is tried again",
                    {{"outlet", name_}, {"problem", error.what}});
  }
  const Duration rest = backoff_pause(kBackoff, in_a_row_, parts_.random);
  not_before_ = parts_.clock.steady() + rest;
  if (parts_.clock.wall() - parcel.made >= give_up_) {
    given_up_.add();
    parts_.log.error("notify", "a notice was given up",
                     {{"outlet", name_}, {"notice", parcel.subject}, {"problem", error.what}});
    (void)parts_.outbox.remove(parcel.id);  // if not, it is given up again
  } else {
    (void)parts_.outbox.later(parcel.id,  // if not, it is due at once
                              backoff_pause(kBackoff, parcel.tries + 1, parts_.random));
  }
  return rest;
}

}  // namespace weir

#include "proxy/http/h1_origin_connection.h"

#include <utility>

#include "proxy/http/h1_origin_stream.h"

namespace weir {

H1OriginState::H1OriginState(Loop& loop, std::unique_ptr<ByteStream> stream, OriginFacts the_facts,
                             const LimitSettings& the_limits, const TimeoutSettings& the_timeouts)
    : limits(the_limits),
      timeouts(the_timeouts),
      facts(std::move(the_facts)),
      link(
          std::make_shared<H1Link>(loop, std::move(stream), std::string(), limits, Fault::origin)) {
  facts.protocol = "http/1.1";
}

H1OriginConnection::H1OriginConnection(Loop& loop, std::unique_ptr<ByteStream> stream,
                                       OriginFacts facts, const LimitSettings& limits,
                                       const TimeoutSettings& timeouts)
    : state_(std::make_shared<H1OriginState>(loop, std::move(stream), std::move(facts), limits,
                                             timeouts)) {}

H1OriginConnection::~H1OriginConnection() {
  state_->on_done = {};
  state_->orphaned = true;
  state_->may_stay = false;
  state_->link->close(state_->busy);
}

std::unique_ptr<OriginStream> H1OriginConnection::start() {
  if (state_->busy || !state_->may_stay) return nullptr;
  return std::make_unique<H1OriginStream>(state_);
}

bool H1OriginConnection::reusable() const {
  return !state_->busy && state_->may_stay && state_->link->quiet();
}

bool H1OriginConnection::busy() const { return state_->busy; }

void H1OriginConnection::note_rest() { state_->rested = true; }

void H1OriginConnection::on_done(std::move_only_function<void()> callback) {
  state_->on_done = std::move(callback);
}

}  // namespace weir

// One exchange on an HTTP/1 connection to an origin, and the state that it shares with its
// connection. Internal to h1_origin_*.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "conf/settings.h"
#include "proxy/http/h1_body_decoder.h"
#include "proxy/http/h1_body_writer.h"
#include "proxy/http/h1_link.h"
#include "proxy/http/streams.h"

namespace weir {

struct H1OriginState {
  H1OriginState(Loop& loop, std::unique_ptr<ByteStream> stream, OriginFacts the_facts,
                const LimitSettings& the_limits, const TimeoutSettings& the_timeouts);

  LimitSettings limits;  // copies: a reload may drop the originals
  TimeoutSettings timeouts;
  OriginFacts facts;
  std::shared_ptr<H1Link> link;
  std::move_only_function<void()> on_done;
  std::uint64_t exchanges = 0;
  bool busy = false;
  bool may_stay = true;
  bool orphaned = false;  // the connection object is gone
  bool rested = false;    // it has been idle: the origin may have closed it meanwhile
};

class H1OriginStream final : public OriginStream {
 public:
  explicit H1OriginStream(std::shared_ptr<H1OriginState> state);
  ~H1OriginStream() override;

  const OriginFacts& facts() const override { return facts_; }
  Co<Result<void>> send_head(const RequestHead& head) override;
  Co<Result<void>> send_body(ByteView piece) override;
  Co<Result<void>> send_end(const Fields& trailers) override;
  Co<Result<ResponseHead>> read_head(Duration limit) override;
  Co<Result<BodyPiece>> read_body(Duration limit) override;
  const Fields& response_trailers() const override;
  void reset() override;

 private:
  void tell_done();
  Co<Result<void>> send_waiting_head();
  Co<Result<BodyPiece>> read_raw(Duration limit);
  Result<ResponseHead> take_head(std::size_t size);
  bool complete() const;
  Error judge(Error error) const;
  H1Link& link() const { return *state_->link; }
  Duration write_limit() const { return state_->timeouts.origin_write; }

  std::shared_ptr<H1OriginState> state_;
  OriginFacts facts_;
  std::string method_;
  bool upgrade_asked_ = false;
  bool head_sent_ = false;
  bool request_done_ = false;
  std::optional<H1BodyWriter> writer_;
  H1HeadFinder finder_;
  std::uint64_t received_before_;  // by the connection, when this exchange began
  std::uint64_t sent_before_;
  std::optional<H1BodyDecoder> body_;  // once the final head is here
  std::size_t handed_out_ = 0;
  bool raw_ = false;
  bool raw_read_ended_ = false;
  bool raw_write_ended_ = false;
  Fields no_trailers_;
};

}  // namespace weir

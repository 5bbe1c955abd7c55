// One exchange on an HTTP/1 connection from a client, and the state that it shares with its
// connection. Internal to h1_client_*.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "conf/settings.h"
#include "proxy/http/h1_body_decoder.h"
#include "proxy/http/h1_body_writer.h"
#include "proxy/http/h1_encoder.h"
#include "proxy/http/h1_link.h"
#include "proxy/http/streams.h"

namespace weir {

struct H1ClientState {
  H1ClientState(Loop& loop, std::unique_ptr<ByteStream> stream, std::string initial,
                const LimitSettings& the_limits, const TimeoutSettings& the_timeouts);

  Co<Result<RequestHead>> read_head();
  Co<Result<void>> await_first_byte();
  Co<Result<BodyPiece>> read_body();
  Co<Result<BodyPiece>> read_raw();
  Co<Result<void>> invite();     // sends the 100 that is due
  Co<Result<void>> skip_body();  // up to a bound
  // So that the client can read our last words before the kernel resets the connection.
  Co<void> linger();
  void notice_end();

  LimitSettings limits;  // copies: a reload may drop the originals
  TimeoutSettings timeouts;
  std::shared_ptr<H1Link> link;
  std::optional<H1BodyDecoder> body;  // of the request
  std::size_t handed_out = 0;         // of the input, until the next read
  std::optional<Error> body_error;
  std::move_only_function<void()> on_gone;
  bool may_stay = true;  // another request may follow
  bool in_exchange = false;
  bool idle = false;        // waits for the first byte of a request
  bool invite_due = false;  // the client waits for a 100 before it sends its body
  std::weak_ptr<H1ClientState> self;
};

class H1ClientStream final : public ClientStream {
 public:
  // `refused`: there is no request, only an answer.
  H1ClientStream(std::shared_ptr<H1ClientState> state, RequestHead request, bool refused);
  ~H1ClientStream() override;

  const RequestHead& request() const override { return request_; }
  Co<Result<BodyPiece>> read_body() override;
  const Fields& request_trailers() const override;
  Co<Result<void>> send_informational(const ResponseHead& head) override;
  Co<Result<void>> send_head(const ResponseHead& head) override;
  Co<Result<void>> flush() override;
  Co<Result<void>> send_body(ByteView piece) override;
  Co<Result<void>> send_end(const Fields& trailers) override;
  void reset() override;
  bool can_show_truncation() const override;
  void on_gone(std::move_only_function<void()> callback) override;
  bool gone() const override;
  std::uint64_t bytes_in() const override { return bytes_in_; }
  std::uint64_t bytes_out() const override;

 private:
  Co<Result<void>> finish(const Fields& trailers);
  Co<Result<void>> end_raw();
  void watch_if_wanted();
  bool raw() const { return plan_ && plan_->raw; }
  H1Link& link() const { return *state_->link; }

  std::shared_ptr<H1ClientState> state_;
  RequestHead request_;
  Fields no_trailers_;
  bool refused_;
  std::optional<H1ResponsePlan> plan_;  // once the head is on its way
  std::optional<H1BodyWriter> writer_;
  bool done_ = false;      // the response is complete
  bool given_up_ = false;  // by reset()
  bool raw_read_ended_ = false;
  bool raw_write_ended_ = false;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t raw_out_ = 0;
};

}  // namespace weir

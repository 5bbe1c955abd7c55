// What an HTTP/2 exchange does on either side: reading and writing bodies with backpressure,
// waiting for heads, giving up. The client and origin streams are thin over it. Loop thread only;
// may outlive a broken connection, its calls then return the error.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/co.h"
#include "proxy/http/h2_link.h"
#include "proxy/http/h2_stream.h"
#include "proxy/http/streams.h"
#include "proxy/net/signal.h"

namespace weir {

class H2Exchange final : H2Watcher {
 public:
  H2Exchange(std::shared_ptr<H2Link> link, std::shared_ptr<H2Stream> stream, Fault peer);
  ~H2Exchange();
  H2Exchange(const H2Exchange&) = delete;
  H2Exchange& operator=(const H2Exchange&) = delete;

  H2Stream& stream() { return *stream_; }
  const H2Stream& stream() const { return *stream_; }
  H2Link& link() { return *link_; }

  Co<Result<BodyPiece>> read_body(Duration limit);
  Co<Result<ResponseHead>> read_head(Duration limit);
  // Suspends while more than H2Outbox::kHigh waits, or until a large piece is on its way.
  Co<Result<void>> send_body(ByteView piece, Duration limit);
  Result<void> send_end(const Fields& trailers);
  void reset(H2Code code);

  void on_gone(std::move_only_function<void()> callback);
  // The peer ended the exchange before our end was sent.
  bool gone() const;
  std::uint64_t bytes_in() const { return bytes_in_; }
  std::uint64_t bytes_out() const { return bytes_out_; }

 private:
  void stream_changed() override;
  void give_back();
  bool input_ready() const;
  bool room_ready() const;
  Co<Result<void>> wait_for_input(Duration limit);
  Co<Result<void>> wait_for_room(Duration limit);
  Error send_error() const;

  std::shared_ptr<H2Link> link_;
  std::shared_ptr<H2Stream> stream_;
  Fault peer_;
  std::optional<Signal> input_;  // made when first waited for: most exchanges never do
  std::optional<Signal> room_;
  std::move_only_function<void()> on_gone_;
  std::size_t handed_out_ = 0;  // of the inbox, until the next call
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
};

}  // namespace weir

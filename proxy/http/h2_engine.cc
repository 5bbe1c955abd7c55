#include "proxy/http/h2_engine.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

namespace weir {
namespace {

constexpr std::uint32_t kHeaderTableBytes = 4096;
constexpr std::size_t kMaxOutboundAcks = 100;
constexpr std::size_t kMaxSettings = 32;  // entries per SETTINGS frame
constexpr std::uint32_t kBombFactor = 4;  // times header_bytes decoded: ends the connection

bool ends(const nghttp2_frame* frame) { return (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0; }

struct CallbacksDeleter {
  void operator()(nghttp2_session_callbacks* all) const { nghttp2_session_callbacks_del(all); }
};
struct OptionDeleter {
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};

}  // namespace

// What the engine calls. Nothing here runs code of the application: changes are noted and delivered
// when the engine has returned.
struct H2Callbacks {
  static H2Session& self(void* user) { return *static_cast<H2Session*>(user); }
  static H2Stream* stream_of(nghttp2_session* session, std::int32_t id) {
    return static_cast<H2Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }
  static std::string_view text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
  }

  static int begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    H2Session& h2 = self(user);
    H2Stream* stream = stream_of(session, frame->hd.stream_id);
    auto kind = H2HeadDecoder::Kind::trailers;
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      auto made = std::make_shared<H2Stream>();
      stream = made.get();
      stream->id = frame->hd.stream_id;
      h2.streams_.emplace(stream->id, std::move(made));
      nghttp2_session_set_stream_user_data(session, stream->id, stream);
      kind = H2HeadDecoder::Kind::request;
    }
    if (stream == nullptr) return 0;
    if (h2.role_ == H2Role::client && !stream->final_head) kind = H2HeadDecoder::Kind::response;
    stream->decoder.emplace(kind, h2.limits_.header_bytes, h2.limits_.header_count);
    return 0;
  }

  static int header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                    std::uint8_t, void* user) {
    H2Session& h2 = self(user);
    H2Stream* stream = stream_of(session, frame->hd.stream_id);
    if (stream == nullptr || !stream->decoder) return 0;
    stream->decoder->add(text(name, name_size), text(value, value_size));
    if (stream->decoder->bytes() <= std::uint64_t{kBombFactor} * h2.limits_.header_bytes) return 0;
    h2.pending_ = Error{Errc::too_large, h2.peer_fault(), false,
                        "HTTP/2 flood: decoded header list (header_bytes)"};
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int invalid_header(nghttp2_session* session, const nghttp2_frame* frame,
                            const std::uint8_t* name, std::size_t name_size,
                            const std::uint8_t* value, std::size_t value_size, std::uint8_t flags,
                            void* user) {
    H2Stream* stream = stream_of(session, frame->hd.stream_id);
    if (stream == nullptr || !stream->decoder) return 0;
    stream->decoder->spoil("a field that the engine refuses");
    return header(session, frame, name, name_size, value, value_size, flags, user);
  }

  static int frame_received(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    H2Session& h2 = self(user);
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        if (H2Stream* stream = stream_of(session, frame->hd.stream_id)) {
          h2.complete_head(*stream, ends(frame));
        }
        return 0;
      case NGHTTP2_DATA: return data_frame(session, frame, h2);
      case NGHTTP2_RST_STREAM:
        if (H2Stream* stream = stream_of(session, frame->hd.stream_id)) {
          stream->peer_reset = frame->rst_stream.error_code;
        }
        return 0;
      case NGHTTP2_SETTINGS:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) h2.settled_ = h2.peer_changed_ = true;
        return 0;
      case NGHTTP2_GOAWAY: h2.peer_leaving_ = h2.peer_changed_ = true; return 0;
      case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0 || !h2.draining_) return 0;
        if (std::exchange(h2.last_goaway_, true)) return 0;
        return nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE,
                                     nghttp2_session_get_last_proc_stream_id(session),
                                     NGHTTP2_NO_ERROR, nullptr, 0);
      default: return 0;
    }
  }

  static int data_frame(nghttp2_session* session, const nghttp2_frame* frame, H2Session& h2) {
    if (ends(frame)) {
      H2Stream* stream = stream_of(session, frame->hd.stream_id);
      if (stream == nullptr || stream->error) return 0;
      stream->ended = true;
      h2.touch(*stream);
    } else if (frame->hd.length > 0 && frame->hd.length == frame->data.padlen) {
      return keep(h2, h2.meter_.count_control());
    }
    return 0;
  }

  // Notes what ends the connection and stops the engine.
  static int keep(H2Session& h2, Result<void> counted) {
    if (counted) return 0;
    h2.pending_ = std::move(counted).error();
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int data_chunk(nghttp2_session* session, std::uint8_t, std::int32_t id,
                        const std::uint8_t* data, std::size_t size, void* user) {
    H2Stream* stream = stream_of(session, id);
    if (stream == nullptr || stream->detached || stream->error) {
      nghttp2_session_consume_connection(session, size);
      return 0;
    }
    stream->inbox.append({data, size});
    stream->unconsumed += size;
    self(user).touch(*stream);
    return 0;
  }

  static int stream_closed(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
    H2Session& h2 = self(user);
    const auto at = h2.streams_.find(id);
    if (at != h2.streams_.end()) h2.finish_closed(*at->second, code);
    return 0;
  }

  static int frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    H2Session& h2 = self(user);
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
      case NGHTTP2_DATA:
        if (H2Stream* stream = stream_of(session, frame->hd.stream_id)) {
          stream->head_sent = true;
          if (ends(frame)) h2.end_was_sent(*stream);
        }
        return 0;
      case NGHTTP2_RST_STREAM: return reset_sent(session, frame, h2);
      case NGHTTP2_GOAWAY:
        if (frame->goaway.error_code == NGHTTP2_NO_ERROR || h2.error_ || h2.pending_) return 0;
        h2.pending_ = Error{
            Errc::malformed, h2.peer_fault(), false,
            "HTTP/2 connection error " + std::string(h2_code_name(frame->goaway.error_code)) +
                ": " + std::string(text(frame->goaway.opaque_data, frame->goaway.opaque_data_len))};
        return 0;
      default: return 0;
    }
  }

  // A reset that the peer provoked counts like one that it sent (CVE-2025-8671).
  static int reset_sent(nghttp2_session* session, const nghttp2_frame* frame, H2Session& h2) {
    const H2Stream* stream = stream_of(session, frame->hd.stream_id);
    const bool ours = stream != nullptr && stream->given_up;
    if (ours || frame->rst_stream.error_code == NGHTTP2_NO_ERROR || h2.pending_) return 0;
    auto counted = h2.meter_.count_reset();
    if (!counted) h2.pending_ = std::move(counted).error();
    return 0;
  }

  static int frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int why, void* user) {
    H2Session& h2 = self(user);
    const auto at = h2.streams_.find(frame->hd.stream_id);
    if (frame->hd.type != NGHTTP2_HEADERS || at == h2.streams_.end()) return 0;
    const auto stream = at->second;
    const std::string what = std::string("HTTP/2 head not sent: ") + nghttp2_strerror(why);
    if (h2.role_ == H2Role::client && !stream->head_sent) {
      const bool leaving = why == NGHTTP2_ERR_START_STREAM_NOT_ALLOWED;
      if (!stream->error) stream->error = Error{Errc::refused, Fault::origin, leaving, what};
      h2.forget(*stream);
    } else if (!stream->error && why != NGHTTP2_ERR_STREAM_CLOSED &&
               why != NGHTTP2_ERR_STREAM_CLOSING) {
      h2.reject(*stream, {Errc::invalid, Fault::local, false, what}, H2Code::internal_error);
    }
    return 0;
  }

  static ssize_t read_data(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t room,
                           std::uint32_t* flags, nghttp2_data_source* source, void* user) {
    return self(user).read_outbox(*static_cast<H2Stream*>(source->ptr), room, flags);
  }

  static int send_data(nghttp2_session*, nghttp2_frame*, const std::uint8_t* head, std::size_t size,
                       nghttp2_data_source* source, void* user) {
    H2Session& h2 = self(user);
    auto& stream = *static_cast<H2Stream*>(source->ptr);
    // A sender that gave up took its bytes with it after they were promised to the engine.
    if (stream.outbox.size() < size) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    if (h2.out_.size() - h2.out_used_ < kH2FrameHeader + size) return NGHTTP2_ERR_WOULDBLOCK;
    const auto to = h2.out_.subspan(h2.out_used_, kH2FrameHeader + size);
    std::copy_n(head, kH2FrameHeader, to.begin());
    stream.outbox.move_to(to.subspan(kH2FrameHeader));
    h2.out_used_ += to.size();
    if (size >= kH2WorthwhileData || stream.outbox.size() == 0) h2.meter_.earn();
    if (stream.room_wanted) h2.touch(stream);
    return 0;
  }

  static void set_all(nghttp2_session_callbacks* all) {
    nghttp2_session_callbacks_set_on_begin_headers_callback(all, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(all, header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(all, invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(all, frame_received);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, data_chunk);
    nghttp2_session_callbacks_set_on_stream_close_callback(all, stream_closed);
    nghttp2_session_callbacks_set_on_frame_send_callback(all, frame_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(all, frame_not_sent);
    nghttp2_session_callbacks_set_send_data_callback(all, send_data);
  }
};

nghttp2_session* make_h2_engine(H2Role role, const LimitSettings& limits, H2Session& owner) {
  nghttp2_session_callbacks* raw_callbacks = nullptr;
  nghttp2_option* raw_option = nullptr;
  nghttp2_session* session = nullptr;
  if (nghttp2_session_callbacks_new(&raw_callbacks) != 0) std::abort();  // out of memory
  const std::unique_ptr<nghttp2_session_callbacks, CallbacksDeleter> callbacks(raw_callbacks);
  if (nghttp2_option_new(&raw_option) != 0) std::abort();
  const std::unique_ptr<nghttp2_option, OptionDeleter> option(raw_option);
  H2Callbacks::set_all(raw_callbacks);
  nghttp2_option_set_no_auto_window_update(raw_option, 1);
  nghttp2_option_set_no_closed_streams(raw_option, 1);
  nghttp2_option_set_max_outbound_ack(raw_option, kMaxOutboundAcks);
  nghttp2_option_set_max_settings(raw_option, kMaxSettings);
  // The engine's own count also grows when one frame header comes in pieces; H2Meter counts right.
  nghttp2_option_set_max_continuations(raw_option, std::size_t{10} * H2Meter::kMaxContinuations);
  nghttp2_option_set_max_deflate_dynamic_table_size(raw_option, kHeaderTableBytes);
  nghttp2_option_set_max_send_header_block_length(raw_option, 4UL * limits.header_bytes);
  const int made = role == H2Role::server
                       ? nghttp2_session_server_new2(&session, raw_callbacks, &owner, raw_option)
                       : nghttp2_session_client_new2(&session, raw_callbacks, &owner, raw_option);
  if (made != 0) std::abort();
  return session;
}

nghttp2_data_provider h2_body_of(H2Stream& stream) {
  return {{.ptr = &stream}, H2Callbacks::read_data};
}

}  // namespace weir

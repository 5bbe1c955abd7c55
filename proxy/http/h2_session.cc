#include "proxy/http/h2_session.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "proxy/http/h2_engine.h"

namespace weir {
namespace {

constexpr std::uint32_t kConnectionWindows = 16;  // the connection's window, in stream windows
constexpr std::size_t kMaxQueuedFrames = 1000;    // for a peer that does not read
constexpr std::uint32_t kMaxInformational = 32;   // 1xx responses to one request

nghttp2_nv to_nv(const H2FieldList::Entry& entry) {
  // The engine copies; its interface only lacks the const.
  return {
      reinterpret_cast<std::uint8_t*>(const_cast<char*>(entry.name.data())),
      reinterpret_cast<std::uint8_t*>(const_cast<char*>(entry.value.data())), entry.name.size(),
      entry.value.size(),
      static_cast<std::uint8_t>(entry.secret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE)};
}

// A header list in the engine's form; on the stack unless it is unusually long.
class NvList {
 public:
  explicit NvList(const H2FieldList& fields) : size_(fields.entries.size()) {
    if (size_ > few_.size()) many_.resize(size_);
    std::transform(fields.entries.begin(), fields.entries.end(), data(), to_nv);
  }
  nghttp2_nv* data() { return many_.empty() ? few_.data() : many_.data(); }
  std::size_t size() const { return size_; }

 private:
  std::size_t size_;
  std::array<nghttp2_nv, 48> few_;
  std::vector<nghttp2_nv> many_;
};

}  // namespace

void H2Session::SessionDeleter::operator()(nghttp2_session* session) const {
  nghttp2_session_del(session);
}

H2Session::H2Session(H2Role role, const LimitSettings& limits, const Clock& clock, Events& events)
    : role_(role), limits_(limits), events_(events), meter_(role, limits, clock) {
  session_.reset(make_h2_engine(role, limits, *this));
  submit_settings();
}

H2Session::~H2Session() = default;

void H2Session::submit_settings() {
  const std::uint32_t window = std::clamp<std::uint32_t>(limits_.h2_window_bytes, 16384, 1U << 26);
  std::vector<nghttp2_settings_entry> entries = {
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits_.header_bytes}};
  if (role_ == H2Role::server) {
    entries.push_back({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits_.h2_streams});
    entries.push_back({NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1});
    entries.push_back({NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1});
  } else {
    entries.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
  }
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, entries.data(), entries.size());
  const auto total = static_cast<std::int32_t>(window * kConnectionWindows);
  nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0, total);
}

// --- in

Result<void> H2Session::feed(ByteView bytes) {
  if (error_) return std::unexpected(*error_);
  if (auto counted = meter_.scan(bytes); !counted) {
    return abort(H2Code::enhance_your_calm, std::move(counted).error());
  }
  const auto taken = nghttp2_session_mem_recv(session_.get(), bytes.data(), bytes.size());
  if (pending_) return abort(H2Code::enhance_your_calm, *std::exchange(pending_, std::nullopt));
  if (taken == NGHTTP2_ERR_FLOODED) {
    return abort(H2Code::enhance_your_calm,
                 {Errc::too_large, peer_fault(), false, "HTTP/2 flood: acknowledgements"});
  }
  if (taken < 0) {
    return abort(H2Code::protocol_error,
                 {Errc::malformed, peer_fault(), false,
                  std::string("HTTP/2: ") + nghttp2_strerror(static_cast<int>(taken))});
  }
  if (nghttp2_session_get_outbound_queue_size(session_.get()) > kMaxQueuedFrames) {
    return abort(H2Code::enhance_your_calm,
                 {Errc::too_large, peer_fault(), false, "HTTP/2 flood: outbound queue"});
  }
  announce();
  deliver();
  return {};
}

Result<void> H2Session::abort(H2Code code, Error error) {
  nghttp2_session_terminate_session(session_.get(), static_cast<std::uint32_t>(code));
  error_ = error;
  lose(error);
  return std::unexpected(std::move(error));
}

void H2Session::announce() {
  if (std::exchange(peer_changed_, false)) events_.on_peer_changed();
  announce_refused();
  if (requests_.empty()) return;
  // What was reset within the same bytes is never started.
  for (auto& stream : std::exchange(requests_, {})) {
    if (!stream->closed && !stream->error && !stream->peer_reset) {
      events_.on_request(std::move(stream));
    }
  }
}

void H2Session::announce_refused() {
  for (const Refused& request : std::exchange(refused_, {})) {
    events_.on_refused(request.why, request.status);
  }
}

void H2Session::touch(H2Stream& stream) {
  if (stream.touched || stream.watcher == nullptr) return;
  stream.touched = true;
  touched_.push_back(stream.shared_from_this());
}

void H2Session::deliver() {
  if (delivering_ || touched_.empty()) return;
  delivering_ = true;
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    const auto stream = std::move(touched_[i]);  // its watcher may touch others
    stream->touched = false;
    if (stream->watcher != nullptr) stream->watcher->stream_changed();
  }
  touched_.clear();
  delivering_ = false;
}

void H2Session::complete_head(H2Stream& stream, bool end_stream) {
  if (!stream.decoder || stream.error) return;
  const auto kind = stream.decoder->kind();
  if (stream.decoder->too_large()) {
    refuse_large_head(stream, end_stream);
  } else if (kind == H2HeadDecoder::Kind::request) {
    complete_request(stream, end_stream);
  } else if (kind == H2HeadDecoder::Kind::response) {
    complete_response(stream, end_stream);
  } else if (!stream.decoder->finish(stream.trailers)) {
    reject(stream,
           {Errc::malformed, peer_fault(), false,
            "HTTP/2 trailers: " + std::string(stream.decoder->failure())},
           H2Code::protocol_error);
  } else {
    stream.ended = end_stream;
  }
  stream.decoder.reset();
  touch(stream);
}

void H2Session::complete_request(H2Stream& stream, bool end_stream) {
  if (!stream.decoder->finish(stream.request, end_stream)) {
    return reject(stream,
                  {Errc::malformed, Fault::client, false,
                   "HTTP/2 request: " + std::string(stream.decoder->failure())},
                  H2Code::protocol_error);
  }
  stream.final_head = true;
  stream.ended = end_stream;
  // Streams share the connection in turn; the client's wishes are not followed.
  nghttp2_extpri fair{NGHTTP2_EXTPRI_DEFAULT_URGENCY, 1};
  nghttp2_session_change_extpri_stream_priority(session_.get(), stream.id, &fair, 1);
  requests_.push_back(stream.shared_from_this());
}

void H2Session::complete_response(H2Stream& stream, bool end_stream) {
  ResponseHead head;
  if (!stream.decoder->finish(head, end_stream)) {
    return reject(stream,
                  {Errc::malformed, Fault::origin, false,
                   "HTTP/2 response: " + std::string(stream.decoder->failure())},
                  H2Code::protocol_error);
  }
  if (head.informational() && ++stream.informational_count > kMaxInformational) {
    return reject(
        stream,
        {Errc::too_large, Fault::origin, false, "HTTP/2 response: too many informational heads"},
        H2Code::enhance_your_calm);
  }
  stream.final_head = !head.informational();
  stream.ended = end_stream;
  stream.heads.push_back(std::move(head));
}

// A request whose fields are too many gets an answer, not just an error; RFC 6585 section 5.
void H2Session::refuse_large_head(H2Stream& stream, bool end_stream) {
  Error error{Errc::too_large, peer_fault(), false,
              "HTTP/2 header list over header_bytes or count"};
  if (stream.decoder->kind() != H2HeadDecoder::Kind::request) {
    return reject(stream, std::move(error), H2Code::enhance_your_calm);
  }
  note_refused(error, 431);
  ResponseHead answer;
  answer.status = 431;
  answer.framing = {Framing::Kind::length, 0};
  stream.detached = true;
  stream.ended = end_stream;
  if (!respond(stream, answer, true)) reset(stream, H2Code::internal_error);
}

void H2Session::note_refused(const Error& why, int status) { refused_.push_back({why, status}); }

void H2Session::reject(H2Stream& stream, Error error, H2Code code) {
  if (role_ == H2Role::server && !stream.final_head) note_refused(error, 0);
  stream.error = std::move(error);
  stream.outbox.clear();
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id,
                            static_cast<std::uint32_t>(code));
  touch(stream);
}

Error H2Session::closing_error(const H2Stream& stream, std::uint32_t code) const {
  const std::string name(h2_code_name(stream.peer_reset.value_or(code)));
  const bool client = role_ == H2Role::client;
  if (client && stream.peer_reset.value_or(code) == NGHTTP2_REFUSED_STREAM) {
    return {Errc::refused, Fault::origin, true, "HTTP/2 stream refused"};
  }
  if (client && stream.peer_reset == NGHTTP2_HTTP_1_1_REQUIRED && !stream.final_head) {
    return {Errc::unsupported, Fault::origin, true, "the origin wants HTTP/1.1 for this request"};
  }
  if (stream.peer_reset || code == NGHTTP2_NO_ERROR) {
    return {Errc::truncated, peer_fault(), false, "HTTP/2 stream reset by the peer: " + name};
  }
  return {Errc::malformed, peer_fault(), false, "HTTP/2 stream error: " + name};
}

void H2Session::finish_closed(H2Stream& stream, std::uint32_t code) {
  const bool complete = stream.ended && (role_ == H2Role::client || stream.end_sent);
  if (!complete && !stream.error) {
    stream.error = closing_error(stream, code);
    const bool no_request = role_ == H2Role::server && !stream.final_head && !stream.detached;
    if (no_request && !stream.peer_reset) {
      note_refused({stream.error->code, Fault::client, false,
                    "HTTP/2 request: refused by the engine (" + std::string(h2_code_name(code)) +
                        ", RFC 9113 section 8)"},
                   0);
    }
  }
  forget(stream);
}

void H2Session::forget(H2Stream& stream) {
  const auto keep = stream.shared_from_this();
  stream.closed = true;
  stream.outbox.clear();
  touch(stream);
  streams_.erase(stream.id);
}

void H2Session::lose(const Error& error) {
  lost_.merge(streams_);  // the engine still points at them
  for (auto& [id, stream] : lost_) {
    if (stream->closed) continue;
    const bool complete = stream->ended && (role_ == H2Role::client || stream->end_sent);
    if (!complete && !stream->error) {
      stream->error = error;
      stream->error->retryable = role_ == H2Role::client && !stream->head_sent;
    }
    stream->closed = true;
    stream->outbox.clear();
    touch(*stream);
  }
  requests_.clear();
  peer_leaving_ = true;
  if (!error_) error_ = error;
  deliver();
}

// --- out

std::size_t H2Session::pull(MutableBytes into) {
  out_ = into;
  out_used_ = 0;
  while (out_used_ < out_.size()) {
    if (leftover_.empty()) {
      if (nghttp2_session_want_write(session_.get()) == 0) break;
      const std::uint8_t* data = nullptr;
      const auto made = nghttp2_session_mem_send(session_.get(), &data);
      if (made < 0) pending_ = {Errc::internal, Fault::local, false, "HTTP/2: cannot write"};
      if (made <= 0) break;
      leftover_ = {data, static_cast<std::size_t>(made)};
    }
    const auto piece = leftover_.first(std::min(leftover_.size(), out_.size() - out_used_));
    std::copy(piece.begin(), piece.end(), out_.begin() + static_cast<std::ptrdiff_t>(out_used_));
    out_used_ += piece.size();
    leftover_ = leftover_.subspan(piece.size());
  }
  out_ = {};
  if (pending_ && !error_) (void)abort(H2Code::enhance_your_calm, *pending_);
  pending_.reset();
  announce_refused();  // a stream that the engine refuses closes when its reset leaves
  deliver();
  return out_used_;
}

std::ptrdiff_t H2Session::read_outbox(H2Stream& stream, std::size_t room, std::uint32_t* flags) {
  const std::size_t ready = stream.outbox.size();
  // A stream that ended early has lost its bytes: it must never look complete.
  if (stream.error || stream.closed || (ready == 0 && !stream.send_ended)) {
    stream.deferred = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  // A frame that fits the rest of the buffer saves another round; a tiny one would not be worth it.
  const std::size_t free = out_.size() - out_used_;
  if (free >= kH2FrameHeader + kH2WorthwhileData) room = std::min(room, free - kH2FrameHeader);
  const std::size_t size = std::min(room, ready);
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (size == ready && stream.send_ended) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!stream.own_trailers.empty() && encode_h2(stream.own_trailers, fields_)) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      NvList fields(fields_);
      nghttp2_submit_trailer(session_.get(), stream.id, fields.data(), fields.size());
    }
  }
  return static_cast<std::ptrdiff_t>(size);
}

void H2Session::end_was_sent(H2Stream& stream) {
  stream.end_sent = true;
  if (!stream.detached || stream.ended || role_ != H2Role::server) return;
  // The answer is out and nobody wants the rest of the request (RFC 9113 section 8.1).
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_NO_ERROR);
}

bool H2Session::wants_write() const {
  return !leftover_.empty() || nghttp2_session_want_write(session_.get()) != 0;
}

bool H2Session::done() const {
  // After the first GOAWAY of a drain, requests may still be on their way.
  const bool expecting = draining_ && !last_goaway_ && !peer_leaving_ && !error_;
  return !expecting && !wants_write() && nghttp2_session_want_read(session_.get()) == 0;
}

void H2Session::drain() {
  if (std::exchange(draining_, true)) return;
  last_goaway_ = role_ == H2Role::client;
  if (role_ == H2Role::client) return;
  nghttp2_submit_shutdown_notice(session_.get());
  nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
}

void H2Session::say_goodbye() {
  last_goaway_ = true;
  nghttp2_session_terminate_session(session_.get(), NGHTTP2_NO_ERROR);
}

// --- streams

Result<void> H2Session::request(const std::shared_ptr<H2Stream>& stream, const RequestHead& head) {
  if (!encode_h2(head, fields_)) {
    return fail(Errc::invalid, Fault::local, "a request head that HTTP/2 cannot carry");
  }
  NvList fields(fields_);
  const bool empty = head.framing.kind == Framing::Kind::none ||
                     (head.framing.kind == Framing::Kind::length && head.framing.length == 0);
  const bool end = empty && head.method != "CONNECT";
  const auto body = h2_body_of(*stream);
  const auto id = nghttp2_submit_request(session_.get(), nullptr, fields.data(), fields.size(),
                                         end ? nullptr : &body, stream.get());
  if (id < 0) return fail(Errc::refused, Fault::local, "HTTP/2: no stream left", true);
  stream->id = id;
  stream->head_submitted = true;
  stream->send_ended = end;
  streams_.emplace(id, stream);
  return {};
}

Result<void> H2Session::respond(H2Stream& stream, const ResponseHead& head, bool end) {
  if (!encode_h2(head, fields_)) {
    return fail(Errc::invalid, Fault::local, "a response head that HTTP/2 cannot carry");
  }
  NvList fields(fields_);
  const auto body = h2_body_of(stream);
  nghttp2_submit_response(session_.get(), stream.id, fields.data(), fields.size(),
                          end ? nullptr : &body);
  stream.head_submitted = true;
  stream.send_ended = end;
  return {};
}

Result<void> H2Session::inform(H2Stream& stream, const ResponseHead& head) {
  if (!encode_h2(head, fields_)) {
    return fail(Errc::invalid, Fault::local, "an informational head that HTTP/2 cannot carry");
  }
  NvList fields(fields_);
  nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, stream.id, nullptr, fields.data(),
                         fields.size(), nullptr);
  return {};
}

void H2Session::resume(H2Stream& stream) {
  if (std::exchange(stream.deferred, false)) nghttp2_session_resume_data(session_.get(), stream.id);
}

void H2Session::consumed(H2Stream& stream, std::size_t bytes) {
  stream.unconsumed -= bytes;
  if (bytes > 0) nghttp2_session_consume(session_.get(), stream.id, bytes);
}

void H2Session::reset(H2Stream& stream, H2Code code) {
  if (stream.given_up) return;
  stream.given_up = true;
  if (!stream.error) {
    stream.error = Error{Errc::cancelled, Fault::local, false, "HTTP/2 stream given up"};
  }
  stream.outbox.clear();
  if (!stream.closed && stream.id != 0) {
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id,
                              static_cast<std::uint32_t>(code));
  }
  touch(stream);
  deliver();
}

void H2Session::detach(H2Stream& stream) {
  stream.watcher = nullptr;
  stream.detached = true;
  if (stream.unconsumed > 0) {
    nghttp2_session_consume_connection(session_.get(), stream.unconsumed);
    stream.unconsumed = 0;
  }
  stream.outbox.forget_borrowed();
  if (stream.closed || stream.error || stream.id == 0) return;
  const bool answered = role_ == H2Role::server && stream.send_ended;
  if (!answered) {
    return reset(stream, role_ == H2Role::server ? H2Code::internal_error : H2Code::cancel);
  }
  if (stream.end_sent) end_was_sent(stream);
}

bool H2Session::accepts_streams() const {
  return !error_ && !peer_leaving_ && !draining_ &&
         nghttp2_session_check_request_allowed(session_.get()) != 0;
}

bool H2Session::peer_speaks_extended_connect() const {
  return nghttp2_session_get_remote_settings(session_.get(),
                                             NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

std::uint32_t H2Session::peer_max_streams() const {
  constexpr std::uint32_t kUntilTold = 100;  // RFC 9113 section 6.5.2 recommends no less
  return settled_ ? nghttp2_session_get_remote_settings(session_.get(),
                                                        NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS)
                  : kUntilTold;
}

}  // namespace weir

#include "proxy/tls/tls_connection.h"

#include <gtest/gtest.h>

#include "tests/proxy/tls/tls_ends.h"

namespace weir {
namespace {

using namespace test;

Co<Result<void>> both(Party* ours, const Clock* clock) {
  co_return co_await ours->end->handshake(*clock, clock->steady() + kLimit);
}

class TlsConnectionTest : public testing::Test {
 protected:
  // A connected pair; `options` are the gates between.
  void connect(MemoryPipeOptions options = {}) {
    set_common_options(server_context_.get());
    set_common_options(client_context_.get());
    auto [near, far] = memory_pipe(loop_, options);
    far_below_ = far.get();
    start_party(loop_, server_, server_context_.get(), std::move(far), true);
    client_.end = plain_end(client_context_.get(), std::move(near), false);
    auto done = run(loop_, both(&client_, &clock_));
    settle(loop_);
    ASSERT_TRUE(done) << done.error().what;
    ASSERT_TRUE(server_.outcome && *server_.outcome);
  }

  ManualClock clock_;
  Loop loop_{clock_};
  Certified root_ = make_root();
  Certified leaf_ = certify({}, &root_);
  SslContextPtr server_context_ = server_context(leaf_);
  SslContextPtr client_context_{SSL_CTX_new(TLS_client_method())};
  Party server_, client_;
  ByteStream* far_below_ = nullptr;
};

TEST_F(TlsConnectionTest, CarriesBytesBothWays) {
  connect();
  EXPECT_EQ(write_now(*client_.end, "ping"), 4U);
  EXPECT_EQ(read_now(loop_, *server_.end), "ping");
  EXPECT_EQ(write_now(*server_.end, "pong"), 4U);
  EXPECT_EQ(read_now(loop_, *client_.end), "pong");
  EXPECT_EQ(client_.end->info().version, "TLSv1.3");
  EXPECT_FALSE(client_.end->info().cipher.empty());
}

TEST_F(TlsConnectionTest, HandshakesOneByteAtATime) {
  MemoryPipeOptions options;
  options.forward.rechunk = 1;
  options.backward.rechunk = 1;
  connect(options);
  write_now(*client_.end, "still whole");
  EXPECT_EQ(read_now(loop_, *server_.end), "still whole");
}

Co<Result<void>> pour(TlsConnection* to, std::string text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    auto step = to->try_write(as_bytes(rest));
    if (!step) co_return pass(std::move(step));
    rest.remove_prefix(step->bytes);
    if (step->wait == Wait::none) continue;
    if (auto ready = co_await to->wait(step->wait, kLimit); !ready) co_return ready;
  }
  co_return Result<void>{};
}

Co<void> drink(TlsConnection* from, std::string* into, std::size_t wanted) {
  std::array<std::uint8_t, 5000> block{};
  while (into->size() < wanted) {
    auto step = from->try_read(block);
    if (!step || step->eof) co_return;
    *into += as_text(MutableBytes(block).first(step->bytes));
    if (step->wait == Wait::none) continue;
    if (auto ready = co_await from->wait(step->wait, kLimit); !ready) co_return;
  }
}

TEST_F(TlsConnectionTest, AMegabytePassesASmallPipeUnchanged) {
  MemoryPipeOptions options;
  options.capacity = 10'000;
  connect(options);
  std::string sent;
  for (int i = 0; sent.size() < 1'000'000; ++i) sent += std::to_string(i) + ' ';
  std::string got;
  spawn(loop_, drink(server_.end.get(), &got, sent.size()));
  const auto done = run(loop_, pour(client_.end.get(), sent));
  settle(loop_);
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_EQ(got, sent);
}

TEST_F(TlsConnectionTest, AnOrderlyEndIsTold) {
  connect();
  write_now(*server_.end, "last words");
  server_.end->shutdown_write();
  EXPECT_EQ(read_now(loop_, *client_.end), "last words.");
  EXPECT_TRUE(client_.end->peer_gone());
}

TEST_F(TlsConnectionTest, AFinWithoutCloseNotifyIsTruncated) {
  connect();
  write_now(*server_.end, "half a");
  far_below_->shutdown_write();
  EXPECT_EQ(read_now(loop_, *client_.end), "half a!truncated");
  EXPECT_EQ(read_now(loop_, *client_.end), "!truncated") << "and stays so";
}

TEST_F(TlsConnectionTest, AResetIsTruncated) {
  connect();
  server_.end->close(true);
  EXPECT_EQ(read_now(loop_, *client_.end), "!truncated");
}

TEST_F(TlsConnectionTest, DamagedRecordsAreMalformed) {
  connect();
  ASSERT_TRUE(
      far_below_->try_write(as_bytes(std::string("\x17\x03\x03\x00\x20") + std::string(32, 'x'))));
  EXPECT_EQ(read_now(loop_, *client_.end), "!malformed");
}

TEST_F(TlsConnectionTest, PeerGoneSeesACloseNotifyButKeepsData) {
  connect();
  EXPECT_FALSE(client_.end->peer_gone());
  write_now(*server_.end, "kept");
  settle(loop_);
  EXPECT_FALSE(client_.end->peer_gone());
  EXPECT_EQ(read_now(loop_, *client_.end), "kept");
  SSL_shutdown(server_.end->ssl());  // close_notify without a FIN
  std::array<std::uint8_t, 1> none{};
  static_cast<void>(server_.end->try_read(none).has_value());  // sends it
  settle(loop_);
  EXPECT_TRUE(client_.end->peer_gone());
}

Co<Result<void>> wait_readable(TlsConnection* end) {
  co_return co_await end->wait(Wait::readable, kLimit);
}

TEST_F(TlsConnectionTest, WaitingForWhatIsBufferedReturnsAtOnce) {
  connect();
  write_now(*server_.end, std::string(100, 'a'));
  settle(loop_);
  std::array<std::uint8_t, 10> block{};
  ASSERT_EQ(client_.end->try_read(block)->bytes, 10U);
  EXPECT_TRUE(run(loop_, wait_readable(client_.end.get())));
}

TEST_F(TlsConnectionTest, GarbageInsteadOfAServerIsAHandshakeError) {
  auto [near, far] = memory_pipe(loop_, {});
  ASSERT_TRUE(far->try_write(as_bytes("HTTP/1.1 400 Bad Request\r\n\r\n")));
  client_.end = plain_end(client_context_.get(), std::move(near), false);
  const auto done = run(loop_, both(&client_, &clock_));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::tls_handshake);
}

TEST_F(TlsConnectionTest, AnEndInTheHandshakeIsTruncated) {
  auto [near, far] = memory_pipe(loop_, {});
  far->close(false);
  client_.end = plain_end(client_context_.get(), std::move(near), false);
  const auto done = run(loop_, both(&client_, &clock_));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::truncated);
}

}  // namespace
}  // namespace weir

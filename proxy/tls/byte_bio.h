// OpenSSL's BIO over a ByteStream: reads serve what the caller had read already and then the
// stream; writes collect in one buffer, so that many records leave in one system call. Owned by the
// connection (tls_connection.h); loop thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "proxy/net/byte_stream.h"
#include "proxy/tls/openssl.h"

namespace weir {

class ByteBio {
 public:
  ByteBio(std::unique_ptr<ByteStream> below, std::string already_read);
  ByteBio(const ByteBio&) = delete;
  ByteBio& operator=(const ByteBio&) = delete;

  // For SSL_set_bio, which takes it over; must not outlive this object. Null: out of memory.
  BioPtr make_bio();

  ByteStream& below() { return *below_; }
  const ByteStream& below() const { return *below_; }
  std::size_t unsent() const { return out_.size() - sent_; }
  bool has_prefix() const { return prefix_at_ < prefix_.size(); }
  bool ended() const { return ended_; }  // the stream below has ended, orderly or not
  const std::optional<Error>& error() const { return error_; }

  void expect_output(std::size_t bytes) { out_.reserve(bytes); }
  // True when nothing is left; gives the buffer back then, for idle connections hold none.
  Result<bool> flush();

  int read(BIO* bio, char* into, std::size_t room, std::size_t* got);
  int write(BIO* bio, const char* from, std::size_t size, std::size_t* put);

 private:
  std::unique_ptr<ByteStream> below_;
  std::string prefix_;
  std::size_t prefix_at_ = 0;
  std::string out_;
  std::size_t sent_ = 0;
  bool ended_ = false;
  std::optional<Error> error_;
};

}  // namespace weir

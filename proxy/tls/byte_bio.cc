#include "proxy/tls/byte_bio.h"

#include <algorithm>
#include <cstring>

namespace weir {
namespace {

// Records are written only when the last batch is gone, so only answers to a flood of
// post-handshake messages (KeyUpdate) can pile up to this.
constexpr std::size_t kMostUnsent = 256 * 1024;
constexpr std::size_t kKeepCapacity = 512;

ByteBio& owner(BIO* bio) { return *static_cast<ByteBio*>(BIO_get_data(bio)); }

int on_read(BIO* bio, char* into, std::size_t room, std::size_t* got) {
  return owner(bio).read(bio, into, room, got);
}

int on_write(BIO* bio, const char* from, std::size_t size, std::size_t* put) {
  return owner(bio).write(bio, from, size, put);
}

long on_control(BIO* bio, int command, long /*number*/, void* /*argument*/) {
  if (command == BIO_CTRL_EOF) return owner(bio).ended() ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

using MethodPtr = std::unique_ptr<BIO_METHOD, FreeWith<BIO_meth_free>>;

// OpenSSL's table of our three functions: constant once made, needed as long as any BIO lives.
const BIO_METHOD* method() {
  static const MethodPtr made = [] {
    MethodPtr table(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "weir byte stream"));
    BIO_meth_set_read_ex(table.get(), on_read);
    BIO_meth_set_write_ex(table.get(), on_write);
    BIO_meth_set_ctrl(table.get(), on_control);
    return table;
  }();
  return made.get();
}

}  // namespace

ByteBio::ByteBio(std::unique_ptr<ByteStream> below, std::string already_read)
    : below_(std::move(below)), prefix_(std::move(already_read)) {}

BioPtr ByteBio::make_bio() {
  BioPtr bio(BIO_new(method()));
  if (!bio) return nullptr;
  BIO_set_data(bio.get(), this);
  BIO_set_init(bio.get(), 1);
  return bio;
}

int ByteBio::read(BIO* bio, char* into, std::size_t room, std::size_t* got) {
  BIO_clear_retry_flags(bio);
  if (has_prefix()) {
    *got = std::min(room, prefix_.size() - prefix_at_);
    std::memcpy(into, prefix_.data() + prefix_at_, *got);
    prefix_at_ += *got;
    if (!has_prefix()) std::string().swap(prefix_), prefix_at_ = 0;
    return 1;
  }
  auto step = below_->try_read({reinterpret_cast<std::uint8_t*>(into), room});
  if (!step || step->eof) {
    ended_ = true;
    if (!step && !error_) error_ = std::move(step).error();
    return 0;
  }
  if (step->bytes == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  *got = step->bytes;
  return 1;
}

int ByteBio::write(BIO* bio, const char* from, std::size_t size, std::size_t* put) {
  BIO_clear_retry_flags(bio);
  if (unsent() + size > kMostUnsent) {
    if (!error_)
      error_ = Error{Errc::malformed, Fault::local, false, "TLS: unread answers pile up"};
    return 0;
  }
  out_.append(from, size);
  *put = size;
  return 1;
}

Result<bool> ByteBio::flush() {
  while (unsent() > 0) {
    auto step = below_->try_write(as_bytes(out_).subspan(sent_));
    if (!step) {
      if (!error_) error_ = step.error();
      return pass(std::move(step));
    }
    if (step->bytes == 0) return false;
    sent_ += step->bytes;
  }
  sent_ = 0;
  out_.clear();
  if (out_.capacity() > kKeepCapacity) std::string().swap(out_);
  return true;
}

}  // namespace weir

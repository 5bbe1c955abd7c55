#include "sandbox_client/quarantine_cipher.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "core/digest.h"
#include "sandbox_client/placed_file.h"

namespace weir {
namespace {

constexpr std::string_view kMagic = "WEIRQ001";
constexpr std::size_t kSalt = 32;
constexpr std::size_t kHead = kMagic.size() + kSalt;
constexpr std::size_t kPiece = 64 * 1024;
constexpr std::size_t kTag = 16;

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

std::unexpected<Error> broken(const char* what) {
  return fail(Errc::malformed, Fault::local, std::string("quarantined file: ") + what);
}

// One file's pieces in order, in either direction.
class Pieces {
 public:
  Pieces(const QuarantineKey& key, ByteView head, bool seal) : head_(head), seal_(seal) {
    // The salt is new for each file, and so one key never meets a nonce twice.
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), head.data(), head.size(),
         file_key_.data(), &size);
  }

  // `out` has room for the piece, and for the tag when sealing.
  bool piece(ByteView in, bool last, std::vector<std::uint8_t>& out) {
    if (!seal_ && in.size() < kTag) return false;
    const std::size_t size = seal_ ? in.size() : in.size() - kTag;
    out.resize(size + (seal_ ? kTag : 0));
    int done = 0, more = 0;
    EVP_CIPHER_CTX* c = context_.get();
    const auto nonce = next_nonce(last);
    bool good =
        EVP_CipherInit_ex(c, EVP_aes_256_gcm(), nullptr, file_key_.data(), nonce.data(),
                          seal_ ? 1 : 0) == 1 &&
        EVP_CipherUpdate(c, nullptr, &done, head_.data(), static_cast<int>(head_.size())) == 1;
    if (good && !seal_) good = set_tag(in.subspan(size));
    good = good && EVP_CipherUpdate(c, out.data(), &done, in.data(), static_cast<int>(size)) == 1 &&
           EVP_CipherFinal_ex(c, out.data() + done, &more) == 1;
    if (good && seal_) {
      good = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, kTag, out.data() + size) == 1;
    }
    return good;
  }

 private:
  bool set_tag(ByteView tag) {
    std::array<std::uint8_t, kTag> copy{};
    std::ranges::copy(tag, copy.begin());
    return EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_GCM_SET_TAG, kTag, copy.data()) == 1;
  }
  std::array<std::uint8_t, 12> next_nonce(bool last) {
    std::array<std::uint8_t, 12> nonce{};
    for (std::size_t i = 0; i < 8; ++i) nonce[i] = static_cast<std::uint8_t>(count_ >> (8 * i));
    nonce[11] = last ? 1 : 0;
    ++count_;
    return nonce;
  }

  std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> context_{EVP_CIPHER_CTX_new()};
  std::array<std::uint8_t, 32> file_key_{};
  ByteView head_;
  bool seal_;
  std::uint64_t count_ = 0;
};

// Cuts a stream into pieces of one size, and knows the last when the stream ends: a full one is
// kept until there is more.
class Cutter {
 public:
  Cutter(std::size_t size, std::function<Result<>(ByteView, bool last)> emit)
      : size_(size), emit_(std::move(emit)) {}

  Result<> feed(ByteView bytes) {
    while (!bytes.empty()) {
      if (held_.size() == size_) {
        if (auto out = emit_(held_, false); !out) return out;
        held_.clear();
      }
      const std::size_t some = std::min(bytes.size(), size_ - held_.size());
      held_.insert(held_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(some));
      bytes = bytes.subspan(some);
    }
    return {};
  }
  Result<> finish() { return emit_(held_, true); }

 private:
  std::size_t size_;
  std::function<Result<>(ByteView, bool)> emit_;
  std::vector<std::uint8_t> held_;
};

Result<QuarantineKey> read_key(int fd, const std::string& path) {
  struct stat about{};
  if (::fstat(fd, &about) != 0) return std::unexpected(errno_error("stat " + path, errno));
  if ((about.st_mode & 077) != 0) {
    return fail(Errc::denied, Fault::config, path + ": others can read the key (chmod 600)");
  }
  QuarantineKey key{};
  const ssize_t got = ::read(fd, key.data(), key.size());
  if (got != static_cast<ssize_t>(key.size()) || about.st_size != got) {
    return fail(Errc::malformed, Fault::config, path + ": is no key of 32 bytes");
  }
  return key;
}

}  // namespace

Result<QuarantineKey> quarantine_key(const std::string& path, Random& random) {
  const UniqueFd there(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (there) return read_key(there.get(), path);
  if (errno != ENOENT) return std::unexpected(errno_error("open " + path, errno));
  QuarantineKey key{};
  random.fill(key);
  const std::size_t slash = path.rfind('/');
  auto file = PlacedFile::make(slash == path.npos ? "." : path.substr(0, slash),
                               path.substr(slash + 1), random);
  if (!file) return pass(std::move(file));
  if (auto kept = file->write(key); !kept) return pass(std::move(kept));
  if (auto placed = file->place(); !placed) return pass(std::move(placed));
  return key;
}

Result<std::string> seal_file(const QuarantineKey& key, int fd, std::uint64_t most, Random& random,
                              const ByteSink& sink) {
  std::array<std::uint8_t, kHead> head{};
  std::ranges::copy(kMagic, head.begin());
  random.fill(MutableBytes(head).subspan(kMagic.size()));
  if (auto out = sink(head); !out) return pass(std::move(out));
  Pieces pieces(key, head, true);
  Digests digests(false);
  std::vector<std::uint8_t> sealed;
  Cutter cutter(kPiece, [&](ByteView plain, bool last) -> Result<> {
    if (!pieces.piece(plain, last, sealed)) {
      return fail(Errc::internal, Fault::local, "AES-GCM does not encrypt");
    }
    return sink(sealed);
  });
  auto done = each_piece(fd, most, [&](ByteView bytes) {
    digests.update(bytes);
    return cutter.feed(bytes);
  });
  if (done) done = cutter.finish();
  if (!done) return pass(std::move(done));
  return digests.finish().sha256;
}

Result<> unseal_file(const QuarantineKey& key, int fd, const ByteSink& sink) {
  std::array<std::uint8_t, kHead> head{};
  if (::pread(fd, head.data(), head.size(), 0) != static_cast<ssize_t>(head.size()) ||
      std::memcmp(head.data(), kMagic.data(), kMagic.size()) != 0) {
    return broken("no header");
  }
  Pieces pieces(key, head, false);
  std::vector<std::uint8_t> plain;
  Cutter cutter(kPiece + kTag, [&](ByteView sealed, bool last) -> Result<> {
    if (!pieces.piece(sealed, last, plain)) return broken("changed, cut, or under another key");
    return plain.empty() ? Result<>() : sink(plain);
  });
  std::size_t skip = kHead;
  auto done = each_piece(fd, ~std::uint64_t{0}, [&](ByteView bytes) {
    const std::size_t some = std::min(skip, bytes.size());
    skip -= some;
    return cutter.feed(bytes.subspan(some));
  });
  return done ? cutter.finish() : done;
}

}  // namespace weir

// Digests of a stream of bytes, fed piece by piece, and hex. The only file of core that knows
// OpenSSL is digest.cc. A failure inside the library aborts: an empty or wrong digest would be
// somebody else's verdict. One owner, one thread.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace weir {

// Lower-case hex; sha1 and md5 are "" unless they were asked for.
struct DigestTexts {
  std::string sha256, sha1, md5;
};

class Digests {
 public:
  explicit Digests(bool with_old_ones);  // also SHA-1 and MD5, for hash lists that only have those
  ~Digests();
  Digests(Digests&&) noexcept;
  Digests& operator=(Digests&&) noexcept;

  void update(ByteView bytes);
  DigestTexts finish();  // once, last

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> sha256_, sha1_, md5_;
};

std::array<std::uint8_t, 32> sha256(ByteView bytes);
std::array<std::uint8_t, 20> sha1(ByteView bytes);
std::string sha256_hex(ByteView bytes);

std::string hex(ByteView bytes);                                           // lower case
std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text);  // either case

}  // namespace weir

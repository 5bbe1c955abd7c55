// A ZIP of one stored file under a password, written as a stream: AES-256 as in "AES Encryption
// Information: Encryption Specification AE-1 and AE-2" (WinZip), version AE-2, on the structures of
// APPNOTE.TXT 4.3. What analysts exchange samples in: it keeps scanners on the way from the file.
// One owner, one thread.
#pragma once

#include <memory>
#include <string>

#include "core/clock.h"
#include "core/random.h"
#include "sandbox_client/quarantine_cipher.h"

namespace weir {

class PasswordZip {
 public:
  // `size` bytes will be fed, less than 4 GiB. The sink outlives it.
  PasswordZip(std::string name, std::uint64_t size, std::string_view password, Random& random,
              const ByteSink& sink);
  ~PasswordZip();

  Result<> begin();
  Result<> feed(ByteView bytes);
  Result<> end();  // an error if it was not `size` bytes

 private:
  struct Ciphers;
  std::string entry(bool central) const;

  const std::string name_;
  const std::uint64_t size_;
  const ByteSink& sink_;
  std::uint64_t fed_ = 0;
  std::array<std::uint8_t, 16> salt_{};
  std::unique_ptr<Ciphers> ciphers_;
};

inline constexpr std::uint64_t kMostZipped = 0xffff'0000;  // bytes; more would need ZIP64

}  // namespace weir

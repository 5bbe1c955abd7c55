// The coder 7zAES of 7z archives (7zFormat.txt and the LZMA SDK's Methods.txt, 06F10701): AES-256
// in CBC mode, without padding; the key is SHA-256 over many rounds of salt, password and a
// counter. Sans-io, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/bytes.h"

namespace weir {

struct SevenZipLock {
  unsigned cycles = 0;  // a power of two; 63: none
  std::vector<std::uint8_t> salt;
  std::array<std::uint8_t, 16> iv{};
};
// nullopt: not the properties of this coder, or more rounds than kMostCycles.
std::optional<SevenZipLock> read_seven_zip_lock(ByteView properties);
inline constexpr unsigned kMostCycles = 24;  // writers use 19; each step doubles the time

using SevenZipKey = std::array<std::uint8_t, 32>;
// The password is UTF-8.
SevenZipKey seven_zip_key(const SevenZipLock& lock, std::string_view password);

// Keys by lock and password: deriving one takes a good part of a second.
class SevenZipKeys {
 public:
  const SevenZipKey& of(const SevenZipLock& lock, const std::string& password);

 private:
  std::map<std::tuple<unsigned, std::vector<std::uint8_t>, std::string>, SevenZipKey> known_;
};

// Decrypts a stream from its start, piece by piece.
class SevenZipCipher {
 public:
  SevenZipCipher(const SevenZipLock& lock, const SevenZipKey& key);
  ~SevenZipCipher();
  SevenZipCipher(SevenZipCipher&&) noexcept;
  SevenZipCipher& operator=(SevenZipCipher&&) noexcept;

  // Whole blocks of 16 bytes only; what is beyond the last one is left out. Valid until the next.
  ByteView decrypt(ByteView blocks);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace weir

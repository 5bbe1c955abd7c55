// SipHash (Aumasson, Bernstein 2012) with its 128-bit output: a keyed hash that is quick on short
// texts. c rounds per word, d at the end; the index uses 1-3, as hash tables do whose key stays
// secret. Plain functions.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weir {

static_assert(std::endian::native == std::endian::little, "words are read as they lie in memory");

using SipKey = std::array<std::uint64_t, 2>;

struct Hash128 {
  std::uint64_t hi, lo;  // not initialised: look-ups keep arrays of these
  auto operator<=>(const Hash128&) const = default;
};

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void rounds(int count) {
    for (int i = 0; i < count; ++i) {
      v0 += v1;
      v2 += v3;
      v1 = std::rotl(v1, 13) ^ v0;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 = std::rotl(v0, 32) + v3;
      v2 += v1;
      v3 = std::rotl(v3, 21) ^ v0;
      v1 = std::rotl(v1, 17) ^ v2;
      v2 = std::rotl(v2, 32);
    }
  }
};

template <int c, int d>
Hash128 siphash128(const SipKey& key, std::string_view text) {
  SipState state{key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d ^ 0xee,
                 key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};
  const auto take = [&](std::uint64_t word) {
    state.v3 ^= word;
    state.rounds(c);
    state.v0 ^= word;
  };
  const char* at = text.data();
  for (std::size_t left = text.size() / 8; left > 0; --left, at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    take(word);
  }
  std::uint64_t last = 0;
  const std::size_t rest = text.size() % 8;
  if (rest > 0) std::memcpy(&last, at, rest);
  take(last | static_cast<std::uint64_t>(text.size()) << 56);
  const auto finish = [&] {
    state.rounds(d);
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
  };
  state.v2 ^= 0xee;
  const std::uint64_t first = finish();
  state.v1 ^= 0xdd;
  return {first, finish()};
}

}  // namespace weir

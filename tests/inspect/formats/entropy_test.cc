#include "inspect/formats/entropy.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

#include "tests/inspect/formats/sealed_samples.h"

namespace weir {
namespace {

using namespace std::string_literals;

std::string random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

// Stays a sign, and finds all but those that begin like something by chance.
TEST(Entropy, TellsEvenBytes) {
  int found = 0;
  for (unsigned seed = 0; seed < 100; ++seed) {
    const std::string said_of = said(examine_entropy, random_bytes(100'000, seed));
    if (said_of == "sign headerless-high-entropy 60") {
      ++found;
    } else {
      EXPECT_EQ(said_of, "");
    }
  }
  EXPECT_GE(found, 85);
}

TEST(Entropy, IsSilentOnTheRest) {
  const std::string noise = random_bytes(200'000, 1);
  std::string deflated(compressBound(400'000), '\0');
  std::string text;
  std::mt19937 random(2);
  while (text.size() < 400'000) text += std::to_string(random()) + " words ";
  uLongf size = deflated.size();
  compress2(reinterpret_cast<Bytef*>(deflated.data()), &size,
            reinterpret_cast<const Bytef*>(text.data()), text.size(), 9);
  deflated.resize(size);
  const std::vector<std::pair<const char*, std::string>> table{
      {"short", noise.substr(0, 60'000)},
      {"a header", "HEAD" + noise},
      {"a binary header", "\x05\0\0\0\x80\x40\0\0"s + noise},
      {"a trailer", noise + std::string(4096, '\0')},
      {"a gap", noise.substr(0, 90'000) + std::string(50'000, '\0') + noise.substr(90'000)},
      {"raw deflate", deflated.substr(2)},
      {"zlib", deflated},
      {"text", text},
      {"zeros", std::string(100'000, '\0')},
  };
  for (const auto& [name, bytes] : table) EXPECT_EQ(said(examine_entropy, bytes), "") << name;
}

}  // namespace
}  // namespace weir

// Makes Windows programs that do nothing, with just the structure that a test asks for
// (Microsoft PE Format). Sections follow each other, 0x10000 apart in memory, from 0x10000.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace weir {

struct BuiltSection {
  std::string name;
  std::string bytes;
  std::uint32_t flags = 0x60000020;  // code, executable, readable
};

struct BuiltPe {
  std::vector<BuiltSection> sections{};
  std::uint32_t entry = 0x10000;
  std::uint32_t time_stamp = 1'600'000'000;
  std::uint32_t checksum = 0;
  std::array<std::pair<std::uint32_t, std::uint32_t>, 16> directories{};
  std::string overlay{};
};

inline void put(std::string& out, std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

inline std::string build(const BuiltPe& pe) {
  constexpr std::uint32_t kHeaders = 0x400;
  std::string out = "MZ" + std::string(0x3a, '\0');
  put(out, 0x40, 4);
  out += std::string("PE\0\0", 4);
  put(out, 0x8664, 2);
  put(out, pe.sections.size(), 2);
  put(out, pe.time_stamp, 4);
  put(out, 0, 8);
  put(out, 240, 2);
  put(out, 0x22, 2);
  put(out, 0x20b, 2);
  out += std::string(14, '\0');
  put(out, pe.entry, 4);
  out += std::string(4 + 8 + 8 + 12 + 4, '\0');
  put(out, 0x10000 * (pe.sections.size() + 1), 4);
  put(out, kHeaders, 4);
  put(out, pe.checksum, 4);
  put(out, 3, 2);
  out += std::string(2 + 32 + 4, '\0');
  put(out, 16, 4);
  for (const auto& [address, size] : pe.directories) {
    put(out, address, 4);
    put(out, size, 4);
  }
  std::uint32_t raw = kHeaders, address = 0x10000;
  for (const BuiltSection& section : pe.sections) {
    std::string name = section.name;
    name.resize(8);
    out += name;
    put(out, section.bytes.size(), 4);
    put(out, address, 4);
    put(out, section.bytes.size(), 4);
    put(out, raw, 4);
    out += std::string(12, '\0');
    put(out, section.flags, 4);
    raw += static_cast<std::uint32_t>(section.bytes.size());
    address += 0x10000;
  }
  out.resize(kHeaders);
  for (const BuiltSection& section : pe.sections) out += section.bytes;
  return out + pe.overlay;
}

// An import section for one library, to lie at `address` in memory.
inline std::string imports(const std::vector<std::string>& functions, std::uint32_t address) {
  const auto table = static_cast<std::uint32_t>(40);
  const auto names = static_cast<std::uint32_t>(table + 8 * (functions.size() + 1));
  std::string lookup, hints;
  for (const std::string& name : functions) {
    put(lookup, address + names + hints.size(), 8);
    hints += std::string(2, '\0') + name + '\0';
  }
  put(lookup, 0, 8);
  std::string out;
  put(out, address + table, 4);
  put(out, 0, 8);
  put(out, address + names, 4);  // any text will do for the library's name
  put(out, address + table, 4);
  out += std::string(20, '\0');
  return out + lookup + hints;
}

// Bytes without a pattern (a multiplicative generator), for sections that look packed.
inline std::string noise(std::size_t size) {
  std::string out;
  for (std::uint64_t state = 42; out.size() < size;) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    out += static_cast<char>(state >> 56);
  }
  return out;
}

}  // namespace weir

// Files of tests/corpus/office, and what a container gives, for the tests of Office formats.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/file_type.h"
#include "inspect/formats/container.h"

namespace weir {

inline std::string office_file(const std::string& name) {
  std::ifstream in(WEIR_SOURCE_DIR "/tests/corpus/office/" + name, std::ios::binary);
  EXPECT_TRUE(in) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

inline Subject subject_of(const std::string& bytes) {
  return {as_bytes(bytes), type_by_magic(as_bytes(bytes)), ""};
}

using NamedBytes = std::vector<std::pair<std::string, std::string>>;

inline NamedBytes members_of(Container& container) {
  NamedBytes all;
  while (const auto member = container.next()) {
    all.emplace_back(member->name, "");
    for (ByteView piece = container.read(); !piece.empty(); piece = container.read()) {
      all.back().second += as_text(piece);
    }
  }
  return all;
}

inline std::vector<std::string> names_of(const NamedBytes& members) {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : members) names.push_back(name);
  return names;
}

inline std::string bytes_of(const NamedBytes& members, const std::string& name) {
  for (const auto& [each, bytes] : members) {
    if (each == name) return bytes;
  }
  ADD_FAILURE() << "no member " << name;
  return {};
}

// "encrypted doc-rc4", one per remark.
inline std::vector<std::string> texts_of(const Remarks& remarks) {
  std::vector<std::string> texts;
  for (const Remark& remark : remarks.all()) {
    texts.push_back(std::string(reason_name(remark.reason)) + " " + remark.name);
  }
  return texts;
}

inline std::string le(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

}  // namespace weir

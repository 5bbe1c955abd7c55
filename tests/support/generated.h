// Committed files that are made from tables: a test compares, and writes them when the environment
// has WEIR_WRITE_DOCS (`WEIR_WRITE_DOCS=1 ctest -R Reference`).
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace weir {

inline std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void expect_generated(const std::string& path, const std::string& want) {
  const std::string full = std::string(WEIR_SOURCE_DIR) + "/" + path;
  if (std::getenv("WEIR_WRITE_DOCS") != nullptr) std::ofstream(full, std::ios::binary) << want;
  EXPECT_TRUE(file_text(full) == want)
      << path << " is not what the tables say; make it with WEIR_WRITE_DOCS=1";
}

// The same for the part of a page between two lines.
inline void expect_generated_part(const std::string& path, const std::string& from,
                                  const std::string& to, const std::string& want) {
  const std::string page = file_text(std::string(WEIR_SOURCE_DIR) + "/" + path);
  const std::size_t begin = page.find(from);
  ASSERT_NE(begin, std::string::npos) << path << " has no line " << from;
  const std::size_t after = begin + from.size();
  const std::size_t end = to.empty() ? page.size() : page.find(to, after);
  ASSERT_NE(end, std::string::npos) << path << " has no line " << to;
  expect_generated(path, page.substr(0, after) + want + page.substr(end));
}

}  // namespace weir

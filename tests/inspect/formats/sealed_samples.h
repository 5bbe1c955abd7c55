// What the tests of sealed formats, disks and embedded files share: files of the corpus, what an
// examiner says of bytes in short, what an opener hands out.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/file_type.h"
#include "inspect/formats/container.h"
#include "inspect/formats/remark.h"

namespace weir {

inline std::string bytes_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  EXPECT_TRUE(in.good()) << path;
  std::string bytes(in.good() ? static_cast<std::size_t>(in.tellg()) : 0, '\0');
  in.seekg(0).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}
inline std::string from_corpus(const std::string& name) {
  return bytes_of_file(std::string(WEIR_SOURCE_DIR) + "/tests/corpus/" + name);
}

inline Subject subject_of(const std::string& bytes) {
  return {as_bytes(bytes), type_by_magic(as_bytes(bytes)), {}};
}

// "encrypted pgp-symmetric, sign pgp-secret-key 0"
inline std::string said(Examine examine, const std::string& bytes) {
  Remarks remarks;
  examine(subject_of(bytes), remarks);
  std::string text;
  for (const Remark& remark : remarks.all()) {
    if (!text.empty()) text += ", ";
    if (remark.reason == Reason::none) {
      text += "sign " + remark.name + " " + std::to_string(remark.score);
    } else {
      text += std::string(reason_name(remark.reason)) + " " + remark.name;
    }
  }
  return text;
}

using Opened = std::vector<std::pair<std::string, std::string>>;

// Each file with its content, then ("!", reason) for what failed.
inline Opened opened(OpenContainer open, const std::string& bytes) {
  Opened found;
  Reason problem = Reason::none;
  const auto container = open(subject_of(bytes), problem);
  const auto note = [&](Reason reason) {
    if (reason != Reason::none) found.emplace_back("!", reason_name(reason));
  };
  note(problem);
  if (!container) return found;
  while (const auto member = container->next()) {
    if (!member->file) continue;
    std::string content;
    for (ByteView piece = container->read(); !piece.empty(); piece = container->read()) {
      content += as_text(piece);
    }
    found.emplace_back(member->name, content);
    note(container->member_problem());
  }
  note(container->problem());
  return found;
}

}  // namespace weir

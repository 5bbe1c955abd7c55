// How many of an archive's entries are encrypted, and the remark that follows from it. Plain data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "inspect/formats/remark.h"

namespace weir {

struct ArchiveTally {
  std::uint64_t files = 0, encrypted = 0;  // entries that hold something

  void count(bool is_encrypted) {
    ++files;
    encrypted += is_encrypted ? 1 : 0;
  }
  bool all() const { return encrypted == files; }
  std::string text() const {
    return std::to_string(encrypted) + " of " + std::to_string(files) + " entries";
  }
  // encrypted, partly-encrypted with the numbers, or nothing.
  void report(std::string_view name, Remarks& remarks) const {
    if (encrypted == 0) return;
    if (all()) return remarks.unseen(Reason::encrypted, name);
    remarks.unseen(Reason::partly_encrypted, name, text());
  }
};

}  // namespace weir

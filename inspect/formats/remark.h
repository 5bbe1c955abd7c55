// What structure alone says of one file: that its content, or part of it, cannot be seen (a reason
// and the format word), or a sign: something that ordinary files do not have, with a weight. Pure
// functions fill a list of these; the walk (inspect/worker/walk.h) turns them into findings with
// the path of the artifact. Plain data, any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/file_type.h"
#include "core/finding.h"

namespace weir {

struct Remark {
  Reason reason = Reason::none;  // set: uninspectable; none: a sign
  std::string name;              // "zip-aes256", "pe-packed-section": stable, policy refers to it
  std::string detail;            // the evidence, for people: "section UPX1, entropy 7.98"
  std::uint8_t score = 0;        // of a sign: 0 (worth knowing) … 100 (damning by itself)

  bool operator==(const Remark&) const = default;
};

// Bounded, each name once: a file with a million odd entries is one remark.
class Remarks {
 public:
  static constexpr std::size_t kMost = 32, kMostDetail = 200;

  void unseen(Reason reason, std::string_view name, std::string_view detail = {}) {
    add({reason, std::string(name), std::string(detail.substr(0, kMostDetail)), 0});
  }
  void sign(std::string_view name, std::uint8_t score, std::string_view detail = {}) {
    add({Reason::none, std::string(name), std::string(detail.substr(0, kMostDetail)), score});
  }
  const std::vector<Remark>& all() const { return all_; }
  bool has(std::string_view name) const {
    return std::ranges::find(all_, name, &Remark::name) != all_.end();
  }

 private:
  void add(Remark remark) {
    if (all_.size() < kMost && !has(remark.name)) all_.push_back(std::move(remark));
  }
  std::vector<Remark> all_;
};

// One file as the readers of formats see it.
struct Subject {
  ByteView bytes;                     // all of it, mapped or in memory
  FileType type = FileType::unknown;  // by content (type_by_magic)
  std::string_view name;              // last part of its path; a hint, hostile, may be empty
};

}  // namespace weir

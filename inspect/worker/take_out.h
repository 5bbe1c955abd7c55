// A "scanner" that finds nothing: it writes one file inside, known by its digest, to a descriptor
// that the gateway has made. For sandboxes, which want the program and not the archive around it.
#pragma once

#include <string>

#include "inspect/worker/scanner.h"

namespace weir {

class TakeOut final : public FileScanner {
 public:
  // `into` is a file of the size of what is wanted and outlives this.
  TakeOut(std::string sha256, int into);

  Scanner kind() const override { return Scanner::structure; }
  bool unpacks() const override { return false; }
  void scan(const Artifact& artifact, Budget& budget, FindingList& findings) override;

 private:
  const std::string sha256_;
  const int into_;
  std::uint64_t size_ = 0;  // of the file behind `into`
  bool done_ = false;
};

}  // namespace weir

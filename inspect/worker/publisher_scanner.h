// Who signed a program, when that is proven (inspect/formats/authenticode.h): a sign of weight 0
// called "publisher" with the name as its detail; of files inside containers "publisher-inside",
// which policy does not count. One thread.
#pragma once

#include "core/clock.h"
#include "inspect/formats/publisher_roots.h"
#include "inspect/worker/scanner.h"

namespace weir {

class PublisherScanner final : public FileScanner {
 public:
  // Both outlive it.
  PublisherScanner(const PublisherRoots& roots, const Clock& clock)
      : roots_(roots), clock_(clock) {}
  Scanner kind() const override { return Scanner::structure; }
  bool unpacks() const override { return false; }
  void scan(const Artifact& artifact, Budget& budget, FindingList& findings) override;

 private:
  const PublisherRoots& roots_;
  const Clock& clock_;
};

}  // namespace weir

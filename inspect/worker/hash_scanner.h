// Hash lists against files inside containers. The outermost file is the gateway's to look up: it
// knows the digests from the transfer. One thread.
#pragma once

#include "inspect/hash_list.h"
#include "inspect/worker/scanner.h"

namespace weir {

class HashScanner final : public FileScanner {
 public:
  explicit HashScanner(const HashList& lists) : lists_(lists) {}  // `lists` outlives it
  Scanner kind() const override { return Scanner::hash; }
  bool unpacks() const override { return false; }
  void scan(const Artifact& artifact, Budget& budget, FindingList& findings) override;

 private:
  const HashList& lists_;
};

}  // namespace weir

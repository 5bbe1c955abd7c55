// What a scanner in the worker is given and what it answers with. An Artifact is one file: the
// outermost one or a member of a container. Scanners live in one jailed child and are asked by its
// only thread.
#pragma once

#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/finding.h"
#include "inspect/worker/budget.h"

namespace weir {

struct Artifact {
  ByteView bytes;      // all of it, mapped or in memory
  std::string where;   // "inner.zip!/setup.exe"; "" for the outermost
  std::string name;    // the last part of it, or what the client would save it as
  std::string from;    // the format word of the container around it
  unsigned depth = 0;  // containers around it
  // Whether the container around it is one that no scanner opens by itself, or not reliably.
  bool hidden_from_unpackers = true;
  bool guess = false;  // see Member::guess: `corrupt` and `truncated` are not said of it
};

// The findings of one job, bounded: when full, only something graver still gets in. Signs (weights
// without a verdict) have half of the room, and the heaviest stay.
class FindingList {
 public:
  void add(Finding finding);
  void add(Reason reason, const Artifact& artifact, std::string name);  // structure, uninspectable
  Verdict worst() const { return worst_; }
  bool malicious() const { return worst_ == Verdict::malicious; }
  const std::vector<Finding>& all() const { return findings_; }
  std::vector<Finding> take() { return std::move(findings_); }

 private:
  void add_sign(Finding sign);

  std::vector<Finding> findings_;
  std::size_t signs_ = 0;
  Verdict worst_ = Verdict::clean;
};

class FileScanner {
 public:
  virtual ~FileScanner() = default;
  virtual Scanner kind() const = 0;
  // Whether it unpacks common containers by itself, so that it need not see their members again.
  virtual bool unpacks() const = 0;
  // Adds what it finds. What it could not look at is an uninspectable finding, never silence.
  virtual void scan(const Artifact& artifact, Budget& budget, FindingList& findings) = 0;
};

}  // namespace weir

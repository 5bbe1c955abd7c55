// The engines of a zygote: loaded once, then shared by all children through copy-on-write.
#pragma once

#include <memory>
#include <string>

#include "inspect/formats/publisher_roots.h"
#include "inspect/hash_list.h"
#include "inspect/scan_options.h"
#include "inspect/scan_wire.h"
#include "inspect/worker/clamav_scanner.h"
#include "inspect/worker/yara_scanner.h"

namespace weir {

struct Engines {
  std::unique_ptr<YaraLibrary> library;
  YaraRules yara;
  ClamavEngine clamav;
  HashList hashes;
  PublisherRoots publishers;
  ScanReady about;     // what the gateway is told
  std::string canary;  // secret of this process; both engines find it
};

// An error is for the operator: a rule's file:line, a damaged signature file.
Result<Engines> load_engines(const ScanOptions& options);

}  // namespace weir

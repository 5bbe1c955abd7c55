// ClamAV. The engine is loaded once, in the zygote, from a directory as freshclam leaves it; an
// empty or missing one is no error, and said in the warnings. A ClamavScanner scans with it in a
// child. ClamAV unpacks by itself, so of common containers it is given the outermost only (see
// walk.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "inspect/worker/scanner.h"

struct cl_engine;

namespace weir {

struct ClamavEngine {
  struct Free {
    void operator()(cl_engine* engine) const;
  };
  std::unique_ptr<cl_engine, Free> engine;
  std::uint32_t signatures = 0;    // of the directory's
  std::uint64_t newest = 0;        // Unix seconds; 0 = there are none
  std::vector<std::string> files;  // "name size time" of every signature file
  std::vector<std::string> warnings;
};

inline constexpr std::string_view kClamavCanaryName = "Weir.Canary";

// `canary` is a secret of this process, found under kClamavCanaryName by the same engine.
Result<ClamavEngine> load_clamav(const std::string& directory, std::string_view canary);

class ClamavScanner final : public FileScanner {
 public:
  // `loaded` outlives it; `scratch` is the only directory ClamAV may write to.
  ClamavScanner(ClamavEngine& loaded, const std::string& scratch);
  Scanner kind() const override { return Scanner::clamav; }
  bool unpacks() const override { return true; }
  void scan(const Artifact& artifact, Budget& budget, FindingList& findings) override;

 private:
  ClamavEngine& loaded_;
};

// What a name that ClamAV reports means: heuristics for what it could not see are uninspectable,
// other heuristics and unwanted programs suspicious, everything else malicious.
Finding finding_of_clamav(std::string_view name);

}  // namespace weir

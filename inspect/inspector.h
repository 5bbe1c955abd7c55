// Asks what a file is worth: verdict memory, then the scan workers, single flight per content hash.
// One object for the gateway; assess() may be awaited from any loop, the answer comes back on it.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "conf/profile.h"
#include "conf/settings.h"
#include "core/co.h"
#include "core/fd.h"
#include "core/finding.h"
#include "core/metrics.h"

namespace weir {

// What is to be judged: immutable bytes behind a descriptor, and what the intake learned of them.
struct ScanSubject {
  std::shared_ptr<const UniqueFd> body;  // sealed memfd or read-only unlinked file; identity coding
  std::uint64_t size = 0;
  std::string sha256;     // lower-case hex, of exactly these bytes
  std::string md5, sha1;  // "" unless Inspector::wants_old_digests()
  std::string name;       // as the client would save it; a hint only, hostile
  std::vector<std::string> passwords =
      {};  // tried on what is encrypted; never logged or remembered
};

struct ScanTimes {
  std::chrono::nanoseconds queued{}, scanned{};
  bool from_cache = false;
};

class Inspector {
 public:
  virtual ~Inspector() = default;
  // Never fails: what cannot be done is an uninspectable finding in the assessment.
  virtual Co<Assessment> assess(ScanSubject subject, const Profile& profile, ScanTimes& times) = 0;
  // A file inside the subject, unpacked once more by a scan worker: of inner.size bytes, sealed.
  // Whether they have the digest is for the caller to check, a worker is not believed. Null when it
  // could not be had within `limit`.
  virtual Co<std::shared_ptr<const UniqueFd>> take_out(ScanSubject subject, ArtifactNote inner,
                                                       std::chrono::milliseconds limit) = 0;
  virtual bool wants_old_digests() const = 0;  // a hash list with MD5 or SHA-1 is in force
};

}  // namespace weir

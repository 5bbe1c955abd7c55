#include "core/landlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "core/fd.h"

namespace weir {
namespace {

// Debian's headers are older than the kernels it runs on, so the interface is written out
// (include/uapi/linux/landlock.h).
struct RulesetAttributes {
  std::uint64_t handled_access_fs = 0;
  std::uint64_t handled_access_net = 0;  // from version 4
  std::uint64_t scoped = 0;              // from version 6
};
struct [[gnu::packed]] PathBeneath {
  std::uint64_t allowed_access = 0;
  std::int32_t parent_fd = -1;
};
constexpr unsigned kVersionQuery = 1;
constexpr int kRulePathBeneath = 1;

constexpr std::uint64_t bits(unsigned count) { return (std::uint64_t{1} << count) - 1; }

// How many of the file rights each version knows: all are denied.
constexpr std::array<unsigned, 6> kFileRights{0, 13, 14, 15, 15, 16};
constexpr std::uint64_t kExecute = 1U << 0;
constexpr std::uint64_t kWriteFile = 1U << 1, kReadFile = 1U << 2, kReadDirectory = 1U << 3,
                        kRemoveDirectory = 1U << 4, kRemoveFile = 1U << 5, kMakeDirectory = 1U << 7,
                        kMakeFile = 1U << 8, kTruncate = 1U << 14;
constexpr std::uint64_t kWorkOnFiles = kWriteFile | kReadFile | kReadDirectory | kRemoveDirectory |
                                       kRemoveFile | kMakeDirectory | kMakeFile | kTruncate;

RulesetAttributes everything(int version) {
  RulesetAttributes attributes;
  const auto known = std::min<std::size_t>(static_cast<std::size_t>(version), 5);
  attributes.handled_access_fs = bits(kFileRights[known]);
  if (version >= 4) attributes.handled_access_net = bits(2);  // bind, connect
  if (version >= 6) attributes.scoped = bits(2);              // abstract sockets, signals
  return attributes;
}

std::size_t attributes_size(int version) {
  if (version >= 6) return sizeof(RulesetAttributes);
  return version >= 4 ? 2 * sizeof(std::uint64_t) : sizeof(std::uint64_t);
}

std::unexpected<Error> system_error(std::string_view call) {
  return std::unexpected(errno_error(call, errno));
}

// `rights` that mean nothing for a plain file must not be given to one.
Result<void> allow_below(int ruleset, const std::string& path, std::uint64_t rights) {
  const UniqueFd parent(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!parent) return system_error("open " + path);
  struct stat about{};
  if (::fstat(parent.get(), &about) != 0) return system_error("stat " + path);
  if (!S_ISDIR(about.st_mode)) rights &= kExecute | kReadFile | kWriteFile | kTruncate;
  const PathBeneath rule{.allowed_access = rights, .parent_fd = parent.get()};
  if (::syscall(SYS_landlock_add_rule, ruleset, kRulePathBeneath, &rule, 0) != 0) {
    return system_error("landlock_add_rule");
  }
  return {};
}

// A set of rules while it is made; it binds from apply() on.
class Ruleset {
 public:
  static long version() {
    return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kVersionQuery);
  }
  static Result<Ruleset> make(bool with_network) {
    const long version = Ruleset::version();
    if (version < 1) return system_error("landlock_create_ruleset");
    Ruleset made;
    made.attributes_ = everything(static_cast<int>(version));
    if (!with_network) made.attributes_.handled_access_net = 0;
    made.fd_.reset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &made.attributes_,
                                              attributes_size(static_cast<int>(version)), 0)));
    if (!made.fd_) return system_error("landlock_create_ruleset");
    return made;
  }

  Result<void> allow(const std::string& path, std::uint64_t rights) {
    return allow_below(fd_.get(), path, rights & attributes_.handled_access_fs);
  }

  Result<void> apply() {
    if (::syscall(SYS_landlock_restrict_self, fd_.get(), 0) == 0) return {};
    return system_error("landlock_restrict_self");
  }

 private:
  RulesetAttributes attributes_;
  UniqueFd fd_;
};

}  // namespace

Result<void> restrict_files(const std::string& writable) {
  auto ruleset = Ruleset::make(true);
  if (!ruleset) return pass(std::move(ruleset));
  if (!writable.empty()) {
    if (auto allowed = ruleset->allow(writable, kWorkOnFiles); !allowed) return allowed;
  }
  return ruleset->apply();
}

Result<void> restrict_files_to(const std::vector<std::string>& readable,
                               const std::string& writable) {
  auto ruleset = Ruleset::make(false);
  if (!ruleset) return pass(std::move(ruleset));
  for (const std::string& path : readable) {
    if (::access(path.c_str(), F_OK) != 0) continue;
    if (auto allowed = ruleset->allow(path, kReadFile | kReadDirectory); !allowed) return allowed;
  }
  if (auto allowed = ruleset->allow(writable, kWorkOnFiles); !allowed) return allowed;
  return ruleset->apply();
}

Result<void> restrict_changes(const std::vector<std::string>& writable) {
  if (Ruleset::version() < 1) return {};
  auto ruleset = Ruleset::make(false);
  if (!ruleset) return pass(std::move(ruleset));
  if (auto done = ruleset->allow("/", kExecute | kReadFile | kReadDirectory); !done) return done;
  for (const std::string& path : writable) {
    if (::access(path.c_str(), F_OK) != 0) continue;
    if (auto allowed = ruleset->allow(path, ~std::uint64_t{0}); !allowed) return allowed;
  }
  return ruleset->apply();
}

}  // namespace weir

#include "proxy/state_dir.h"

#include <filesystem>

namespace weir {

Result<void> prepare_state_dir(const std::string& dir) {
  std::error_code error;
  const bool fresh = std::filesystem::create_directories(dir, error);
  if (error) return fail(Errc::io, Fault::config, dir + ": " + error.message());
  if (fresh) {
    std::filesystem::permissions(dir, std::filesystem::perms::owner_all, error);
  }
  std::filesystem::create_directories(dir + "/spool", error);
  if (error) return fail(Errc::io, Fault::config, dir + "/spool: " + error.message());
  return {};
}

}  // namespace weir

#include "core/replace_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "core/fd.h"

namespace weir {

Result<void> replace_file(const std::string& path, std::string_view contents) {
  const std::string fresh = path + ".new";
  const UniqueFd out(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!out) return std::unexpected(errno_error(fresh, errno));
  for (std::string_view left = contents; !left.empty();) {
    const ssize_t wrote = ::write(out.get(), left.data(), left.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return std::unexpected(errno_error(fresh, errno));
    left.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (::fsync(out.get()) != 0) return std::unexpected(errno_error(fresh, errno));
  if (::rename(fresh.c_str(), path.c_str()) != 0) return std::unexpected(errno_error(path, errno));
  return {};
}

}  // namespace weir

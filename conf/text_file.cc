#include "conf/text_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "core/fd.h"

namespace weir {
namespace {

Error file_error(const std::string& path, int number) {
  Error error = errno_error(path, number);
  error.fault = Fault::config;
  return error;
}

}  // namespace

Result<std::string> read_text_file(const std::string& path, std::uint64_t most_bytes) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return std::unexpected(file_error(path, errno));
  struct stat about{};
  if (::fstat(fd.get(), &about) != 0) return std::unexpected(file_error(path, errno));
  if (!S_ISREG(about.st_mode)) {
    return fail(Errc::invalid, Fault::config, path + ": not a regular file");
  }
  std::string text;
  while (true) {
    constexpr std::size_t kStep = 64 * 1024;
    const std::size_t had = text.size();
    text.resize(had + kStep);
    const ssize_t got = ::read(fd.get(), text.data() + had, kStep);
    if (got < 0 && errno != EINTR) return std::unexpected(file_error(path, errno));
    text.resize(had + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got == 0) return text;
    if (text.size() > most_bytes) {
      return fail(Errc::too_large, Fault::config, path + ": too large");
    }
  }
}

std::string beside(const std::string& file, const std::string& path) {
  const std::filesystem::path relative(path);
  if (relative.is_absolute()) return path;
  return (std::filesystem::path(file).parent_path() / relative).lexically_normal().string();
}

}  // namespace weir

#include "sandbox_client/sample_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "core/digest.h"

namespace weir {

Result<SampleFiles> SampleFiles::open(std::string folder, Random& random, StepHook step) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return std::unexpected(errno_error("mkdir " + folder, errno));
  }
  return SampleFiles(std::move(folder), random, std::move(step));
}

Result<> SampleFiles::put(const std::string& sha256, int fd, std::uint64_t most) const {
  if (!is_sha256_hex(sha256)) return fail(Errc::invalid, Fault::local, "no SHA-256: " + sha256);
  auto file = PlacedFile::make(folder_, sha256, *random_);
  if (!file) return pass(std::move(file));
  if (step_) step_("part made");
  Digests digests(false);
  auto copied = each_piece(fd, most, [&](ByteView bytes) {
    digests.update(bytes);
    return file->write(bytes);
  });
  if (!copied) return copied;
  if (const std::string digest = digests.finish().sha256; digest != sha256) {
    return fail(Errc::invalid, Fault::local, "sample " + sha256 + " has the digest " + digest);
  }
  return file->place(step_);
}

Result<UniqueFd> SampleFiles::read(const std::string& sha256) const {
  UniqueFd fd(::open(path(sha256).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return std::unexpected(errno_error("open " + path(sha256), errno));
  return fd;
}

void SampleFiles::remove(const std::string& sha256) const { ::unlink(path(sha256).c_str()); }

}  // namespace weir

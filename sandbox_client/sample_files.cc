#include "sandbox_client/sample_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <vector>

#include "core/digest.h"

namespace weir {
namespace {

constexpr std::size_t kPiece = 128 * 1024;

std::unexpected<Error> system_error(const std::string& call) {
  return std::unexpected(errno_error(call, errno));
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

Result<> write_all(int fd, ByteView bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && (errno == ENOSPC || errno == EDQUOT)) {
      return fail(Errc::no_space, Fault::local, "write " + path + ": no space left");
    }
    if (written <= 0) return system_error("write " + path);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

// The digest of what was copied.
Result<std::string> copy(int from, int to, std::uint64_t most, const std::string& path) {
  std::vector<std::uint8_t> piece(kPiece);
  Digests digests(false);
  std::uint64_t done = 0;
  for (;;) {
    const ssize_t got = ::pread(from, piece.data(), piece.size(), static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read a sample");
    if (got == 0) return digests.finish().sha256;
    done += static_cast<std::uint64_t>(got);
    if (done > most) {
      return fail(Errc::too_large, Fault::local,
                  "sample has more than " + std::to_string(most) + " bytes");
    }
    const ByteView bytes(piece.data(), static_cast<std::size_t>(got));
    digests.update(bytes);
    if (auto kept = write_all(to, bytes, path); !kept) return pass(std::move(kept));
  }
}

Result<> sync_folder(const std::string& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return system_error("sync " + folder);
  return {};
}

}  // namespace

bool is_sha256_hex(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Result<SampleFiles> SampleFiles::open(std::string folder, Random& random, StepHook step) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return system_error("mkdir " + folder);
  }
  return SampleFiles(std::move(folder), random, std::move(step));
}

Result<> SampleFiles::put(const std::string& sha256, int fd, std::uint64_t most) const {
  if (!is_sha256_hex(sha256)) return fail(Errc::invalid, Fault::local, "no SHA-256: " + sha256);
  std::array<std::uint8_t, 8> drawn{};
  random_->fill(drawn);
  const std::string part = path(sha256 + ".part-" + hex(drawn));
  UniqueFd to(::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!to) return system_error("open " + part);
  reached("part made");
  auto digest = copy(fd, to.get(), most, part);
  Result<> done;
  if (!digest) {
    done = pass(std::move(digest));
  } else if (*digest != sha256) {
    done = fail(Errc::invalid, Fault::local, "sample " + sha256 + " has the digest " + *digest);
  } else if (::fsync(to.get()) != 0) {
    done = system_error("sync " + part);
  } else {
    reached("part whole");
    done = place(part, sha256);
  }
  if (!done) ::unlink(part.c_str());
  return done;
}

Result<> SampleFiles::place(const std::string& part, const std::string& sha256) const {
  if (::rename(part.c_str(), path(sha256).c_str()) != 0) return system_error("rename " + part);
  reached("file placed");
  return sync_folder(folder_);
}

Result<UniqueFd> SampleFiles::read(const std::string& sha256) const {
  UniqueFd fd(::open(path(sha256).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return system_error("open " + path(sha256));
  return fd;
}

void SampleFiles::remove(const std::string& sha256) const { ::unlink(path(sha256).c_str()); }

void SampleFiles::sweep(const std::function<bool(const std::string& name)>& keep) const {
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(folder_.c_str()));
  if (!folder) return;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != ".." && !keep(name)) ::unlink(path(name).c_str());
  }
}

}  // namespace weir

#include "sandbox_client/placed_file.h"

#include <dirent.h>
#include <fcntl.h>

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

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

std::unexpected<Error> system_error(const std::string& call) {
  return std::unexpected(errno_error(call, errno));
}

}  // namespace

Result<PlacedFile> PlacedFile::make(const std::string& folder, const std::string& name,
                                    Random& random) {
  std::array<std::uint8_t, 8> drawn{};
  random.fill(drawn);
  PlacedFile file(folder, name, folder + "/" + name + ".part-" + hex(drawn));
  file.fd_.reset(::open(file.part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.fd_) return file;
  auto error = system_error("open " + file.part_);
  file.part_.clear();
  return error;
}

PlacedFile::~PlacedFile() {
  if (!part_.empty()) ::unlink(part_.c_str());
}

Result<> PlacedFile::write(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && (errno == ENOSPC || errno == EDQUOT)) {
      return fail(Errc::no_space, Fault::local, "write " + part_ + ": no space left");
    }
    if (written <= 0) return system_error("write " + part_);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<> PlacedFile::place(const StepHook& step) {
  if (::fsync(fd_.get()) != 0) return system_error("sync " + part_);
  if (step) step("part whole");
  if (::rename(part_.c_str(), (folder_ + "/" + name_).c_str()) != 0) {
    return system_error("rename " + part_);
  }
  part_.clear();
  if (step) step("file placed");
  const UniqueFd folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return system_error("sync " + folder_);
  return {};
}

Result<> each_piece(int fd, std::uint64_t most, const std::function<Result<>(ByteView)>& visit) {
  std::vector<std::uint8_t> piece(kPiece);
  std::uint64_t done = 0;
  for (;;) {
    const ssize_t got = ::pread(fd, piece.data(), piece.size(), static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read a file");
    if (got == 0) return {};
    done += static_cast<std::uint64_t>(got);
    if (done > most) {
      return fail(Errc::too_large, Fault::local,
                  "file has more than " + std::to_string(most) + " bytes");
    }
    const ByteView bytes(piece.data(), static_cast<std::size_t>(got));
    if (auto visited = visit(bytes); !visited) return visited;
  }
}

bool is_sha256_hex(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

void sweep_folder(const std::string& folder,
                  const std::function<bool(const std::string& name)>& keep) {
  const std::unique_ptr<DIR, CloseFolder> open(::opendir(folder.c_str()));
  if (!open) return;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != ".." && !keep(name)) ::unlink((folder + "/" + name).c_str());
  }
}

}  // namespace weir

#include "proxy/ca_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "core/fd.h"
#include "core/replace_file.h"

namespace weir {
namespace {

bool is_there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

std::unexpected<Error> missing(const std::string& path) {
  return fail(Errc::not_found, Fault::config, path + ": there is none");
}

Result<void> move_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return std::unexpected(errno_error("rename " + from, errno));
  }
  return {};
}

// A second name for the file, in the place of what had it.
Result<void> link_anew(const std::string& from, const std::string& to) {
  if (::unlink(to.c_str()) != 0 && errno != ENOENT) {
    return std::unexpected(errno_error("delete " + to, errno));
  }
  if (::link(from.c_str(), to.c_str()) != 0) {
    return std::unexpected(errno_error("link " + to, errno));
  }
  return {};
}

Result<void> sync_folder(const std::string& dir) {
  const UniqueFd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return std::unexpected(errno_error("fsync " + dir, errno));
  return {};
}

Result<void> delete_file(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return std::unexpected(errno_error("delete " + path, errno));
}

Result<void> read_into(const std::string& file, std::optional<CaCertificate>& into) {
  if (!is_there(file)) return {};
  auto read = read_ca(file);
  if (!read) return pass(std::move(read));
  into = std::move(*read);
  return {};
}

// For all to read, as its owner made the one before; replace_file() keeps others out.
Result<void> replace_certificate(const std::string& path, const std::string& pem) {
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0) return std::unexpected(errno_error(path, errno));
  const std::string fresh = path + ".fresh";
  if (auto written = replace_file(fresh, pem); !written) return written;
  const bool ours = ::geteuid() != 0 || ::chown(fresh.c_str(), about.st_uid, about.st_gid) == 0;
  if (!ours || ::chmod(fresh.c_str(), about.st_mode & 0777) != 0) {
    return std::unexpected(errno_error(fresh, errno));
  }
  return move_file(fresh, path);
}

}  // namespace

Result<CaSet> read_cas(const std::string& state_dir) {
  auto current = read_ca(state_dir + "/ca.pem");
  if (!current) return pass(std::move(current));
  CaSet cas{std::move(*current), std::nullopt, std::nullopt};
  if (auto next = read_into(state_dir + "/ca-next.pem", cas.next); !next) {
    return pass(std::move(next));
  }
  if (auto old = read_into(state_dir + "/ca-old.pem", cas.old); !old) return pass(std::move(old));
  return cas;
}

std::string published_pem(const CaSet& cas) {
  const bool both = cas.next && cas.next->anchor_der != cas.current.anchor_der;
  return cas.current.anchor_pem + (both ? cas.next->anchor_pem : "");
}

Result<void> activate_next_ca(const std::string& state_dir) {
  const std::string current = state_dir + "/ca", next = state_dir + "/ca-next",
                    old = state_dir + "/ca-old";
  if (!is_there(next + ".pem")) return missing(next + ".pem");
  // Without the next one's key, a try before this one got as far as moving it.
  if (is_there(next + ".key")) {
    if (is_there(current + ".pem")) {
      for (const char* end : {".key", ".pem"}) {
        if (auto kept = link_anew(current + end, old + end); !kept) return kept;
      }
    }
    if (auto moved = move_file(next + ".key", current + ".key"); !moved) return moved;
  }
  if (auto moved = move_file(next + ".pem", current + ".pem"); !moved) return moved;
  return sync_folder(state_dir);
}

Result<void> finish_rotation(const std::string& state_dir) {
  const std::string current = state_dir + "/ca.pem", old = state_dir + "/ca-old";
  if (!is_there(old + ".pem") && !is_there(old + ".key")) return missing(old + ".pem");
  const auto pem = pem_without_cross(current);
  if (!pem) return std::unexpected(pem.error());
  if (auto replaced = replace_certificate(current, *pem); !replaced) return replaced;
  for (const char* end : {".key", ".pem"}) {
    if (auto gone = delete_file(old + end); !gone) return gone;
  }
  return sync_folder(state_dir);
}

Result<void> discard_next_ca(const std::string& state_dir) {
  const std::string next = state_dir + "/ca-next";
  if (!is_there(next + ".pem") && !is_there(next + ".key")) return missing(next + ".pem");
  // Half way through an activation the key in force is the next one's already.
  if (!is_there(next + ".key")) {
    return fail(Errc::invalid, Fault::config,
                next + ".key: was put in force already; end that with weir ca rotate --activate");
  }
  for (const char* end : {".pem", ".key"}) {
    if (auto gone = delete_file(next + end); !gone) return gone;
  }
  return {};
}

CaWatch::CaWatch(std::string state_dir)
    : dir_(std::move(state_dir)),
      current_(mark(dir_ + "/ca.pem")),
      next_(mark(dir_ + "/ca-next.pem")) {}

bool CaWatch::look() {
  const Mark current = mark(dir_ + "/ca.pem"), next = mark(dir_ + "/ca-next.pem");
  const bool other = current != current_ || next != next_;
  current_ = current;
  next_ = next;
  return other;
}

CaWatch::Mark CaWatch::mark(const std::string& path) {
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0) return {};
  return {about.st_dev, about.st_ino, about.st_size, about.st_mtim.tv_sec, about.st_mtim.tv_nsec};
}

}  // namespace weir

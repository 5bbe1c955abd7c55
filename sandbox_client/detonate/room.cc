#include "sandbox_client/detonate/room.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "core/fd.h"
#include "sandbox_client/detonate/fake_home.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

constexpr unsigned long kPlain = MS_NOSUID | MS_NODEV;
constexpr const char* kBase = "/tmp";  // where the new root is put together; it hides itself

std::unexpected<Error> system_error(const std::string& call) {
  return std::unexpected(errno_error(call, errno));
}

// What is real. Links stay links (/bin -> usr/bin); what is not there is left out.
constexpr std::array kReal{"/usr",
                           "/bin",
                           "/sbin",
                           "/lib",
                           "/lib32",
                           "/lib64",
                           "/libx32",
                           "/etc/alternatives",
                           "/etc/ld.so.cache",
                           "/etc/perl",
                           "/etc/ssl/certs",
                           "/etc/java-17-openjdk"};
constexpr std::array kDevices{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"};

// What can be written, each with its own bound.
struct Writable {
  const char* path;
  const char* options;
};
constexpr std::array kWritable{
    Writable{"/etc", "size=4m,nr_inodes=1000,mode=755"},
    Writable{"/home", "size=64m,nr_inodes=5000,mode=755"},
    Writable{"/tmp", "size=64m,nr_inodes=5000,mode=1777"},
    Writable{"/var", "size=16m,nr_inodes=1000,mode=755"},
    Writable{"/dev", "size=1m,nr_inodes=100,mode=755"},
};

Result<void> make_folder(const std::string& path) {
  std::error_code bad;
  fs::create_directories(path, bad);
  if (bad) return std::unexpected(errno_error("mkdir " + path, bad.value()));
  return {};
}

// Read-only with everything mounted below it, which a plain remount would forget.
Result<void> seal(const std::string& path) {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  if (::mount_setattr(AT_FDCWD, path.c_str(), AT_RECURSIVE, &attributes, sizeof attributes) != 0) {
    return system_error("mount_setattr " + path);
  }
  return {};
}

Result<void> bind(const std::string& from, const std::string& to, bool folder) {
  if (auto done = make_folder(folder ? to : fs::path(to).parent_path().string()); !done) {
    return done;
  }
  if (!folder) {
    const UniqueFd made(::open(to.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    if (!made) return system_error("create " + to);
  }
  if (::mount(from.c_str(), to.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) {
    return system_error("bind " + from);
  }
  return {};
}

Result<void> take_real(const std::string& path) {
  std::error_code bad;
  const auto status = fs::symlink_status(path, bad);
  const std::string to = kBase + path;
  if (fs::is_symlink(status)) {
    fs::create_symlink(fs::read_symlink(path, bad), to, bad);
    return {};
  }
  if (!fs::is_directory(status) && !fs::is_regular_file(status)) return {};
  if (auto done = bind(path, to, fs::is_directory(status)); !done) return done;
  return seal(to);
}

Result<void> write_file(const std::string& path, std::string_view text, unsigned mode) {
  if (auto done = make_folder(fs::path(path).parent_path().string()); !done) return done;
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return system_error("create " + path);
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::fchmod(file.get(), mode) != 0) {
    return system_error("write " + path);
  }
  return {};
}

Result<void> furnish() {
  for (const FakeFile& one : fake_files()) {
    if (auto done = write_file(kBase + expand_home(one.path), one.text, one.mode); !done) {
      return done;
    }
  }
  for (int number = 0; number < kFakeDocuments; ++number) {
    const std::string path = kBase + fake_document_path(number);
    if (auto done = write_file(path, fake_document_text(number), 0644); !done) return done;
  }
  for (const char* path : {"/var/tmp", "/var/lib", "/var/log", "/var/cache", "/dev/shm", "/run"}) {
    if (auto done = make_folder(std::string(kBase) + path); !done) return done;
  }
  return {};
}

Result<void> make_devices() {
  for (const char* path : kDevices) {
    if (auto done = bind(path, std::string(kBase) + path, false); !done) return done;
  }
  std::error_code ignored;  // conveniences
  const std::string dev = std::string(kBase) + "/dev";
  fs::create_symlink("/proc/self/fd", dev + "/fd", ignored);
  fs::create_symlink("/proc/self/fd/0", dev + "/stdin", ignored);
  fs::create_symlink("/proc/self/fd/1", dev + "/stdout", ignored);
  fs::create_symlink("/proc/self/fd/2", dev + "/stderr", ignored);
  if (auto done = make_folder(dev + "/pts"); !done) return done;
  // Terminals of its own: a reverse shell often opens one.
  if (::mount("devpts", (dev + "/pts").c_str(), "devpts", MS_NOSUID | MS_NOEXEC,
              "newinstance,ptmxmode=0666,mode=0620") == 0) {
    fs::create_symlink("pts/ptmx", dev + "/ptmx", ignored);
  }
  return {};
}

Result<void> mount_parts() {
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return system_error("mount / private");
  }
  if (::mount("cell", kBase, "tmpfs", kPlain, "size=256k,mode=755") != 0) {
    return system_error("mount the new root");
  }
  for (const Writable& one : kWritable) {
    const std::string to = std::string(kBase) + one.path;
    if (auto done = make_folder(to); !done) return done;
    if (::mount("cell", to.c_str(), "tmpfs", kPlain, one.options) != 0) {
      return system_error("mount " + to);
    }
  }
  for (const char* path : kReal) {
    if (auto done = take_real(path); !done) return done;
  }
  return {};
}

Result<void> enter_root() {
  const std::string proc = std::string(kBase) + "/proc";
  if (auto done = make_folder(proc); !done) return done;
  // A process sees those that it may trace: not the one that watches.
  if (::mount("proc", proc.c_str(), "proc", kPlain | MS_NOEXEC, "hidepid=invisible") != 0) {
    return system_error("mount /proc");
  }
  if (::chdir(kBase) != 0) return system_error("chdir");
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return system_error("pivot_root");
  if (::umount2(".", MNT_DETACH) != 0) return system_error("umount2 old root");
  if (::chdir("/") != 0) return system_error("chdir /");
  constexpr unsigned long kReadOnly = MS_REMOUNT | MS_BIND | MS_RDONLY | kPlain;
  if (::mount(nullptr, "/", nullptr, kReadOnly, nullptr) != 0) return system_error("remount /");
  return {};
}

Result<std::string> place_sample(int sample, const std::string& name) {
  std::string path = std::string(kFakeHome) + "/Downloads/" + name;
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755));
  if (!file) return system_error("create " + path);
  off_t at = 0;
  constexpr std::size_t kPiece = std::size_t{1} << 20U;
  for (;;) {
    const ssize_t moved = ::sendfile(file.get(), sample, &at, kPiece);
    if (moved < 0) return system_error("copy the sample");
    if (moved == 0) return path;
  }
}

}  // namespace

// /proc: a process may change what is its own there.
std::vector<std::string> writable_places() {
  std::vector<std::string> places{"/proc"};
  for (const Writable& one : kWritable) places.emplace_back(one.path);
  return places;
}

Result<std::string> build_room(int sample, const std::string& name) {
  ::umask(0022);
  if (auto done = mount_parts(); !done) return pass(std::move(done));
  if (auto done = furnish(); !done) return pass(std::move(done));
  if (auto done = make_devices(); !done) return pass(std::move(done));
  if (auto done = enter_root(); !done) return pass(std::move(done));
  return place_sample(sample, name);
}

}  // namespace weir

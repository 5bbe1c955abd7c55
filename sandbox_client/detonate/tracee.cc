#include "sandbox_client/detonate/tracee.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "core/fd.h"

namespace weir {
namespace {

#if defined(__x86_64__)
using Registers = user_regs_struct;
// poll(2) of nothing; no memory is needed for it.
bool put_pause(Registers& all, int milliseconds) {
  all.orig_rax = SYS_poll;
  all.rdi = 0;
  all.rsi = 0;
  all.rdx = static_cast<std::uint64_t>(milliseconds);
  return true;
}
void put_result(Registers& all, std::int64_t value) {
  all.orig_rax = ~0ULL;  // no such call
  all.rax = static_cast<std::uint64_t>(value);
}
bool forget_call(pid_t /*pid*/) { return true; }
#elif defined(__aarch64__)
using Registers = user_regs_struct;
bool put_pause(Registers& /*all*/, int /*milliseconds*/) { return false; }  // has no poll(2)
void put_result(Registers& all, std::int64_t value) {
  all.regs[0] = static_cast<std::uint64_t>(value);
}
bool forget_call(pid_t pid) {
  constexpr unsigned kSystemCall = 0x404;  // NT_ARM_SYSTEM_CALL
  int none = -1;
  iovec place{.iov_base = &none, .iov_len = sizeof none};
  return ::ptrace(PTRACE_SETREGSET, pid, kSystemCall, &place) == 0;
}
#else
#error "the tracer knows the registers of x86-64 and arm64"
#endif

std::optional<Registers> registers(pid_t pid) {
  Registers all{};
  iovec place{.iov_base = &all, .iov_len = sizeof all};
  if (::ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &place) != 0) return std::nullopt;
  return all;
}

bool set_registers(pid_t pid, Registers all) {
  iovec place{.iov_base = &all, .iov_len = sizeof all};
  return ::ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &place) == 0;
}

std::optional<__ptrace_syscall_info> call_info(pid_t pid) {
  __ptrace_syscall_info info{};
  if (::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0) return std::nullopt;
  return info;
}

std::string proc_path(pid_t pid, const std::string& name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

std::string read_proc(pid_t pid, const std::string& name, std::size_t most) {
  const UniqueFd file(::open(proc_path(pid, name).c_str(), O_RDONLY | O_CLOEXEC));
  std::string text(most, '\0');
  const ssize_t got = file ? ::read(file.get(), text.data(), text.size()) : 0;
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return text;
}

}  // namespace

std::optional<Call> Tracee::call() const {
  const auto info = call_info(pid_);
  if (!info || info->op != PTRACE_SYSCALL_INFO_SECCOMP) return std::nullopt;
  Call call{.number = info->seccomp.nr, .args = {}, .data = info->seccomp.ret_data};
  std::ranges::copy(info->seccomp.args, call.args.begin());
  return call;
}

std::optional<std::int64_t> Tracee::returned() const {
  const auto info = call_info(pid_);
  if (!info || info->op != PTRACE_SYSCALL_INFO_EXIT) return std::nullopt;
  return info->exit.rval;
}

bool Tracee::skip_call(std::int64_t result) const {
  auto all = registers(pid_);
  if (!all) return false;
  put_result(*all, result);
  return forget_call(pid_) && set_registers(pid_, *all);
}

bool Tracee::pause_instead(int milliseconds) const {
  auto all = registers(pid_);
  if (!all) return false;
  return put_pause(*all, milliseconds) ? set_registers(pid_, *all) : skip_call(0);
}

bool Tracee::read(std::uint64_t address, MutableBytes bytes) const {
  const iovec here{.iov_base = bytes.data(), .iov_len = bytes.size()};
  const iovec there{.iov_base = reinterpret_cast<void*>(address), .iov_len = bytes.size()};
  return ::process_vm_readv(pid_, &here, 1, &there, 1, 0) == static_cast<ssize_t>(bytes.size());
}

std::string Tracee::text(std::uint64_t address) const {
  constexpr std::uint64_t kMostBytes = 4096;
  constexpr std::uint64_t kPage = 4096;
  std::string all;
  while (all.size() < kMostBytes) {  // a page may be missing behind the one where the text ends
    std::array<char, kPage> piece{};
    const std::size_t wanted = kPage - address % kPage;
    const auto bytes = std::as_writable_bytes(std::span(piece));
    if (!read(address, {reinterpret_cast<std::uint8_t*>(bytes.data()), wanted})) break;
    const auto end =
        std::find(piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(wanted), '\0');
    all.append(piece.begin(), end);
    if (end != piece.begin() + static_cast<std::ptrdiff_t>(wanted)) break;
    address += wanted;
  }
  all.resize(std::min<std::size_t>(all.size(), kMostBytes));
  return all;
}

std::string Tracee::path(int folder, std::uint64_t address) const {
  const std::filesystem::path given = text(address);
  if (given.is_absolute()) return given.lexically_normal().string();
  const std::string base = link(folder == AT_FDCWD ? "cwd" : "fd/" + std::to_string(folder));
  return (std::filesystem::path(base) / given).lexically_normal().string();
}

std::string Tracee::link(const std::string& name) const {
  std::array<char, 4096> target{};
  const ssize_t got = ::readlink(proc_path(pid_, name).c_str(), target.data(), target.size());
  return got > 0 ? std::string(target.data(), static_cast<std::size_t>(got)) : std::string();
}

std::vector<std::string> Tracee::command_line() const {
  constexpr std::size_t kMostBytes = 8192;
  const std::string all = read_proc(pid_, "cmdline", kMostBytes);
  std::vector<std::string> words;
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find('\0', at), all.size());
    words.push_back(all.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

int Tracee::process() const {
  const std::string status = read_proc(pid_, "status", 512);
  constexpr std::string_view kKey = "\nTgid:\t";
  const auto at = status.find(kKey);
  if (at == std::string::npos) return pid_;
  int id = pid_;
  const char* first = status.data() + at + kKey.size();
  std::from_chars(first, status.data() + status.size(), id);
  return id;
}

}  // namespace weir

#include "proxy/backup/staging.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <vector>

#include "core/bytes.h"
#include "core/digest.h"
#include "core/fd.h"
#include "sandbox_client/quarantine_cipher.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostSecret = 64 * 1024;
constexpr std::size_t kBlock = 256 * 1024;

Result<void> write_all(int fd, const std::string& file, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return std::unexpected(errno_error("write " + file, errno));
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

// Each block of a file, in order.
Result<void> read_blocks(const std::string& path,
                         const std::function<Result<void>(ByteView)>& take) {
  const UniqueFd in(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!in) return std::unexpected(errno_error("open " + path, errno));
  std::vector<std::uint8_t> block(kBlock);
  for (;;) {
    const ssize_t got = ::read(in.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(errno_error("read " + path, errno));
    if (got == 0) return {};
    if (auto taken = take(ByteView(block).first(static_cast<std::size_t>(got))); !taken) {
      return taken;
    }
  }
}

Result<UniqueFd> memory_file(std::string_view bytes) {
  UniqueFd fd(::memfd_create("secrets", MFD_CLOEXEC));
  if (!fd) return std::unexpected(errno_error("memfd_create", errno));
  if (auto put = write_all(fd.get(), "memory", as_bytes(bytes)); !put) return pass(std::move(put));
  return fd;
}

void put_field(std::string& out, std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift & 0xff);
  out += text;
}

bool take_field(std::string_view& bytes, std::string& into) {
  if (bytes.size() < 4) return false;
  std::uint32_t size = 0;
  for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(bytes[i]);
  bytes.remove_prefix(4);
  if (bytes.size() < size) return false;
  into = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

}  // namespace

Result<Staging> Staging::beside(const std::string& path, Random& random) {
  std::array<std::uint8_t, 8> word{};
  random.fill(word);
  const std::string folder = fs::path(path).lexically_normal().string() + ".part-" + hex(word);
  if (::mkdir(folder.c_str(), 0700) != 0) {
    return std::unexpected(errno_error("mkdir " + folder, errno));
  }
  return Staging(folder);
}

Staging::~Staging() {
  if (path_.empty()) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Result<void> copy_plain_file(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::create_directories(fs::path(to).parent_path(), error);
  const UniqueFd out(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!out) return std::unexpected(errno_error("create " + to, errno));
  return read_blocks(from, [&](ByteView bytes) { return write_all(out.get(), to, bytes); });
}

Result<std::string> sha256_of_file(const std::string& path) {
  Digests digests(false);
  auto read = read_blocks(path, [&](ByteView bytes) -> Result<void> {
    digests.update(bytes);
    return {};
  });
  if (!read) return pass(std::move(read));
  return digests.finish().sha256;
}

Result<void> seal_secrets(const Secrets& secrets, const PassphraseKey& key, const std::string& file,
                          Random& random) {
  std::string plain;
  for (const auto& [name, text] : secrets) {
    put_field(plain, name);
    put_field(plain, text);
  }
  auto memory = memory_file(plain);
  std::ranges::fill(plain, '\0');
  if (!memory) return pass(std::move(memory));
  const UniqueFd out(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!out) return std::unexpected(errno_error("create " + file, errno));
  const ByteSink sink = [&](ByteView bytes) { return write_all(out.get(), file, bytes); };
  auto sealed = seal_file(key, memory->get(), kMostSecret, random, sink);
  if (!sealed) return pass(std::move(sealed));
  return {};
}

Result<Secrets> unseal_secrets(const PassphraseKey& key, const std::string& file) {
  const UniqueFd in(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!in) return std::unexpected(errno_error("open " + file, errno));
  std::string plain;
  const auto opened = unseal_file(key, in.get(), [&](ByteView bytes) -> Result<> {
    if (plain.size() + bytes.size() > kMostSecret)
      return fail(Errc::too_large, Fault::local, "keys");
    plain += as_text(bytes);
    return {};
  });
  if (!opened) {
    return fail(Errc::denied, Fault::config,
                "the keys cannot be opened: another passphrase, or the backup was changed");
  }
  Secrets secrets;
  for (std::string_view rest = plain; !rest.empty();) {
    std::string name, text;
    if (!take_field(rest, name) || !take_field(rest, text)) {
      return fail(Errc::malformed, Fault::local, "the sealed keys are damaged");
    }
    secrets[name] = text;
  }
  return secrets;
}

}  // namespace weir

#include "proxy/tls/ca_file.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "core/fd.h"

namespace weir {
namespace {

constexpr std::size_t kMaxFileBytes = 1024 * 1024;

Result<void> write_all(int fd, const std::string& file, std::string_view rest) {
  while (!rest.empty()) {
    const ssize_t put = ::write(fd, rest.data(), rest.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return std::unexpected(errno_error("write " + file, errno));
    rest.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fsync(fd) != 0) return std::unexpected(errno_error("fsync " + file, errno));
  return {};
}

bool give_to_folders_owner(int fd, const std::string& file) {
  if (::geteuid() != 0) return true;
  const std::size_t slash = file.rfind('/');
  struct stat about{};
  if (::stat(slash == file.npos ? "." : file.substr(0, slash + 1).c_str(), &about) != 0) {
    return false;
  }
  return about.st_uid == 0 || ::fchown(fd, about.st_uid, about.st_gid) == 0;
}

std::string memory_text(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

std::unexpected<Error> ca_file_error(const std::string& file, std::string_view problem) {
  return fail(Errc::invalid, Fault::config, file + ": " + std::string(problem));
}

Result<std::string> read_pem_file(const std::string& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::unexpected(errno_error("open " + file, errno));
  std::string text;
  std::array<char, 4096> block{};
  for (;;) {
    const ssize_t got = ::read(fd.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(errno_error("read " + file, errno));
    if (got == 0) return text;
    text.append(block.data(), static_cast<std::size_t>(got));
    if (text.size() > kMaxFileBytes) {
      return ca_file_error(file, "larger than 1 MiB, no PEM of a CA");
    }
  }
}

Result<void> write_new_file(const std::string& file, const std::string& text, mode_t mode) {
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd) return std::unexpected(errno_error("create " + file, errno));
  if (!give_to_folders_owner(fd.get(), file)) {
    return std::unexpected(errno_error("chown " + file, errno));
  }
  return write_all(fd.get(), file, text);
}

std::string pem_of(X509* cert) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), cert);
  return memory_text(out.get());
}

std::string pem_of(X509_REQ* request) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509_REQ(out.get(), request);
  return memory_text(out.get());
}

Result<void> write_new_key(const std::string& file, EVP_PKEY* key) {
  const BioPtr out(BIO_new(BIO_s_secmem()));
  PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  std::string text = memory_text(out.get());
  auto written = write_new_file(file, text, 0600);
  OPENSSL_cleanse(text.data(), text.size());
  return written;
}

Result<KeyPtr> load_key(const std::string& file) {
  auto pem = read_pem_file(file);
  if (!pem) return pass(std::move(pem));
  const BioPtr in(BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())));
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  KeyPtr key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, nullptr));
  OPENSSL_cleanse(pem->data(), pem->size());
  if (!key) {
    return ca_file_error(file, "no readable private key in PEM (" + take_openssl_error() + ")");
  }
  return key;
}

Result<std::vector<X509Ptr>> load_certificates(const std::string& file) {
  const auto pem = read_pem_file(file);
  if (!pem) return std::unexpected(pem.error());
  const BioPtr in(BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())));
  std::vector<X509Ptr> certs;
  while (X509Ptr cert{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)}) {
    certs.push_back(std::move(cert));
  }
  const int reason = ERR_GET_REASON(ERR_peek_last_error());
  const bool at_end = reason == PEM_R_NO_START_LINE;
  const std::string problem = take_openssl_error();
  if (certs.empty() && at_end) return ca_file_error(file, "holds no PEM certificate");
  if (!at_end) return ca_file_error(file, "damaged certificate (" + problem + ")");
  return certs;
}

Result<void> check_ca(const std::string& file, X509* cert, WallTime now) {
  if ((X509_get_extension_flags(cert) & EXFLAG_INVALID) != 0) {
    return ca_file_error(file, "the certificate has invalid extensions");
  }
  if (X509_check_ca(cert) != 1) {
    return ca_file_error(file, "not a CA certificate (CA:TRUE is missing)");
  }
  if ((X509_get_key_usage(cert) & KU_KEY_CERT_SIGN) == 0) {
    return ca_file_error(file, "the certificate may not sign others (keyCertSign is missing)");
  }
  if (wall_from_asn1(X509_get0_notAfter(cert)) <= now) {
    return ca_file_error(file, "the CA has expired");
  }
  return {};
}

}  // namespace weir

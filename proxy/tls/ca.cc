#include "proxy/tls/ca.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>

#include "core/fd.h"
#include "proxy/tls/ca_pair.h"
#include "proxy/tls/x509_build.h"

namespace weir {
namespace {

constexpr auto kCaLifetime = std::chrono::hours(24 * 3652);
constexpr std::size_t kMaxFileBytes = 1024 * 1024;

std::unexpected<Error> file_error(const std::string& file, std::string_view problem) {
  return fail(Errc::invalid, Fault::config, file + ": " + std::string(problem));
}

Result<std::string> read_file(const std::string& file) {
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
    if (text.size() > kMaxFileBytes) return file_error(file, "larger than 1 MiB, no PEM of a CA");
  }
}

Result<void> write_new_file(const std::string& file, const std::string& text, mode_t mode) {
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!fd) return std::unexpected(errno_error("create " + file, errno));
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t put = ::write(fd.get(), rest.data(), rest.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return std::unexpected(errno_error("write " + file, errno));
    rest.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fsync(fd.get()) != 0) return std::unexpected(errno_error("fsync " + file, errno));
  return {};
}

std::string memory_text(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* cert) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), cert);
  return memory_text(out.get());
}

std::string pem_of(EVP_PKEY* key) {
  const BioPtr out(BIO_new(BIO_s_secmem()));
  PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return memory_text(out.get());
}

std::string random_word() {
  std::array<unsigned char, 4> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  std::string out;
  for (const unsigned char byte : bytes) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 0xf];
  }
  return out;
}

Result<X509Ptr> self_signed(EVP_PKEY* key, WallTime now) {
  X509Ptr cert(X509_new());
  if (!cert || X509_set_version(cert.get(), X509_VERSION_3) != 1 ||
      X509_set_pubkey(cert.get(), key) != 1 ||
      !set_validity(cert.get(), now - std::chrono::hours(24), now + kCaLifetime) ||
      !set_common_name(X509_get_subject_name(cert.get()), "weir CA " + random_word()) ||
      X509_set_issuer_name(cert.get(), X509_get_subject_name(cert.get())) != 1) {
    return openssl_failure("CA certificate");
  }
  if (auto done = set_random_serial(cert.get()); !done) return pass(std::move(done));
  const std::array<ExtensionText, 4> extensions{{
      {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
      {NID_key_usage, "critical,keyCertSign,cRLSign"},
      {NID_subject_key_identifier, "hash"},
      {NID_authority_key_identifier, "keyid:always"},
  }};
  if (auto done = add_extensions(cert.get(), cert.get(), extensions); !done) {
    return pass(std::move(done));
  }
  if (X509_sign(cert.get(), key, EVP_sha256()) <= 0) return openssl_failure("CA certificate");
  return cert;
}

Result<std::vector<X509Ptr>> parse_certificates(const std::string& file, const std::string& pem) {
  const BioPtr in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<X509Ptr> certs;
  while (X509Ptr cert{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)}) {
    certs.push_back(std::move(cert));
  }
  const int reason = ERR_GET_REASON(ERR_peek_last_error());
  const bool at_end = reason == PEM_R_NO_START_LINE;
  const std::string problem = take_openssl_error();
  if (certs.empty() && at_end) return file_error(file, "holds no PEM certificate");
  if (!at_end) return file_error(file, "damaged certificate (" + problem + ")");
  return certs;
}

Result<std::vector<X509Ptr>> load_certificates(const std::string& file) {
  auto pem = read_file(file);
  if (!pem) return pass(std::move(pem));
  return parse_certificates(file, *pem);
}

Result<void> check_ca(const std::string& file, X509* cert, WallTime now) {
  if ((X509_get_extension_flags(cert) & EXFLAG_INVALID) != 0) {
    return file_error(file, "the certificate has invalid extensions");
  }
  if (X509_check_ca(cert) != 1)
    return file_error(file, "not a CA certificate (CA:TRUE is missing)");
  if ((X509_get_key_usage(cert) & KU_KEY_CERT_SIGN) == 0) {
    return file_error(file, "the certificate may not sign others (keyCertSign is missing)");
  }
  if (wall_from_asn1(X509_get0_notAfter(cert)) <= now)
    return file_error(file, "the CA has expired");
  return {};
}

}  // namespace

Result<void> create_ca(const std::string& dir, WallTime now) {
  const std::string cert_file = dir + "/ca.pem";
  const std::string key_file = dir + "/ca.key";
  for (const std::string& file : {cert_file, key_file}) {
    if (::access(file.c_str(), F_OK) == 0) return file_error(file, "exists already; not replaced");
  }
  const KeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return openssl_failure("CA key");
  auto cert = self_signed(key.get(), now);
  if (!cert) return pass(std::move(cert));
  std::string key_text = pem_of(key.get());
  auto written = write_new_file(key_file, key_text, 0600);
  OPENSSL_cleanse(key_text.data(), key_text.size());
  if (!written) return written;
  return write_new_file(cert_file, pem_of(cert->get()), 0644);
}

Result<CaCertificate> read_ca(const std::string& certificate_file) {
  auto certs = load_certificates(certificate_file);
  if (!certs) return pass(std::move(certs));
  X509* first = certs->front().get();
  CaCertificate out;
  out.pem = pem_of(first);
  out.der = der_of(*first);
  out.sha256 = sha256_hex(as_bytes(out.der));
  out.subject = name_text(X509_get_subject_name(first));
  out.not_before = wall_from_asn1(X509_get0_notBefore(first));
  out.not_after = wall_from_asn1(X509_get0_notAfter(first));
  for (const X509Ptr& cert : *certs) {  // roots are what clients trust already
    if (X509_self_signed(cert.get(), 0) != 1) out.chain_der.push_back(der_of(*cert));
  }
  return out;
}

Result<CaPair> load_ca_pair(const std::string& certificate_file, const std::string& key_file,
                            WallTime now) {
  auto certs = load_certificates(certificate_file);
  if (!certs) return pass(std::move(certs));
  CaPair pair;
  pair.cert = std::move(certs->front());
  if (auto fit = check_ca(certificate_file, pair.cert.get(), now); !fit)
    return pass(std::move(fit));
  auto pem = read_file(key_file);
  if (!pem) return pass(std::move(pem));
  const BioPtr in(BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())));
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  pair.key.reset(PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, nullptr));
  OPENSSL_cleanse(pem->data(), pem->size());
  if (!pair.key) {
    return file_error(key_file, "no readable private key in PEM (" + take_openssl_error() + ")");
  }
  if (X509_check_private_key(pair.cert.get(), pair.key.get()) != 1) {
    ERR_clear_error();
    return file_error(key_file, "the key does not belong to " + certificate_file);
  }
  return pair;
}

std::string fingerprint_text(const std::string& sha256_hex) {
  std::string out;
  for (std::size_t i = 0; i < sha256_hex.size(); ++i) {
    if (i != 0 && i % 2 == 0) out += ':';
    const char c = sha256_hex[i];
    out += c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

}  // namespace weir

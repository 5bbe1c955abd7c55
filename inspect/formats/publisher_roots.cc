#include "inspect/formats/publisher_roots.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "core/base64.h"
#include "inspect/formats/openssl_handles.h"

namespace weir {
namespace {

constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

std::unexpected<Error> wrong(std::string what) {
  return fail(Errc::invalid, Fault::config, std::move(what));
}

// Goes through the lines; `from` is where the block under way began.
class PemReader {
 public:
  PemReader(const std::string& file, X509_STORE& store) : file_(file), store_(store) {}

  Result<void> line(std::string_view text) {
    ++number_;
    const std::size_t end = text.find_last_not_of(" \t\r");
    text = text.substr(0, end == text.npos ? 0 : end + 1);
    if (from_ == 0) return outside(text);
    if (text == kEnd) return finish_block();
    const std::size_t odd = text.find_first_not_of(kBase64);
    if (odd != text.npos) return error(number_, odd + 1, "not base64");
    base64_ += text;
    return {};
  }

  Result<std::size_t> finish() {
    if (from_ != 0) return error(from_, 1, "this certificate has no END line");
    if (count_ == 0) return error(1, 1, "no certificate in it");
    return count_;
  }

 private:
  Result<void> outside(std::string_view text) {
    if (text == kBegin) {
      from_ = number_;
      base64_.clear();
    } else if (text.starts_with("-----")) {
      return error(number_, 1, "only blocks of BEGIN CERTIFICATE and END CERTIFICATE belong here");
    }
    return {};
  }

  Result<void> finish_block() {
    const std::size_t from = std::exchange(from_, 0);
    const std::optional<std::string> der = base64_decode(base64_);
    if (!der) return error(from, 1, "the base64 of this certificate is incomplete");
    const ByteView bytes = as_bytes(*der);
    const unsigned char* at = bytes.data();
    const CertificatePtr one(d2i_X509(nullptr, &at, static_cast<long>(bytes.size())));
    ERR_clear_error();
    if (!one || at != bytes.data() + bytes.size()) return error(from, 1, "not a certificate");
    if ((X509_get_extension_flags(one.get()) & EXFLAG_SS) == 0) {
      return error(from, 1, "this certificate is no root: it is not self-signed");
    }
    if (X509_STORE_add_cert(&store_, one.get()) != 1) return error(from, 1, "cannot be used");
    ++count_;
    return {};
  }

  std::unexpected<Error> error(std::size_t line, std::size_t column, std::string_view what) const {
    return wrong(file_ + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " +
                 std::string(what));
  }

  const std::string& file_;
  X509_STORE& store_;
  std::string base64_;
  std::size_t number_ = 0, from_ = 0, count_ = 0;
};

}  // namespace

Result<PublisherRoots> PublisherRoots::parse(std::string_view pem, const std::string& file) {
  PublisherRoots roots;
  roots.store_ = std::shared_ptr<X509_STORE>(X509_STORE_new(), X509_STORE_free);
  PemReader reader(file, *roots.store_);
  while (!pem.empty()) {
    const std::size_t end = pem.find('\n');
    if (auto read = reader.line(pem.substr(0, end)); !read) return pass(std::move(read));
    pem.remove_prefix(end == pem.npos ? pem.size() : end + 1);
  }
  auto count = reader.finish();
  if (!count) return pass(std::move(count));
  roots.size_ = *count;
  return roots;
}

Result<PublisherRoots> PublisherRoots::load(const std::string& file) {
  if (file.empty()) return PublisherRoots();
  std::ifstream in(file, std::ios::binary);
  if (!in) return wrong(file + ":1:1: cannot be read");
  std::string text(kMostFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad()) return wrong(file + ":1:1: cannot be read");
  if (text.size() > kMostFileBytes) return wrong(file + ":1:1: larger than 8 MiB");
  return parse(text, file);
}

}  // namespace weir

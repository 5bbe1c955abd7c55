#include "proxy/tls/trust_store.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "proxy/tls/tls.h"

namespace weir {
namespace {

std::unexpected<Error> file_error(const std::string& file, const std::string& problem) {
  return fail(Errc::invalid, Fault::config, file + ": " + problem);
}

Result<void> add_ca_file(X509_STORE* store, const std::string& file) {
  ERR_clear_error();
  if (X509_STORE_load_file(store, file.c_str()) == 1) return {};
  return file_error(file, "no usable CA certificates in PEM (" + take_openssl_error() + ")");
}

// PEM, one or more, or one DER.
Result<void> add_crl_file(std::vector<CrlPtr>& crls, const std::string& file) {
  const BioPtr in(BIO_new_file(file.c_str(), "rb"));
  if (!in) return file_error(file, "cannot be opened (" + take_openssl_error() + ")");
  const std::size_t before = crls.size();
  while (CrlPtr crl{PEM_read_bio_X509_CRL(in.get(), nullptr, nullptr, nullptr)}) {
    crls.push_back(std::move(crl));
  }
  ERR_clear_error();
  if (crls.size() > before) return {};
  if (BIO_seek(in.get(), 0) != 0) return file_error(file, "cannot be read again");
  CrlPtr crl(d2i_X509_CRL_bio(in.get(), nullptr));
  if (!crl) return file_error(file, "no CRL in PEM or DER (" + take_openssl_error() + ")");
  crls.push_back(std::move(crl));
  return {};
}

}  // namespace

Result<std::shared_ptr<const TrustStore>> load_trust(const TlsSettings& settings) {
  StorePtr store(X509_STORE_new());
  if (!store) return openssl_failure("trust store");
  std::vector<std::string> files = settings.extra_ca_files;
  if (!settings.system_ca_file.empty()) files.push_back(settings.system_ca_file);
  for (const std::string& file : files) {
    if (auto added = add_ca_file(store.get(), file); !added) return pass(std::move(added));
  }
  std::vector<CrlPtr> crls;
  for (const std::string& file : settings.crl_files) {
    if (auto added = add_crl_file(crls, file); !added) return pass(std::move(added));
  }
  return std::make_shared<const TrustStore>(std::move(store), std::move(crls));
}

}  // namespace weir

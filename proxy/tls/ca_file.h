// Certificates and keys of a CA as PEM files. Private to proxy/tls and proxy/sign; start-up and
// command line only, for it blocks on files. Errors name the file and what is wrong with it.
#pragma once

#include <string>
#include <vector>

#include "proxy/tls/openssl.h"

namespace weir {

std::unexpected<Error> ca_file_error(const std::string& file, std::string_view problem);

Result<std::string> read_pem_file(const std::string& file);  // at most 1 MiB

// Never replaces a file. Root, who may mend an installation, makes it for the folder's owner.
Result<void> write_new_file(const std::string& file, const std::string& text, mode_t mode);

std::string pem_of(X509* cert);
std::string pem_of(X509_REQ* request);
Result<void> write_new_key(const std::string& file, EVP_PKEY* key);  // mode 0600
Result<KeyPtr> load_key(const std::string& file);                    // without a passphrase

// One at least; nothing in the file may be damaged.
Result<std::vector<X509Ptr>> load_certificates(const std::string& file);

// That it is a CA which may sign certificates now.
Result<void> check_ca(const std::string& file, X509* cert, WallTime now);

}  // namespace weir

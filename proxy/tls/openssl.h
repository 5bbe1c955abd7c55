// Owners for OpenSSL's handles and its error queue as text. Included only by sources of proxy/tls
// and proxy/sign and by headers private to them. Any thread.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pkcs7.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/result.h"

namespace weir {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* handle) const {
    Free(handle);
  }
};

struct FreeX509Stack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
};

using BioPtr = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;
using X509NamePtr = std::unique_ptr<X509_NAME, FreeWith<X509_NAME_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, FreeWith<X509_CRL_free>>;
using X509Stack = std::unique_ptr<STACK_OF(X509), FreeX509Stack>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
using Asn1TimePtr = std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>>;
using Asn1IntegerPtr = std::unique_ptr<ASN1_INTEGER, FreeWith<ASN1_INTEGER_free>>;

// The oldest entry of this thread's error queue as text; empties the queue.
std::string take_openssl_error();

// local, with the queue's text after `what`.
std::unexpected<Error> openssl_failure(std::string_view what, Errc code = Errc::internal);

std::string der_of(const X509& cert);
X509Ptr x509_from_der(ByteView der);             // null when it is not exactly one certificate
std::string name_text(const X509_NAME* name);    // RFC 2253, remote text escaped
X509Ptr share(X509* cert);                       // one more reference
WallTime wall_from_asn1(const ASN1_TIME* time);  // the epoch when it cannot be read
std::time_t to_time_t(WallTime time);

}  // namespace weir

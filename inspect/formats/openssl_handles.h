// Owners of OpenSSL's handles for the readers of signatures. Included by sources only. Any thread.
#pragma once

#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

#include <memory>

namespace weir {

template <auto Free>
struct FreeHandle {
  template <class T>
  void operator()(T* handle) const {
    Free(handle);
  }
};

using CertificatePtr = std::unique_ptr<X509, FreeHandle<X509_free>>;
using Pkcs7Ptr = std::unique_ptr<PKCS7, FreeHandle<PKCS7_free>>;
using DigestInfoPtr = std::unique_ptr<X509_SIG, FreeHandle<X509_SIG_free>>;
using FilterPtr = std::unique_ptr<BIO, FreeHandle<BIO_free_all>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, FreeHandle<EVP_MD_CTX_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, FreeHandle<X509_STORE_CTX_free>>;
using TimeStampPtr = std::unique_ptr<TS_TST_INFO, FreeHandle<TS_TST_INFO_free>>;
using TimeStampCheckPtr = std::unique_ptr<TS_VERIFY_CTX, FreeHandle<TS_VERIFY_CTX_free>>;

}  // namespace weir

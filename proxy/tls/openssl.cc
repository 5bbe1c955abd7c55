#include "proxy/tls/openssl.h"

#include <openssl/err.h>

#include <array>
#include <ctime>

namespace weir {

std::string take_openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no detail";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

std::unexpected<Error> openssl_failure(std::string_view what, Errc code) {
  return fail(code, Fault::local, std::string(what) + ": " + take_openssl_error());
}

std::string der_of(const X509& cert) {
  unsigned char* raw = nullptr;
  const int size = i2d_X509(&cert, &raw);
  const std::unique_ptr<unsigned char, FreeWith<[](void* p) { OPENSSL_free(p); }>> owner(raw);
  return size > 0 ? std::string(as_text({raw, static_cast<std::size_t>(size)})) : std::string();
}

X509Ptr x509_from_der(ByteView der) {
  const unsigned char* at = der.data();
  X509Ptr cert(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (cert && at != der.data() + der.size()) cert.reset();
  ERR_clear_error();
  return cert;
}

std::string name_text(const X509_NAME* name) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0) return "";
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

X509Ptr share(X509* cert) {
  if (cert != nullptr) X509_up_ref(cert);
  return X509Ptr(cert);
}

WallTime wall_from_asn1(const ASN1_TIME* time) {
  std::tm broken_down{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &broken_down) != 1) return {};
  return std::chrono::system_clock::from_time_t(timegm(&broken_down));
}

std::time_t to_time_t(WallTime time) { return std::chrono::system_clock::to_time_t(time); }

}  // namespace weir

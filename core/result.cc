#include "core/result.h"

#include <system_error>

namespace weir {

std::string_view errc_name(Errc code) {
  switch (code) {
    case Errc::io: return "io";
    case Errc::closed: return "closed";
    case Errc::truncated: return "truncated";
    case Errc::timeout: return "timeout";
    case Errc::cancelled: return "cancelled";
    case Errc::malformed: return "malformed";
    case Errc::too_large: return "too-large";
    case Errc::unsupported: return "unsupported";
    case Errc::refused: return "refused";
    case Errc::unreachable: return "unreachable";
    case Errc::dns_failure: return "dns-failure";
    case Errc::address_denied: return "address-denied";
    case Errc::tls_handshake: return "tls-handshake";
    case Errc::tls_certificate: return "tls-certificate";
    case Errc::tls_client_rejected: return "tls-client-rejected";
    case Errc::client_certificate_wanted: return "client-certificate-wanted";
    case Errc::busy: return "busy";
    case Errc::crashed: return "crashed";
    case Errc::not_found: return "not-found";
    case Errc::invalid: return "invalid";
    case Errc::denied: return "denied";
    case Errc::no_space: return "no-space";
    case Errc::internal: return "internal";
  }
  return "unknown";
}

std::string_view fault_name(Fault fault) {
  switch (fault) {
    case Fault::client: return "client";
    case Fault::origin: return "origin";
    case Fault::local: return "local";
    case Fault::config: return "config";
    case Fault::helper: return "helper";
  }
  return "unknown";
}

Error errno_error(std::string_view call, int error_number) {
  Errc code = Errc::io;
  if (error_number == ENOSPC || error_number == EDQUOT) code = Errc::no_space;
  if (error_number == EACCES || error_number == EPERM) code = Errc::denied;
  if (error_number == ENOENT) code = Errc::not_found;
  std::string what(call);
  what += ": ";
  what += std::generic_category().message(error_number);
  return Error{code, Fault::local, false, std::move(what)};
}

}  // namespace weir

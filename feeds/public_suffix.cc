#include "feeds/public_suffix.h"

#include <libpsl.h>

#include <string>

namespace weir {

bool is_public_suffix(std::string_view host) {
  return psl_is_public_suffix(psl_builtin(), std::string(host).c_str()) != 0;
}

std::string_view registrable_domain(std::string_view host) {
  const std::string terminated(host);
  const char* found = psl_registrable_domain(psl_builtin(), terminated.c_str());
  if (found == nullptr) return {};
  return host.substr(static_cast<std::size_t>(found - terminated.c_str()));
}

std::string_view private_suffix(std::string_view host) {
  const std::string terminated(host);
  const char* found = psl_unregistrable_domain(psl_builtin(), terminated.c_str());
  if (found == nullptr) return {};
  if (psl_is_public_suffix2(psl_builtin(), found, PSL_TYPE_PRIVATE) == 0) return {};
  if (psl_is_public_suffix2(psl_builtin(), found, PSL_TYPE_ICANN) != 0) return {};
  return host.substr(static_cast<std::size_t>(found - terminated.c_str()));
}

}  // namespace weir

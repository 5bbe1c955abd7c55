#include "proxy/sign/confine.h"

#include <sys/resource.h>
#include <sys/syscall.h>

#include <cstdio>

#include "core/jail.h"

namespace weir {
namespace {

// Beside computing: messages and waiting for them. Nothing that makes a descriptor.
constexpr int kMessaging[] = {SYS_recvfrom, SYS_sendto, SYS_poll,
                              SYS_ppoll,    SYS_fstat,  SYS_newfstatat};
constexpr unsigned kForTheJail = 2;  // Landlock needs a descriptor while it is set up

std::vector<int> allowed_calls() {
  const auto basic = basic_syscalls();
  std::vector<int> out(basic.begin(), basic.end());
  out.insert(out.end(), std::begin(kMessaging), std::end(kMessaging));
  return out;
}

}  // namespace

Result<void> confine_signer(unsigned descriptors, bool best_effort) {
  const std::vector<int> allowed = allowed_calls();
  JailSpec spec;
  spec.user = spec.mount = spec.net = spec.ipc = spec.uts = true;
  spec.empty_root = true;
  spec.landlock = true;
  spec.drop_capabilities = true;
  spec.limits = {{RLIMIT_CORE, 0}, {RLIMIT_NPROC, 0}, {RLIMIT_NOFILE, descriptors + kForTheJail}};
  spec.allowed = allowed;
  auto report = enter_jail(spec, best_effort);
  if (!report) return pass(std::move(report));
  for (const std::string& layer : report->missing) {
    std::fprintf(stderr, "weir-sign: goes on without %s\n", layer.c_str());
  }
  return {};
}

}  // namespace weir

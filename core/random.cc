#include "core/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace weir {

void SystemRandom::fill(MutableBytes out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = ::getrandom(out.data() + done, out.size() - done, 0);
    if (got > 0) done += static_cast<std::size_t>(got);
    if (got < 0 && errno != EINTR) std::abort();  // a kernel without randomness is no place to run
  }
}

}  // namespace weir

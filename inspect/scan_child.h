// One jailed child of the scan zygote, as the gateway sees it: a socket for jobs and a pidfd to
// kill it by. Belongs to the scan pool and its thread. Destroying it kills the child.
#pragma once

#include <cstdint>
#include <memory>

#include "core/clock.h"
#include "core/co.h"
#include "core/fd.h"
#include "core/result.h"
#include "inspect/scan_wire.h"

namespace boost::asio {
class io_context;
}

namespace weir {

class ScanChild {
 public:
  // `zygote` is kept alive as long as the child is.
  ScanChild(boost::asio::io_context& loop, UniqueFd socket, UniqueFd process,
            std::shared_ptr<const void> zygote);
  ~ScanChild();
  ScanChild(const ScanChild&) = delete;
  ScanChild& operator=(const ScanChild&) = delete;

  // Errc::timeout past the deadline, Errc::crashed when the child went or could not be given the
  // job, Errc::malformed when it talked nonsense. After any of these the child is of no more use.
  // `into` is null unless the job takes something out.
  Co<Result<ScanReply>> perform(ScanJob job, std::shared_ptr<const UniqueFd> file,
                                std::shared_ptr<const UniqueFd> into, SteadyTime deadline);
  bool idle_and_well() const;  // neither gone nor talking without having been asked
  const void* zygote() const;  // only to compare
  std::uint32_t served() const { return served_; }

 private:
  struct State;
  std::shared_ptr<State> state_;
  std::uint32_t served_ = 0;
};

}  // namespace weir

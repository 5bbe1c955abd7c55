// A weir-scan process that has loaded rules and databases and forks jailed children on request.
// Belongs to the scan pool and its thread; held by the pool while it is the one in use and by each
// of its children. Destroying it kills the process.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/co.h"
#include "core/fd.h"
#include "core/result.h"
#include "inspect/scan_options.h"
#include "inspect/scan_wire.h"

namespace boost::asio {
class io_context;
}

namespace weir {

class ScanZygote {
 public:
  struct Events {
    std::function<void(UniqueFd socket, UniqueFd process)> spawned;
    std::function<void(const std::string& why)> spawn_failed;
    std::function<void(const std::string& why)> gone;  // once; also when it talked nonsense
  };

  // Starts the program with its end of a socket pair as descriptor 3. Errors name the program.
  static Result<std::shared_ptr<ScanZygote>> start(boost::asio::io_context& loop,
                                                   const std::string& program, ScanOptions options);
  ~ScanZygote();
  ScanZygote(const ScanZygote&) = delete;
  ScanZygote& operator=(const ScanZygote&) = delete;

  // Its first message. A rule or database with a mistake is Errc::invalid with the zygote's text.
  Co<Result<ScanReady>> ready(Duration limit);
  void listen(Events events);  // after ready(); the events stop when the zygote is destroyed
  bool request_child();        // false when it cannot be asked; then it will be gone()
  unsigned asked() const;      // children requested and neither there nor failed

 private:
  struct State;
  explicit ScanZygote(std::shared_ptr<State> state);
  static Co<void> serve(std::shared_ptr<State> state);
  static Co<void> reap(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace weir

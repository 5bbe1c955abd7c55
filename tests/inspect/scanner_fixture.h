// Starts things against the scanner that misbehaves on request, and runs many questions at once.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conf/settings.h"
#include "core/fd.h"
#include "core/log.h"
#include "core/metrics.h"
#include "inspect/scan_pool.h"
#include "tests/inspect/run_co.h"

namespace weir::test {

inline std::shared_ptr<const UniqueFd> body_of(std::string_view text) {
  UniqueFd fd(::memfd_create("body", MFD_CLOEXEC));
  EXPECT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  return std::make_shared<const UniqueFd>(std::move(fd));
}

class ScannerFixture : public testing::Test {
 protected:
  ScannerFixture() {
    std::string name = testing::TempDir() + "scan-XXXXXX";
    dir_ = ::mkdtemp(name.data());
    settings_.rules_dir = dir_ + "/mode";
    settings_.workers = 2;
    set_mode("good", "1");
  }
  ~ScannerFixture() override { std::filesystem::remove_all(dir_); }

  void set_mode(const std::string& mode, const std::string& generation) {
    std::ofstream(settings_.rules_dir) << mode << " " << generation;
  }
  std::string marker(const std::string& name) const { return dir_ + "/" + name; }
  std::uint64_t count(const std::string& name) { return metrics_.counter(name, "").value(); }

  Result<std::unique_ptr<ScanPool>> try_pool() {
    return ScanPool::start(settings_, kProgram, metrics_, log_);
  }
  std::unique_ptr<ScanPool> pool() {
    auto started = try_pool();
    EXPECT_TRUE(started.has_value()) << started.error().what;
    return std::move(*started);
  }

  static constexpr const char* kProgram = WEIR_BIN_DIR "/bad-scanner";
  std::string dir_;
  InspectSettings settings_;
  SystemClock clock_;
  Metrics metrics_;
  Log log_{-1, LogLevel::error, clock_};
};

inline ScanRequest request_for(std::string name,
                               std::chrono::milliseconds limit = std::chrono::seconds(60)) {
  ScanRequest request;
  request.body = body_of("the body");
  request.scanners.add(Scanner::yara);
  request.name = std::move(name);
  request.limit = limit;
  return request;
}

inline ScanOutcome ask(ScanPool& pool, std::string name,
                       std::chrono::milliseconds limit = std::chrono::seconds(60)) {
  return run_co(pool.scan(request_for(std::move(name), limit)));
}

// All at once, from one loop.
inline std::vector<ScanOutcome> ask_all(ScanPool& pool, std::vector<ScanRequest> requests) {
  boost::asio::io_context loop(1);
  std::vector<ScanOutcome> outcomes(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    boost::asio::co_spawn(loop, pool.scan(std::move(requests[i])),
                          [&outcomes, i](std::exception_ptr, ScanOutcome outcome) {
                            outcomes[i] = std::move(outcome);
                          });
  }
  loop.run();
  return outcomes;
}

}  // namespace weir::test

#include "inspect/worker/take_out.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/fd.h"
#include "inspect/worker/scan_job.h"
#include "tests/inspect/worker/samples.h"

namespace weir {
namespace {

// What a job writes out of `whole` when it is asked for the file of `size` bytes and this digest.
std::string taken_out(const std::string& whole, const std::string& digest, std::size_t size,
                      std::vector<std::string> passwords = {}, ScanLimits limits = {}) {
  const TestDirectory scratch;
  const ManualClock clock;
  const UniqueFd into(::memfd_create("into", MFD_CLOEXEC));
  EXPECT_EQ(::ftruncate(into.get(), static_cast<off_t>(size)), 0);
  ScanJob job;
  job.id = 7;
  job.take_out = digest;
  job.passwords = std::move(passwords);
  job.limits = limits;
  const ScanReply reply = run_scan_job(job, as_bytes(whole), {}, clock, scratch.path(), into.get());
  EXPECT_EQ(reply.id, 7U);
  EXPECT_TRUE(reply.findings.empty());
  EXPECT_TRUE(reply.completed.empty());
  std::string got(size, '\0');
  EXPECT_EQ(::pread(into.get(), got.data(), size, 0), static_cast<ssize_t>(size));
  return got;
}

std::string digest_of(const std::string& bytes) { return sha256_hex(as_bytes(bytes)); }

TEST(TakeOut, FindsTheFileAtAnyDepth) {
  const std::string program = "#!/bin/sh\necho inner\n";
  const std::string inner = pack({{"a.txt", "text"}, {"run.sh", program}});
  const std::string outer = pack({{"b.txt", "other"}, {"inner.zip", inner}});
  for (const std::string& whole : {inner, outer}) {
    EXPECT_EQ(taken_out(whole, digest_of(program), program.size()), program);
  }
  EXPECT_EQ(taken_out(outer, digest_of(inner), inner.size()), inner);
}

TEST(TakeOut, WritesNothingElse) {
  const std::string program = "#!/bin/sh\necho inner\n";
  const std::string other = "#!/bin/sh\necho other\n";  // as long, and not the one
  const std::string whole = pack({{"run.sh", program}});
  const std::string nothing(program.size(), '\0');
  EXPECT_EQ(taken_out(whole, digest_of(other), other.size()), nothing);
  EXPECT_EQ(taken_out(whole, digest_of(program), program.size() + 1), nothing + '\0');
  EXPECT_EQ(taken_out(program, digest_of(program), program.size()), nothing);  // the whole itself
  ScanLimits shallow;
  shallow.depth = 0;
  EXPECT_EQ(taken_out(whole, digest_of(program), program.size(), {}, shallow), nothing);
}

}  // namespace
}  // namespace weir

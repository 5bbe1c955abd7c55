#include "inspect/spool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <functional>

#include "tests/inspect/compress.h"
#include "tests/inspect/run_co.h"

namespace weir {
namespace {

using test::run_co;
using test::sample;

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() {
    std::string name = testing::TempDir() + "spool-XXXXXX";
    dir_ = ::mkdtemp(name.data());
    settings_.spool_dir = dir_;
    settings_.spool_memory_bytes = 1000;
    settings_.spool_total_bytes = 64 * 1024 * 1024;
  }
  ~SpoolTest() override { std::filesystem::remove_all(dir_); }

  std::unique_ptr<Spool> open(SpoolStore& store, std::optional<std::uint64_t> expected = {}) {
    auto opened = store.open_spool(expected);
    EXPECT_TRUE(opened.has_value());
    return std::move(*opened);
  }

  std::string dir_;
  InspectSettings settings_;
};

Co<Result<void>> append_in_pieces(Spool& spool, std::string_view text, std::size_t piece) {
  for (std::size_t at = 0; at < text.size(); at += piece) {
    auto kept = co_await spool.append(as_bytes(text.substr(at, piece)));
    if (!kept) co_return kept;
  }
  co_return Result<void>{};
}

Co<Result<std::string>> read_all(Spool& spool, std::size_t piece) {
  std::string out;
  std::vector<std::uint8_t> buffer(piece);
  for (;;) {
    auto got = co_await spool.read_at(out.size(), buffer);
    if (!got) co_return pass(std::move(got));
    if (*got == 0) co_return out;
    out += as_text(ByteView(buffer).first(*got));
  }
}

std::string read_fd(int fd) {
  std::string out;
  char buffer[65536];
  for (;;) {
    const ssize_t n = ::pread(fd, buffer, sizeof buffer, static_cast<off_t>(out.size()));
    if (n <= 0) return out;
    out.append(buffer, static_cast<std::size_t>(n));
  }
}

TEST_F(SpoolTest, GivesBackWhatItTookInMemoryAndOnDisk) {
  SpoolStore store(settings_);
  const struct {
    std::size_t size, piece;
    bool on_disk;
  } table[] = {{0, 1, false},           {1, 1, false},         {999, 7, false},
               {1000, 1000, false},     {1001, 1000, true},    {1001, 1001, true},
               {300'000, 4096, true},   {263'144, 1000, true}, {1'000'000, 65'536, true},
               {800'000, 800'000, true}};
  for (const auto& row : table) {
    const std::string text = sample(row.size);
    auto spool = open(store);
    ASSERT_TRUE(run_co(append_in_pieces(*spool, text, row.piece)).has_value());
    EXPECT_EQ(spool->size(), row.size);
    EXPECT_EQ(spool->on_disk(), row.on_disk) << row.size;
    EXPECT_TRUE(run_co(read_all(*spool, 10'000)).value() == text) << row.size << " before sealing";
    const auto sealed = run_co(spool->seal());
    ASSERT_TRUE(sealed.has_value()) << sealed.error().what;
    EXPECT_TRUE(read_fd((*sealed)->get()) == text) << row.size << " by descriptor";
    EXPECT_TRUE(run_co(read_all(*spool, 10'000)).value() == text) << row.size << " after sealing";
    EXPECT_EQ(run_co(spool->seal()).value(), *sealed);
  }
  EXPECT_TRUE(std::filesystem::is_empty(dir_));
}

TEST_F(SpoolTest, SealedMemoryCannotChange) {
  SpoolStore store(settings_);
  auto spool = open(store);
  ASSERT_TRUE(run_co(append_in_pieces(*spool, "abc", 3)).has_value());
  const auto sealed = run_co(spool->seal());
  ASSERT_TRUE(sealed.has_value());
  constexpr int kAll = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  EXPECT_EQ(::fcntl((*sealed)->get(), F_GET_SEALS) & kAll, kAll);
  EXPECT_EQ(::pwrite((*sealed)->get(), "x", 1, 0), -1);
  EXPECT_FALSE(run_co(append_in_pieces(*spool, "d", 1)).has_value());
  EXPECT_EQ(read_fd((*sealed)->get()), "abc");
}

TEST_F(SpoolTest, SealedFileIsReadOnly) {
  SpoolStore store(settings_);
  auto spool = open(store);
  ASSERT_TRUE(run_co(append_in_pieces(*spool, sample(5000), 500)).has_value());
  const auto sealed = run_co(spool->seal());
  ASSERT_TRUE(sealed.has_value());
  EXPECT_EQ(::fcntl((*sealed)->get(), F_GETFL) & O_ACCMODE, O_RDONLY);
  EXPECT_EQ(::pwrite((*sealed)->get(), "x", 1, 0), -1);
  const auto refused = run_co(append_in_pieces(*spool, "d", 1));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::internal);
}

TEST_F(SpoolTest, BudgetIsReservedBeforeTheFirstByte) {
  settings_.spool_total_bytes = 10'000;
  SpoolStore store(settings_);
  auto first = open(store, 9'500);
  EXPECT_EQ(store.used_bytes(), 9'500U);
  const auto refused = store.open_spool(501);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::busy);
  EXPECT_FALSE(store.open_spool(std::nullopt).has_value());
  EXPECT_FALSE(store.open_spool(UINT64_MAX).has_value());
  auto second = open(store, 500);
  first.reset();
  EXPECT_EQ(store.used_bytes(), 500U);
}

TEST_F(SpoolTest, WhatGrowsPastItsReservationNeedsRoom) {
  settings_.spool_total_bytes = 10'000;
  SpoolStore store(settings_);
  auto spool = open(store, 100);
  EXPECT_TRUE(run_co(append_in_pieces(*spool, sample(10'000), 1000)).has_value());
  const auto refused = run_co(append_in_pieces(*spool, "x", 1));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::busy);
  spool.reset();
  EXPECT_EQ(store.used_bytes(), 0U);
}

TEST_F(SpoolTest, MissingDirectoryIsAnErrorOfOurs) {
  settings_.spool_dir = dir_ + "/none";
  SpoolStore store(settings_);
  auto spool = open(store);
  EXPECT_TRUE(run_co(append_in_pieces(*spool, sample(900), 900)).has_value());
  const auto refused = run_co(append_in_pieces(*spool, sample(900), 900));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::not_found);
  EXPECT_EQ(refused.error().fault, Fault::local);
}

// A full disk: the device that is always full stands for it by way of a file size limit.
TEST_F(SpoolTest, FileThatMayNotGrowIsAnError) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{300'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  SpoolStore store(settings_);
  auto spool = open(store);
  const auto refused = run_co(append_in_pieces(*spool, sample(900'000), 50'000));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old);
  ASSERT_FALSE(refused.has_value());
}

TEST_F(SpoolTest, ConcurrentSpoolsStayApart) {
  SpoolStore store(settings_);
  boost::asio::io_context loop(1);
  constexpr unsigned kSpools = 20;
  std::vector<std::unique_ptr<Spool>> spools;
  std::vector<bool> kept(kSpools);
  for (unsigned i = 0; i < kSpools; ++i) {
    spools.push_back(open(store));
    boost::asio::co_spawn(
        loop,
        [](Spool& spool, unsigned seed) -> Co<bool> {
          const std::string text = sample(400'000, seed);
          if (!co_await append_in_pieces(spool, text, 9'999)) co_return false;
          const auto got = co_await read_all(spool, 30'000);
          co_return got && *got == text;
        }(*spools.back(), i),
        [&kept, i](std::exception_ptr, bool good) { kept[i] = good; });
  }
  loop.run();
  EXPECT_EQ(std::ranges::count(kept, true), kSpools);
}

// The loop goes while a write is under way: nothing is touched afterwards.
TEST_F(SpoolTest, LoopMayVanishWhileTheDiskWorks) {
  const std::string text = sample(2'000'000);
  SpoolStore store(settings_);
  auto spool = open(store);
  {
    boost::asio::io_context loop(1);
    boost::asio::co_spawn(loop, append_in_pieces(*spool, text, 500'000),
                          [](std::exception_ptr, Result<void>) { FAIL() << "must not end"; });
    loop.run_one();
  }
  spool.reset();
  EXPECT_EQ(store.used_bytes(), 0U);
}

}  // namespace
}  // namespace weir

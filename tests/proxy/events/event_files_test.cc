// The event log read back: the newest line first over rotations, and followed while it is written.
#include "proxy/events/event_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/support/temp_folder.h"

namespace weir {
namespace {

using Lines = std::vector<std::string>;

class EventFilesTest : public testing::Test {
 protected:
  std::string path() const { return folder_ / "events.jsonl"; }
  void put(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::app) << text;
  }
  Lines back() {
    Lines all;
    EventFiles files(path());
    EXPECT_TRUE(files.newest_first([&](std::string_view line) {
      all.emplace_back(line);
      return true;
    }));
    left_out_ = files.left_out();
    return all;
  }
  static Lines news(EventFollower& follower) {
    Lines all;
    EXPECT_TRUE(follower.read_new([&](std::string_view line) {
      all.emplace_back(line);
      return true;
    }));
    return all;
  }
  TempFolder folder_;
  std::uint64_t left_out_ = 0;
};

TEST_F(EventFilesTest, TheNewestFirst) {
  put("events.jsonl", "five\nsix\n");
  put("events.jsonl.1", "three\nfour\n");
  put("events.jsonl.2", "one\n\ntwo\n");
  put("events.jsonl.4", "not in the row\n");
  EXPECT_EQ(back(), (Lines{"six", "five", "four", "three", "two", "one"}));
}

TEST_F(EventFilesTest, NoFileIsAnErrorAnEmptyOneIsNot) {
  EXPECT_FALSE(EventFiles(path()).newest_first([](std::string_view) { return true; }));
  put("events.jsonl", "");
  EXPECT_EQ(back(), Lines{});
}

TEST_F(EventFilesTest, AnUnfinishedLineIsLeftForLater) {
  put("events.jsonl", "one\ntwo\nthr");
  EXPECT_EQ(back(), (Lines{"two", "one"}));
  std::filesystem::remove(folder_ / "events.jsonl");
  put("events.jsonl", "only a part");
  EXPECT_EQ(back(), Lines{});
}

// Pieces are of 1 MiB: lines that cross them, and newlines at their edges.
TEST_F(EventFilesTest, LinesCrossPieces) {
  for (const std::size_t size : {(1U << 20) - 2, (1U << 20) - 1, 1U << 20, 3U << 20}) {
    std::filesystem::remove(folder_ / "events.jsonl");
    const std::string big(size, 'b');
    put("events.jsonl", "one\n" + big + "\nthree\n");
    EXPECT_EQ(back(), (Lines{"three", big, "one"})) << size;
  }
}

TEST_F(EventFilesTest, WhatIsTooLongIsLeftOutAndCounted) {
  put("events.jsonl", "one\n" + std::string(kLongestEventLine + (3U << 20), 'x') + "\nthree\n");
  EXPECT_EQ(back(), (Lines{"three", "one"}));
  EXPECT_EQ(left_out_, 1U);
}

TEST_F(EventFilesTest, StopsWhenToldTo) {
  put("events.jsonl", "one\ntwo\n");
  put("events.jsonl.1", "zero\n");
  int count = 0;
  EXPECT_TRUE(EventFiles(path()).newest_first([&](std::string_view) { return ++count < 2; }));
  EXPECT_EQ(count, 2);
}

TEST_F(EventFilesTest, FollowsThroughARotation) {
  put("events.jsonl", "old\n");
  EventFollower follower(path());
  EXPECT_EQ(news(follower), Lines{});
  put("events.jsonl", "one\ntw");
  EXPECT_EQ(news(follower), Lines{"one"});
  put("events.jsonl", "o\n");
  EXPECT_EQ(news(follower), Lines{"two"});
  put("events.jsonl", "three\n");
  std::filesystem::rename(folder_ / "events.jsonl", folder_ / "events.jsonl.1");
  EXPECT_EQ(news(follower), Lines{"three"});
  put("events.jsonl", "four\n");
  EXPECT_EQ(news(follower), Lines{"four"});
}

TEST_F(EventFilesTest, FollowsALogThatBeginsLater) {
  EventFollower follower(path());
  EXPECT_EQ(news(follower), Lines{});
  put("events.jsonl", "one\n");
  EXPECT_EQ(news(follower), Lines{"one"});
}

}  // namespace
}  // namespace weir

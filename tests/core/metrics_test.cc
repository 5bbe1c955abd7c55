#include "core/metrics.h"

#include <gtest/gtest.h>

#include <thread>

namespace weir {
namespace {

TEST(Metrics, WritesEachKind) {
  Metrics metrics;
  metrics.counter("weir_a_total", "How many.", {{"action", "allow"}, {"x", "1"}}).add(3);
  metrics.gauge("weir_b", "How much.").set(-7);
  metrics.counter("weir_a_total", "ignored", {{"action", "block"}}).add();
  EXPECT_EQ(metrics.exposition(),
            "# HELP weir_a_total How many.\n"
            "# TYPE weir_a_total counter\n"
            "weir_a_total{action=\"allow\",x=\"1\"} 3\n"
            "weir_a_total{action=\"block\"} 1\n"
            "# HELP weir_b How much.\n"
            "# TYPE weir_b gauge\n"
            "weir_b -7\n");
}

TEST(Metrics, HistogramIsCumulativeAndBoundsAreInclusive) {
  Metrics metrics;
  Histogram& histogram =
      metrics.histogram("weir_s_seconds", "Time.", {0.1, 1, 2.5}, {{"engine", "yara"}});
  for (const double value : {0.05, 0.1, 0.5, 2.5, 9.0}) histogram.observe(value);
  EXPECT_EQ(metrics.exposition(),
            "# HELP weir_s_seconds Time.\n"
            "# TYPE weir_s_seconds histogram\n"
            "weir_s_seconds_bucket{engine=\"yara\",le=\"0.1\"} 2\n"
            "weir_s_seconds_bucket{engine=\"yara\",le=\"1\"} 3\n"
            "weir_s_seconds_bucket{engine=\"yara\",le=\"2.5\"} 4\n"
            "weir_s_seconds_bucket{engine=\"yara\",le=\"+Inf\"} 5\n"
            "weir_s_seconds_sum{engine=\"yara\"} 12.15\n"
            "weir_s_seconds_count{engine=\"yara\"} 5\n");
}

TEST(Metrics, HistogramWithoutLabels) {
  Metrics metrics;
  metrics.histogram("h", "x", {1}).observe(4);
  EXPECT_NE(metrics.exposition().find("h_bucket{le=\"1\"} 0\nh_bucket{le=\"+Inf\"} 1\nh_sum 4\n"),
            std::string::npos);
}

TEST(Metrics, EscapesHelpAndLabels) {
  Metrics metrics;
  metrics.counter("c", "a\\b\n\"c\"", {{"l", "a\\b\n\"c\""}});
  EXPECT_EQ(metrics.exposition(),
            "# HELP c a\\\\b\\n\"c\"\n"
            "# TYPE c counter\n"
            "c{l=\"a\\\\b\\n\\\"c\\\"\"} 0\n");
}

TEST(Metrics, SameNameAndLabelsIsTheSameObject) {
  Metrics metrics;
  EXPECT_EQ(&metrics.counter("c", "x", {{"a", "1"}}), &metrics.counter("c", "y", {{"a", "1"}}));
  EXPECT_NE(&metrics.counter("c", "x", {{"a", "1"}}), &metrics.counter("c", "x", {{"a", "2"}}));
}

TEST(Metrics, CountsFromManyThreadsWhileBeingRead) {
  Metrics metrics;
  Histogram& histogram = metrics.histogram("h", "x", {1, 2});
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      Counter& counter = metrics.counter("c", "x");
      for (int i = 0; i < 1000; ++i) {
        counter.add();
        histogram.observe(i % 3);
      }
    });
  }
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(metrics.exposition().empty());
  threads.clear();
  EXPECT_EQ(metrics.counter("c", "x").value(), 4000u);
  EXPECT_EQ(histogram.bucket(0) + histogram.bucket(1) + histogram.bucket(2), 4000u);
}

}  // namespace
}  // namespace weir

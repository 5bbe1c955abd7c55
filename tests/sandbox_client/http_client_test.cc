#include "sandbox_client/http_client.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/sandbox_client/samples.h"
#include "tests/sandbox_client/scripted_server.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

HttpOptions quick() {
  HttpOptions options;
  options.timeout = 2s;
  options.max_body = 1000;
  return options;
}

TEST(HttpClient, SendsAFormWithTheFile) {
  ScriptedServer server([](const SeenRequest&) { return http_answer("{}"); });
  std::atomic<bool> stop = false;
  HttpClient client(quick(), stop);
  const UniqueFd file = memory_file(std::string("MZ\0bytes", 8));
  const auto answer =
      client.send({"POST",
                   server.url() + "/create/",
                   {{"Authorization", "Token abc"}},
                   {{"custom", "weir-1"}, {"file", "", file.get(), "a\r\n\"b.exe"}}});
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->content_type, "application/json");
  const auto seen = server.seen().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.path, "/create/");
  EXPECT_TRUE(seen.head.contains("Authorization: Token abc\r\n")) << seen.head;
  EXPECT_TRUE(seen.body.contains("name=\"custom\"\r\n\r\nweir-1\r\n")) << seen.body;
  EXPECT_TRUE(seen.body.contains("filename=\"a__\\\"b.exe\"") ||
              seen.body.contains("filename=\"a__%22b.exe\""))
      << seen.body;
  EXPECT_TRUE(seen.body.contains(std::string("\r\n\r\nMZ\0bytes\r\n", 14)));
}

TEST(HttpClient, WhatAServerCanDo) {
  const struct {
    const char* name;
    std::string answer;
    Errc want;
  } cases[] = {
      {"no word", "", Errc::truncated},
      {"no HTTP", "SSH-2.0-x\r\n", Errc::malformed},
      {"cut short", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", Errc::truncated},
      {"too large", http_answer(std::string(1001, 'x')), Errc::too_large},
      {"endless head", "HTTP/1.1 200 OK\r\nX: " + std::string(400'000, 'x'), Errc::io},
  };
  for (const auto& one : cases) {
    ScriptedServer server([&](const SeenRequest&) { return one.answer; });
    std::atomic<bool> stop = false;
    const auto answer =
        HttpClient(quick(), stop)
            .send({.method = "GET", .url = server.url(), .headers = {}, .form = {}});
    ASSERT_FALSE(answer) << one.name;
    EXPECT_EQ(errc_name(answer.error().code), errc_name(one.want))
        << one.name << ": " << answer.error().what;
    EXPECT_FALSE(answer.error().retryable) << one.name;  // it has got the request
    EXPECT_EQ(server.seen().size(), 1u) << one.name;
  }
}

TEST(HttpClient, NeverFollowsARedirect) {
  ScriptedServer elsewhere([](const SeenRequest&) { return http_answer("taken"); });
  ScriptedServer server([&](const SeenRequest&) {
    return http_answer("", "302 Found", "Location: " + elsewhere.url() + "/x\r\n");
  });
  std::atomic<bool> stop = false;
  const auto answer = HttpClient(quick(), stop).send({"GET", server.url(), {}, {}});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(answer->location, elsewhere.url() + "/x");
  EXPECT_TRUE(elsewhere.seen().empty());
}

TEST(HttpClient, NobodyThereMeansNothingWasSent) {
  std::atomic<bool> stop = false;
  HttpClient client(quick(), stop);
  const auto refused = client.send({"POST", "http://127.0.0.1:1/", {}, {{"a", "b"}}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::refused);
  EXPECT_TRUE(refused.error().retryable);
  EXPECT_EQ(client.send({"GET", "file:///etc/passwd", {}, {}}).error().code, Errc::invalid);
  EXPECT_EQ(client.send({"GET", "http://127.0.0.1:1/", {{"A", "b\r\nC: d"}}, {}}).error().code,
            Errc::invalid);
}

TEST(HttpClient, AStopEndsIt) {
  std::atomic<bool> stop = false;
  ScriptedServer server([&](const SeenRequest&) {
    stop = true;
    return std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  });
  HttpOptions options = quick();
  options.timeout = 60s;
  const auto answer = HttpClient(options, stop).send({"GET", server.url(), {}, {}});
  ASSERT_FALSE(answer);
}

TEST(HttpClient, RetryAfterIsBounded) {
  const struct {
    const char* header;
    std::optional<Duration> want;
  } cases[] = {{"17", 17s}, {"99999", 3600s}, {"-1", {}}, {"Mon, 01 Jan 2029", {}}};
  for (const auto& one : cases) {
    ScriptedServer server([&](const SeenRequest&) {
      return http_answer("", "429 Busy", std::string("Retry-After: ") + one.header + "\r\n");
    });
    std::atomic<bool> stop = false;
    const auto answer = HttpClient(quick(), stop).send({"GET", server.url(), {}, {}});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->retry_after, one.want) << one.header;
  }
}

TEST(Secret, OneLineOfPrintableLetters) {
  TempFolder folder;
  const struct {
    std::string content, want;
  } cases[] = {{"abc\n", "abc"}, {"abc\r\nmore\n", "abc"},    {"", ""}, {"\nabc", ""},
               {"a b", ""},      {std::string(5000, 'x'), ""}};
  for (const auto& one : cases) {
    std::ofstream(folder / "token") << one.content;
    const auto secret = read_secret(folder / "token");
    EXPECT_EQ(secret.value_or(""), one.want) << one.content;
    if (!secret && one.content.size() > 2) {
      EXPECT_FALSE(secret.error().what.contains(one.content)) << secret.error().what;
    }
  }
  EXPECT_FALSE(read_secret(folder / "none"));
}

TEST(Url, OriginsAndEncoding) {
  EXPECT_TRUE(same_origin("https://a.example/x", "https://A.example:443/y?z"));
  EXPECT_FALSE(same_origin("https://a.example/", "http://a.example/"));
  EXPECT_FALSE(same_origin("https://a.example/", "https://a.example.evil/"));
  EXPECT_FALSE(same_origin("https://a.example/", "https://a.example@evil/"));
  EXPECT_FALSE(same_origin("ftp://a/", "ftp://a/"));
  EXPECT_FALSE(same_origin("", ""));
  EXPECT_EQ(percent_encode("a b/c~\xff"), "a%20b%2Fc~%FF");
}

}  // namespace
}  // namespace weir

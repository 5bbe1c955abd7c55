#include "proxy/notify/mail.h"

#include <gtest/gtest.h>

#include "core/base64.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

NotifySettings settings() {
  NotifySettings one;
  one.mail_server = "smtp://127.0.0.1:1";
  one.mail_from = "weir@gw.test";
  one.mail_to = "a@corp.test, b@corp.test";
  return one;
}

TEST(MailMessage, IsWholeAndHasShortLines) {
  const std::string text(1000, '.');
  const std::string message = mail_message(
      settings(), {"7.1", WallTime(1'800'000'000'000ms), "[weir] high: x", text + "\r\n.\r\n"});
  EXPECT_TRUE(
      message.starts_with("Date: Fri, 15 Jan 2027 08:00:00 +0000\r\nFrom: <weir@gw.test>\r\n"
                          "To: a@corp.test, b@corp.test\r\n"
                          "Message-ID: <weir-7.1@gw.test>\r\n"))
      << message;
  std::size_t at = 0;
  for (std::size_t end = 0; (end = message.find("\r\n", at)) != std::string::npos; at = end + 2) {
    const std::string line = message.substr(at, end - at);
    EXPECT_LE(line.size(), 78U) << line;
    EXPECT_NE(line, ".");
    EXPECT_EQ(line.find_first_of("\r\n"), std::string::npos);
  }
  EXPECT_EQ(at, message.size());
}

// A subject of remote text can neither add a header nor be cut inside a letter.
TEST(MailMessage, SubjectsAreEncodedWholeLetters) {
  for (const std::string& subject :
       {std::string("a\r\nBcc: x@evil.test"), std::string("\xe3\x81\x82") + std::string(41, 'x'),
        std::string(100, 'y') + "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"}) {
    const std::string message = mail_message(settings(), {"1", WallTime{}, subject, "t"});
    const std::size_t from = message.find("Subject: ") + 9;
    std::string words = message.substr(from, message.find("\r\nAuto-Submitted") - from);
    EXPECT_EQ(message.find("\r\nBcc"), std::string::npos);
    std::string decoded;
    for (std::size_t at = words.find("=?UTF-8?B?"); at != std::string::npos;
         at = words.find("=?UTF-8?B?", at + 1)) {
      const std::size_t begin = at + 10, end = words.find("?=", begin);
      EXPECT_LE(end + 2 - at, 75U);
      const auto piece = base64_decode(words.substr(begin, end - begin));
      ASSERT_TRUE(piece);
      EXPECT_NE(static_cast<unsigned char>(piece->front()) & 0xc0, 0x80) << "inside a letter";
      decoded += *piece;
    }
    EXPECT_EQ(decoded, subject);
  }
}

TEST(MailAddresses, AreSplit) {
  EXPECT_EQ(mail_addresses("a@x.test"), std::vector<std::string>{"a@x.test"});
  EXPECT_EQ(mail_addresses(" a@x.test ,b@x.test"),
            (std::vector<std::string>{"a@x.test", "b@x.test"}));
}

TEST(SendMail, SaysWhichServerDoesNotAnswer) {
  const std::atomic<bool> stop{false};
  const auto sent = send_mail(settings(), {"1", WallTime{}, "s", "t"}, stop);
  ASSERT_FALSE(sent);
  EXPECT_NE(sent.error().what.find("smtp://127.0.0.1:1"), std::string::npos);
}

TEST(SendMail, NeedsTheLoginItWasGiven) {
  NotifySettings with_login = settings();
  with_login.mail_login_file = "/nonexistent/login";
  const std::atomic<bool> stop{false};
  const auto sent = send_mail(with_login, {"1", WallTime{}, "s", "t"}, stop);
  ASSERT_FALSE(sent);
  EXPECT_NE(sent.error().what.find("/nonexistent/login"), std::string::npos);
}

}  // namespace
}  // namespace weir

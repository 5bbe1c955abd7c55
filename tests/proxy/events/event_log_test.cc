#include "proxy/events/event_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/fd.h"
#include "core/log.h"

namespace weir {
namespace {

TransactionRecord sample() {
  TransactionRecord record;
  record.id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  record.start = WallTime{std::chrono::milliseconds(1'800'000'000'123)};
  record.client = *Endpoint::parse("192.0.2.7:50000");
  record.user = "alice";
  record.method = "GET";
  record.url = "https://files.test/a/setup.exe?x=1";
  record.host = "files.test";
  record.port = 443;
  record.client_protocol = "HTTP/2";
  record.status = 403;
  record.origin_address = "203.0.113.5:443";
  record.file_name = "setup.exe";
  record.file_type = "pe";
  record.sha256 = std::string(64, 'a');
  record.scanned = true;
  record.verdict = Verdict::malicious;
  record.findings = {{Scanner::yara, Verdict::malicious, Reason::none, "weir_eicar", "a.zip/b"}};
  record.action = "block";
  record.rule = "malicious";
  record.stages = {{"request", "allow", "all"}, {"verdict", "block", "malicious"}};
  return record;
}

TEST(Ocsf, OneBlockedDownload) {
  const std::string line = ocsf_line(sample());
  for (const char* part :
       {R"("class_uid":4002)", R"("activity_id":3)", R"("type_uid":400203)", R"("action_id":2)",
        R"("disposition_id":2)", R"("time":1800000000123)", R"("uid":"01ARZ3NDEKTSV4RRFFQ69G5FAV")",
        R"("hostname":"files.test")", R"("path":"/a/setup.exe")", R"("query_string":"x=1")",
        R"("ip":"203.0.113.5")", R"("name":"weir_eicar","provider":"yara","path":"a.zip/b")",
        R"("verdict":"malicious")", R"("profiles":["security_control","network_proxy"])",
        R"({"stage":"verdict","action":"block","rule":"malicious"})"}) {
    EXPECT_NE(line.find(part), std::string::npos) << part << "\n" << line;
  }
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(Ocsf, OutcomesByAction) {
  const struct {
    const char* action;
    const char* want;
  } cases[] = {{"allow", R"("action_id":1,"disposition_id":1)"},
               {"alert", R"("action_id":1,"disposition_id":19)"},
               {"block", R"("action_id":2,"disposition_id":2)"},
               {"bypass", R"("action_id":3)"},
               {"error", R"("status_id":2)"}};
  for (const auto& row : cases) {
    TransactionRecord record = sample();
    record.action = row.action;
    EXPECT_NE(ocsf_line(record).find(row.want), std::string::npos) << row.action;
  }
}

TEST(Ocsf, WhoseSignatureItIs) {
  const Finding proven{
      .scanner = Scanner::structure, .name = "publisher", .where = {}, .detail = "A \"B\""};
  const Finding broken{
      .scanner = Scanner::structure, .name = "pe-bad-signature", .where = {}, .score = 25};
  Finding inner = proven;
  inner.where = "a.zip/b";
  const struct {
    Finding finding;
    const char* want;
  } cases[] = {
      {proven,
       R"("signature":{"algorithm_id":4,"algorithm":"Authenticode","state_id":1,"state":"Valid","developer_uid":"A \"B\""})"},
      {broken,
       R"("signature":{"algorithm_id":4,"algorithm":"Authenticode","state_id":99,"state":"Broken"})"},
  };
  TransactionRecord record = sample();
  for (const auto& row : cases) {
    record.findings = {inner, row.finding};
    EXPECT_NE(ocsf_line(record).find(row.want), std::string::npos) << ocsf_line(record);
  }
  record.findings = {inner};
  EXPECT_EQ(ocsf_line(record).find("signature"), std::string::npos);
}

class EventLogTest : public testing::Test {
 protected:
  EventLogTest() {
    char name[] = "/tmp/weir-events-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~EventLogTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<EventLog> open(EventSettings settings) {
    auto opened = EventLog::open(settings, folder_ + "/events.jsonl", metrics_, log_);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().what);
    return opened ? std::move(*opened) : nullptr;
  }
  std::size_t lines(const std::string& file) const {
    std::ifstream in(file);
    return static_cast<std::size_t>(std::count(std::istreambuf_iterator<char>(in), {}, '\n'));
  }
  std::uint64_t lost() { return metrics_.counter("weir_events_lost_total", "").value(); }

  std::string folder_;
  SystemClock clock_;
  UniqueFd nowhere_{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  Log log_{nowhere_.get(), LogLevel::error, clock_};
  Metrics metrics_;
};

TEST_F(EventLogTest, EverySubmittedEventIsALineWhenItCloses) {
  auto log = open({});
  for (int i = 0; i < 1000; ++i) log->submit(sample());
  log.reset();
  EXPECT_EQ(lines(folder_ + "/events.jsonl"), 1000U);
  EXPECT_EQ(lost(), 0U);
}

TEST_F(EventLogTest, RotatesAndKeepsSoMany) {
  EventSettings settings;
  settings.rotate_bytes = 10'000;
  settings.rotate_keep = 2;
  for (int round = 0; round < 5; ++round) {  // one batch each, larger than half a file
    auto log = open(settings);
    for (int i = 0; i < 5; ++i) log->submit(sample());
  }
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/events.jsonl"));
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/events.jsonl.1"));
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/events.jsonl.2"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/events.jsonl.3"));
}

TEST_F(EventLogTest, AFullQueueIsCountedAndRefusesWhenTold) {
  EventSettings settings;
  settings.queue = 3;
  settings.on_full = "refuse";
  settings.file = "/dev/full";  // nothing can be written: the queue's events are lost too
  auto log = open(settings);
  EXPECT_TRUE(log->accepting());
  for (int i = 0; i < 100; ++i) log->submit(sample());
  EXPECT_FALSE(log->accepting());
  log.reset();
  EXPECT_EQ(lost(), 100U);
}

TEST_F(EventLogTest, AFullDiskDoesNotStopTrafficUnlessTold) {
  EventSettings settings;
  settings.file = "/dev/full";
  auto log = open(settings);
  for (int i = 0; i < 10; ++i) log->submit(sample());
  EXPECT_TRUE(log->accepting());
  log.reset();
  EXPECT_EQ(lost(), 10U);
}

TEST_F(EventLogTest, SyslogOverUdp) {
  UniqueFd receiver(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(receiver.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(receiver.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  EventSettings settings;
  settings.output = "syslog";
  settings.syslog = "udp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  auto log = open(settings);
  log->submit(sample());
  log.reset();
  char message[4096];
  const ssize_t got = ::recv(receiver.get(), message, sizeof message, 0);
  ASSERT_GT(got, 0);
  const std::string_view text(message, static_cast<std::size_t>(got));
  EXPECT_TRUE(text.starts_with("<134>1 20")) << text;
  EXPECT_NE(text.find(" weir - event - {\"time\":"), std::string_view::npos) << text;
}

TEST_F(EventLogTest, AnEventTooLongForADatagramIsCutAndStopsNothing) {
  UniqueFd receiver(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(receiver.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ASSERT_EQ(::bind(receiver.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(receiver.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  EventSettings settings;
  settings.output = "syslog";
  settings.syslog = "udp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  auto log = open(settings);
  TransactionRecord record = sample();
  record.error = std::string(100'000, 'x');
  log->submit(std::move(record));
  log->submit(sample());
  std::string message(70'000, '\0');
  EXPECT_EQ(::recv(receiver.get(), message.data(), message.size(), 0), 60'000);
  EXPECT_GT(::recv(receiver.get(), message.data(), message.size(), 0), 100);
}

// A collector that is killed and comes back: reads until `wanted` was seen, or 20 seconds of
// silence.
class TcpCollector {
 public:
  TcpCollector() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_.get(), 4), 0);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    url_ = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  const std::string& url() const { return url_; }

  bool read_until(const std::string& wanted) {
    if (!peer_) peer_.reset(::accept(listener_.get(), nullptr, nullptr));
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(peer_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    char some[4096];
    while (got_.find(wanted) == got_.npos) {
      const ssize_t size = ::recv(peer_.get(), some, sizeof some, 0);
      if (size <= 0) return false;
      got_.append(some, static_cast<std::size_t>(size));
    }
    return true;
  }
  // As when the process is killed with bytes that it did not read; they are gone.
  void die() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(peer_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    peer_.reset();
  }
  void wait_for_bytes() {
    if (!peer_) peer_.reset(::accept(listener_.get(), nullptr, nullptr));
    char one = 0;
    EXPECT_EQ(::recv(peer_.get(), &one, 1, MSG_PEEK), 1);
  }
  const std::string& got() const { return got_; }

 private:
  UniqueFd listener_, peer_;
  std::string url_, got_;
};

TEST_F(EventLogTest, SyslogOverTcpLosesNothingWhenTheServerDies) {
  TcpCollector collector;
  EventSettings settings;
  settings.output = "syslog";
  settings.syslog = collector.url();
  auto log = open(settings);
  const auto submit = [&](const char* id) {
    TransactionRecord record = sample();
    record.id = id;
    log->submit(std::move(record));
  };
  submit("first");
  collector.wait_for_bytes();  // it has them, and dies before it reads them
  collector.die();
  submit("second");
  EXPECT_TRUE(collector.read_until("\"uid\":\"second\""));
  EXPECT_NE(collector.got().find("\"uid\":\"first\""), std::string::npos);
  const std::string_view got = collector.got();
  const auto space = got.find(' ');  // octet counting: the length, then the message
  EXPECT_EQ(got.substr(space + 1, 8), "<134>1 2") << got;
  EXPECT_EQ(lost(), 0U);
}

TEST_F(EventLogTest, SyslogWaitsOnDiskOverARestart) {
  EventSettings settings;
  settings.output = "syslog";
  settings.syslog = "tcp://127.0.0.1:1";  // nobody listens there
  {
    auto log = open(settings);
    log->submit(sample());
  }
  EXPECT_EQ(lost(), 0U);
  TcpCollector collector;
  settings.syslog = collector.url();
  auto log = open(settings);
  EXPECT_TRUE(collector.read_until("\"uid\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\""));
}

TEST_F(EventLogTest, BadSettingsAreNamed) {
  EventSettings settings;
  settings.output = "syslog";
  settings.syslog = "carrier-pigeon://roof";
  const auto opened = EventLog::open(settings, "", metrics_, log_);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().what.find("carrier-pigeon"), std::string::npos);
  settings.output = "file";
  settings.file = folder_ + "/no/such/folder/events";
  const auto unopened = EventLog::open(settings, "", metrics_, log_);
  ASSERT_FALSE(unopened);
  EXPECT_NE(unopened.error().what.find("no/such/folder"), std::string::npos);
}

TEST_F(EventLogTest, ObserversSeeEverythingWhateverTheOutput) {
  EventSettings settings;
  settings.output = "none";
  auto log = open(settings);
  int records = 0, notices = 0;
  log->observe([&](const TransactionRecord& record) { records += record.user == "alice"; });
  log->observe_notices([&](const Notice& notice) { notices += notice.what == "x"; });
  for (int i = 0; i < 100; ++i) log->submit(sample());
  log->submit(Notice{.kind = Notice::Kind::finding,
                     .time = {},
                     .severity = 4,
                     .what = "x",
                     .message = {},
                     .details = {},
                     .receipts = {}});
  log->flush();
  EXPECT_EQ(records, 100);
  EXPECT_EQ(notices, 1);
  log->observe({});
  log->observe_notices({});
  log->submit(sample());
  log->flush();
  EXPECT_EQ(records, 100);
}

TEST_F(EventLogTest, AFlushedNoticeIsInTheFile) {
  auto log = open({});
  for (std::size_t i = 1; i <= 20; ++i) {
    log->submit(Notice{});
    log->flush();
    EXPECT_EQ(lines(folder_ + "/events.jsonl"), i);
  }
}

TEST(NoticeLine, FindingsHaveATitleAndReceipts) {
  Notice notice;
  notice.kind = Notice::Kind::finding;
  notice.time = WallTime{std::chrono::milliseconds(1'800'000'000'123)};
  notice.severity = 4;
  notice.what = "patient-zero";
  notice.message = "a \"file\"";
  notice.receipts = {{{"client", "10.0.0.1"}, {"user", "a\nb"}}, {{"client", "10.0.0.2"}}};
  const std::string line = notice_line(notice);
  for (const char* part :
       {R"("class_uid":2004)", R"("severity_id":4)",
        R"("finding_info":{"uid":"patient-zero-1800000000123","title":"a \"file\""})",
        R"("receipts":[{"client":"10.0.0.1","user":"a\nb"},{"client":"10.0.0.2"}])"}) {
    EXPECT_NE(line.find(part), std::string::npos) << part << "\n" << line;
  }
  EXPECT_EQ(line.find('\n'), std::string::npos);
  for (int i = 1; i <= 5; ++i) EXPECT_EQ(severity_from_name(severity_name(i)), i);
  EXPECT_EQ(severity_from_name("awful"), 0);
}

}  // namespace
}  // namespace weir

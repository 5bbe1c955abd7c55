#include "tests/integration/scripted_gateway.h"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "proxy/http/h1_client_connection.h"
#include "proxy/http1_session.h"
#include "proxy/net/deadline.h"
#include "proxy/sandbox_desk.h"
#include "tests/policy/policy_text.h"
#include "tests/support/memory_stream.h"
#include "tests/support/run_loop.h"

namespace weir::test {
namespace {

// What decides in these tests unless one brings its own.
constexpr const char* kPolicy = R"(
profiles:
  held: {delivery: hold, scanners: [yara, structure]}
  little: {delivery: hold, scanners: [yara, structure], max_bytes: 64KiB}
  trickled: {delivery: trickle, scanners: [yara, structure]}
  media: {delivery: stream, scanners: [hash], prove_media: true}
  endless: {delivery: stream, scanners: []}
  unseen: {delivery: direct, scanners: []}
request:
  - {name: forbidden, when: {path: ['/forbidden*']}, action: block, reason: Not here.}
  - {name: old-but-ours, when: {host: old.test, certificate_error: [expired]}, action: alert}
  - {name: all, action: allow}
response:
  - {name: endless, when: {endless: true}, action: allow, profile: endless}
  - {name: no-fonts, when: {content_type: ['font/*']}, action: block, reason: No fonts.}
  - {name: media, when: {content_type: ['image/*']}, action: allow, profile: media}
  - {name: direct, when: {path: ['/direct*']}, action: allow, profile: unseen}
  - {name: trickle, when: {path: ['/trickle*']}, action: allow, profile: trickled}
  - {name: little, when: {path: ['/little*', '/tolerant*']}, action: allow, profile: little}
  - {name: rest, action: allow, profile: held}
verdict:
  - {name: bad, when: {verdict: malicious}, action: block, reason: It is known to be harmful.}
  - {name: tolerated, when: {verdict: uninspectable, path: ['/tolerant*']}, action: alert}
  - {name: sealed, when: {reason: [encrypted, partly-encrypted]}, action: block}
  - {name: unseen, when: {verdict: uninspectable}, action: block}
  - {name: odd, when: {verdict: suspicious}, action: alert}
  - {name: good, action: allow}
)";

std::string fresh_dir() {
  std::string name = testing::TempDir() + "integration-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
  return name;
}

Settings settings_in(const std::string& dir) {
  Settings settings;
  settings.state_dir = dir;
  settings.inspect.spool_dir = dir;
  settings.dns.hosts_only = true;
  settings.via_name = "weir-test";
  settings.sandbox_file.clear();
  return settings;
}

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().what);
  return std::move(*result);
}

std::string content_of(const ScanSubject& subject) {
  if (!subject.body) return {};
  std::string content(subject.size, '\0');
  const auto got = ::pread(subject.body->get(), content.data(), content.size(), 0);
  if (got != static_cast<ssize_t>(content.size())) throw std::runtime_error("short body");
  return content;
}

class Unencrypted final : public OriginTlsStream {
 public:
  Unencrypted(std::unique_ptr<ByteStream> below, std::string error) : below_(std::move(below)) {
    info_.version = "TLSv1.3";
    certificate_.error = std::move(error);
  }
  const TlsInfo& info() const override { return info_; }
  const OriginCertificate& certificate() const override { return certificate_; }
  Result<IoStep> try_read(MutableBytes into) override { return below_->try_read(into); }
  Result<IoStep> try_write(ByteView from) override { return below_->try_write(from); }
  Co<Result<void>> wait(Wait what, Duration limit) override { return below_->wait(what, limit); }
  void shutdown_write() override { below_->shutdown_write(); }
  void close(bool abrupt) override { below_->close(abrupt); }
  bool is_open() const override { return below_->is_open(); }
  bool peer_gone() const override { return below_->peer_gone(); }
  Endpoint peer() const override { return below_->peer(); }
  Endpoint local() const override { return below_->local(); }
  int native_fd() const override { return -1; }

 private:
  std::unique_ptr<ByteStream> below_;
  TlsInfo info_;
  OriginCertificate certificate_;
};

MemoryPipeOptions pipe_options(std::size_t rechunk) {
  MemoryPipeOptions options;
  options.forward.rechunk = options.backward.rechunk = rechunk;
  return options;
}

// Only a test that hangs gets to see it.
constexpr auto kStuck = std::chrono::seconds(20);

}  // namespace

Assessment clean(const Profile& profile) {
  Assessment assessment(profile.scanners);
  for (int i = 0; i < kScannerCount; ++i) assessment.complete(static_cast<Scanner>(i));
  return assessment;
}

Assessment found(const Profile& profile, Verdict verdict, Reason reason, std::string name) {
  Assessment assessment = clean(profile);
  Finding finding;
  finding.scanner = verdict == Verdict::malicious ? Scanner::yara : Scanner::structure;
  finding.verdict = verdict;
  finding.reason = reason;
  finding.name = std::move(name);
  assessment.add(std::move(finding));
  return assessment;
}

Co<Assessment> ScriptedInspector::assess(ScanSubject subject, const Profile& profile,
                                         ScanTimes& times) {
  co_await let_others_run();
  before_ruling();
  times.scanned = std::chrono::milliseconds(3);
  seen.push_back(content_of(subject));
  co_return judge(profile, seen.back());
}

Co<Result<Dialed>> ScriptedDialer::dial(std::string host, std::uint16_t port, AddressGuard guard,
                                        Duration) {
  dialed.push_back(host + ":" + std::to_string(port));
  if (next.empty()) co_return fail(Errc::refused, Fault::origin, dialed.back() + ": refused");
  OriginScript origin = std::move(next.front());
  next.pop_front();
  if (!guard(origin.address)) {
    co_return fail(Errc::address_denied, Fault::origin, dialed.back() + ": private address");
  }
  certificate_error = origin.certificate_error;
  auto [ours, theirs] = memory_pipe(loop_, pipe_options(rechunk));
  heard.push_back(std::make_shared<Heard>());
  spawn(loop_, play(std::move(theirs), std::move(origin.script), heard.back()));
  co_return Dialed{.stream = std::move(ours), .peer = {origin.address, port}};
}

Co<Result<std::unique_ptr<OriginTlsStream>>> ScriptedTls::connect(std::unique_ptr<ByteStream> tcp,
                                                                  OriginTlsRequest request,
                                                                  Duration) {
  const std::string& error = dialer_.certificate_error;
  if (!error.empty() &&
      std::ranges::find(request.accepted_errors, error) == request.accepted_errors.end()) {
    co_return fail(Errc::tls_certificate, Fault::origin, error + ": says the script");
  }
  co_return std::make_unique<Unencrypted>(std::move(tcp), error);
}

std::string Event::at(const std::string& path) const {
  YAML::Node node = YAML::Clone(root_);
  std::size_t begin = 0;
  while (begin <= path.size() && node.IsMap()) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    const YAML::Node next = node[path.substr(begin, end - begin)];
    if (!next) return "";
    node.reset(next);
    begin = end + 1;
  }
  return node.IsScalar() ? node.as<std::string>() : "";
}

namespace {

NameSettings no_names() {
  NameSettings settings;
  settings.brands_file = settings.doh_file = settings.cloud_file = "";
  settings.remember = 0;
  return settings;
}

}  // namespace

struct ScriptedGateway::Across {
  Across(const std::string& dir, const Clock& the_clock, Inspector& inspector)
      : settings(settings_in(dir)),
        clock(the_clock),
        log(STDERR_FILENO, LogLevel::error, clock),
        events(must(EventLog::open(settings.events, dir + "/events.jsonl", metrics, log))),
        spools(settings.inspect),
        counters(metrics),
        limits(settings.limits),
        blocked(clock),
        kept(kept_limits(settings.portal), clock, random),
        held(held_limits(settings.portal), clock, random),
        page_words(settings.portal, clock),
        client_tls(must(ClientTls::make(settings.tls, clock))),
        shared{settings, clock,       log,        metrics, counters, *events,          inspector,
               spools,   *client_tls, limits,     blocked, pinning,  nullptr,          kept,
               held,     *sandbox,    page_words, *names,  coach,    settings.via_name} {}

  const Settings settings;
  const Clock& clock;
  Log log;
  Metrics metrics;
  std::unique_ptr<EventLog> events;
  SpoolStore spools;
  GatewayMetrics counters;
  ClientLimits limits;
  BlockedMemory blocked;
  PinningMemory pinning;
  SystemRandom random;
  KeptFiles kept, held;
  std::string helpers;
  std::unique_ptr<SandboxDesk> sandbox =
      must(SandboxDesk::start({settings, helpers, clock, random, metrics, log}));
  PageWords page_words;
  CoachMemory coach{clock, random};
  std::unique_ptr<NameKnowledge> names =
      must(NameKnowledge::load(no_names(), "", random, WallTime{}, log));
  std::unique_ptr<ClientTls> client_tls;
  Shared shared;
};

struct ScriptedGateway::Own {
  Own(Loop& loop, Across& across, const std::string& policy)
      : resolver(loop, nullptr, across.settings.dns, across.settings.timeouts.dns),
        dialer(loop, resolver, across.settings.timeouts),
        tls(dialer),
        pool(loop, dialer, tls, across.settings, across.metrics),
        ids(across.clock, random),
        services{across.shared,     loop,          issuer, dialer, pool, ids,
                 policy_of(policy), Index::empty()} {}

  SystemRandom random;
  Resolver resolver;
  ScriptedDialer dialer;
  ScriptedTls tls;
  OriginPool pool;
  NoIssuer issuer;
  EventIds ids;
  LoopServices services;
};

ScriptedGateway::ScriptedGateway(const std::string& policy, std::size_t rechunk)
    : dir(fresh_dir()),
      across(std::make_unique<Across>(dir, clock, inspector)),
      own(std::make_unique<Own>(loop, *across, policy.empty() ? kPolicy : policy)),
      dialer(own->dialer) {
  dialer.rechunk = rechunk;
  context.client = {IpAddress::v4(0xC0000201), 40001};
  context.authenticated = true;
}

void ScriptedGateway::use_index(std::shared_ptr<const Index> index) {
  own->services.index = std::move(index);
}

ScriptedGateway::~ScriptedGateway() {
  std::error_code ignored;
  std::filesystem::remove_all(dir, ignored);
}

Co<void> ScriptedGateway::serve(std::unique_ptr<ByteStream> end) {
  const Settings& settings = across->settings;
  H1ClientConnection connection(loop, std::move(end), {}, settings.limits, settings.timeouts);
  for (;;) {
    auto stream = co_await connection.next_request();
    if (!stream) {
      (void)co_await answer_bad_request(connection, context, own->services, stream.error());
      break;
    }
    co_await run_transaction(**stream, context, own->services);
    stream->reset();
  }
}

Reply ScriptedGateway::fetch(Script script, bool to_head) {
  auto [theirs, ours] = memory_pipe(loop, pipe_options(dialer.rechunk));
  client = std::make_shared<Heard>();
  int running = 2;
  const auto done = [&](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
    if (--running == 0) loop.stop();
  };
  boost::asio::co_spawn(loop.context(), play(std::move(theirs), std::move(script), client), done);
  boost::asio::co_spawn(loop.context(), serve(std::move(ours)), done);
  boost::asio::steady_timer watchdog(loop.context(), kStuck);
  watchdog.async_wait([this](boost::system::error_code error) {
    if (error) return;
    ADD_FAILURE() << "stuck; the client has " << client->bytes.size() << " bytes";
    loop.stop();
  });
  loop.run();
  watchdog.cancel();
  loop.context().restart();
  run(loop, let_others_run());
  loop.context().restart();
  return read_reply(*client, to_head);
}

Reply ScriptedGateway::get(const std::string& path, const std::string& fields) {
  return fetch(Script().says(request("GET http://origin.test" + path, fields)));
}

OriginScript& ScriptedGateway::origin() { return dialer.next.emplace_back(); }

void ScriptedGateway::origin_says(std::string bytes) {
  origin().script.hears_head().says(std::move(bytes));
}

bool ScriptedGateway::origin_left(std::size_t dial) const {
  const Heard& origin = *dialer.heard.at(dial);
  return origin.ended || origin.reset;
}

std::vector<Event> ScriptedGateway::events() {
  across->events.reset();  // writes what is queued
  std::ifstream file(dir + "/events.jsonl");
  std::vector<Event> all;
  for (std::string line; std::getline(file, line);) all.emplace_back(line);
  return all;
}

Event ScriptedGateway::event() {
  auto all = events();
  EXPECT_EQ(all.size(), 1U);
  return all.empty() ? Event("{}") : std::move(all.front());
}

std::uint64_t ScriptedGateway::spooled_bytes() const { return across->spools.used_bytes(); }

void ScriptedGateway::drain() { across->shared.draining = true; }

void ScriptedGateway::advance(Duration by) {
  clock.advance(by);
  loop.deadlines().tick();
}

std::string answer(const std::string& body, const std::string& fields) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + fields +
         "\r\n" + body;
}

std::string request(const std::string& line, const std::string& fields) {
  return line + " HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n" + fields + "\r\n";
}

}  // namespace weir::test

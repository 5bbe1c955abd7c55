#include "proxy/app.h"

#include <unistd.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fstream>
#include <mutex>
#include <thread>

#include "conf/load.h"
#include "inspect/gateway_inspector.h"
#include "proxy/admin/admin_server.h"
#include "proxy/ca_keeper.h"
#include "proxy/follow_up.h"
#include "proxy/forwarding.h"
#include "proxy/knowledge.h"
#include "proxy/listen_endpoints.h"
#include "proxy/loop_unit.h"
#include "proxy/process_metrics.h"
#include "proxy/readiness.h"
#include "proxy/sandbox_desk.h"
#include "proxy/state_dir.h"

namespace weir {
namespace {

constexpr auto kSignerCheck = std::chrono::seconds(1);
constexpr auto kDrainCheck = std::chrono::milliseconds(50);

}  // namespace

// Members are in the order in which they are made; destruction goes backwards.
struct App::State {
  State(AppOptions given, Log& logger)
      : options(std::move(given)),
        log(logger),
        client_limits(options.settings.limits),
        blocked(clock),
        counters(metrics),
        kept_files(kept_limits(options.settings.portal), clock, random),
        held_files(held_limits(options.settings.portal), clock, random),
        page_words(options.settings.portal, clock),
        coach(clock, random) {}

  Result<void> start();
  Result<void> start_helpers();
  Result<void> start_services();
  Result<void> start_loops();
  Result<void> start_admin();
  Result<void> start_api();
  Result<void> load_policy(std::shared_ptr<const Policy>& into);
  void run();
  void reload();
  void watch_signals();
  void watch_signer();
  void begin_drain();
  void check_drain();
  void watch_ca();
  std::string readiness(bool& ready) const;

  AppOptions options;
  Log& log;
  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  ClientLimits client_limits;
  BlockedMemory blocked;
  PinningMemory pinning;
  GatewayMetrics counters;
  ProcessMetrics process{metrics};
  std::unique_ptr<CaKeeper> ca;
  std::optional<SignerProcess> signer;
  std::shared_ptr<const LeafKey> leaf_key;
  std::shared_ptr<const Policy> policy;
  std::shared_ptr<const TrustStore> trust;
  std::unique_ptr<EventLog> events;
  std::unique_ptr<Knowledge> knowledge;
  std::unique_ptr<FollowUp> follow_up;
  std::unique_ptr<SpoolStore> spools;
  KeptFiles kept_files, held_files;
  std::unique_ptr<SandboxDesk> sandbox;
  PageWords page_words;
  CoachMemory coach;
  std::unique_ptr<GatewayInspector> inspector;
  std::unique_ptr<ClientTls> client_tls;
  std::unique_ptr<Authenticator> authenticator;
  std::unique_ptr<DnsService> dns;
  std::optional<Shared> shared;
  std::vector<std::unique_ptr<LoopUnit>> loops;
  AdminApi api;
  std::unique_ptr<AdminServer> admin;
  std::unique_ptr<Listener> admin_listener;

  boost::asio::io_context main{1};
  boost::asio::signal_set signals{main, SIGTERM, SIGINT, SIGHUP};
  boost::asio::steady_timer signer_timer{main};
  boost::asio::steady_timer drain_timer{main};
  SteadyTime drain_until{};
  std::thread reloading;
  std::atomic<bool> signer_up{true};
  mutable std::mutex warnings_mutex;
  std::vector<std::string> warnings;  // of the last reload: what was kept because the new is bad
};

Result<std::unique_ptr<App>> App::start(AppOptions options, Log& log) {
  auto state = std::make_unique<State>(std::move(options), log);
  if (auto started = state->start(); !started) return pass(std::move(started));
  return std::unique_ptr<App>(new App(std::move(state)));
}

App::App(std::unique_ptr<State> state) : state_(std::move(state)) {}
App::~App() = default;

const std::vector<Endpoint>& App::proxy_endpoints() const {
  return state_->loops.front()->endpoints();
}
Endpoint App::admin_endpoint() const { return state_->admin_listener->endpoints().front(); }
std::string App::ca_file() const { return state_->options.settings.state_dir + "/ca.pem"; }
void App::run() { state_->run(); }

Result<void> App::State::start() {
  if (auto done = prepare_state_dir(options.settings.state_dir); !done) return done;
  if (auto done = load_policy(policy); !done) return done;
  if (auto done = start_helpers(); !done) return done;
  if (auto done = start_services(); !done) return done;
  if (auto done = start_loops(); !done) return done;
  return start_admin();
}

Result<void> App::State::load_policy(std::shared_ptr<const Policy>& into) {
  std::vector<Diagnostic> problems;
  auto loaded = Policy::load(options.settings.policy_file, problems);
  if (!loaded) return fail(Errc::invalid, Fault::config, text_of(problems));
  for (const Diagnostic& warning : problems) log.warn("policy", warning.text());
  into = std::move(loaded);
  return {};
}

// Before any socket is opened: the processes that must not inherit one.
Result<void> App::State::start_helpers() {
  Settings& settings = options.settings;
  if (settings.threads == 0) settings.threads = std::max(1U, std::thread::hardware_concurrency());
  const std::string& dir = settings.state_dir;
  auto opened = CaKeeper::open(settings, options.helper_dir, log);
  if (!opened) return pass(std::move(opened));
  ca = std::move(*opened);
  auto started = ca->start_signer();
  if (!started) return pass(std::move(started));
  signer.emplace(std::move(*started));
  auto key = make_leaf_key();
  if (!key) return pass(std::move(key));
  leaf_key = std::move(*key);

  InspectSettings& inspect = settings.inspect;
  if (inspect.spool_dir.empty()) inspect.spool_dir = dir + "/spool";
  auto made =
      GatewayInspector::start(inspect, options.helper_dir + "/weir-scan", clock, metrics, log);
  if (!made) return pass(std::move(made));
  inspector = std::move(*made);
  return {};
}

Result<void> App::State::start_services() {
  const Settings& settings = options.settings;
  auto trusted = load_trust(settings.tls);
  if (!trusted) return pass(std::move(trusted));
  trust = std::move(*trusted);
  auto tls = ClientTls::make(settings.tls, clock);
  if (!tls) return pass(std::move(tls));
  client_tls = std::move(*tls);
  if (!settings.auth.password_file.empty()) {
    auto loaded = Authenticator::load(settings.auth.password_file, clock);
    if (!loaded) return pass(std::move(loaded));
    authenticator = std::move(*loaded);
  }
  if (!settings.dns.hosts_only) {
    auto service = DnsService::start(settings.dns, settings.timeouts.dns);
    if (!service) return pass(std::move(service));
    dns = std::move(*service);
  }
  spools = std::make_unique<SpoolStore>(settings.inspect);
  auto log_opened =
      EventLog::open(settings.events, settings.state_dir + "/events.jsonl", metrics, log);
  if (!log_opened) return pass(std::move(log_opened));
  events = std::move(*log_opened);
  auto known =
      Knowledge::start({settings, options.helper_dir, clock, random, metrics, *events, log});
  if (!known) return pass(std::move(known));
  knowledge = std::move(*known);
  inspector->use_index(knowledge->index());
  auto following =
      FollowUp::start({settings, clock, random, metrics, *events, log}, knowledge->index());
  if (!following) return pass(std::move(following));
  follow_up = std::move(*following);
  auto desk = SandboxDesk::start({settings, options.helper_dir, clock, random, metrics, log,
                                  [this](const Outcome& outcome) { follow_up->heed(outcome); }});
  if (!desk) return pass(std::move(desk));
  sandbox = std::move(*desk);
  const std::string via = settings.via_name.empty() ? random_via_name(random) : settings.via_name;
  shared.emplace(settings, clock, log, metrics, counters, *events, *inspector, *spools, *client_tls,
                 client_limits, blocked, pinning, authenticator.get(), kept_files, held_files,
                 *sandbox, page_words, knowledge->names(), coach, via, follow_up.get());
  return {};
}

Result<void> App::State::start_loops() {
  auto endpoints = parse_endpoints(options.settings.listen.proxy);
  if (!endpoints) return pass(std::move(endpoints));
  std::vector<Endpoint> bound = std::move(*endpoints);
  for (std::uint32_t i = 0; i < options.settings.threads; ++i) {
    auto unit = std::make_unique<LoopUnit>(LoopParts{*shared, random, dns.get(), trust, policy,
                                                     knowledge->index(), leaf_key,
                                                     ca->cas().current, signer->take_socket(i)});
    const auto share = i == 0 ? Listener::Share::first : Listener::Share::joined;
    if (auto listening = unit->listen(bound, share); !listening) return listening;
    bound = unit->endpoints();
    loops.push_back(std::move(unit));
  }
  return {};
}

Result<void> App::State::start_admin() {
  auto endpoints = parse_endpoints({options.settings.listen.admin});
  if (!endpoints) return pass(std::move(endpoints));
  LoopUnit& first = *loops.front();
  auto bound = Listener::bind(first.loop(), *endpoints, 64, Listener::Share::first);
  if (!bound) return pass(std::move(bound));
  admin_listener = std::move(*bound);
  if (auto made = start_api(); !made) return made;
  AdminSources sources;
  sources.api = api.serve;
  sources.proxy = first.endpoints();
  sources.advertised_host = options.settings.listen.advertised_host;
  sources.ca_pem = published_pem(ca->cas());
  sources.ca_der = ca->cas().current.anchor_der;
  sources.crl = [&first] { return first.issuer().crl(); };
  sources.readiness = [this](bool& ready) { return readiness(ready); };
  sources.metrics = [this] { return metrics.exposition(); };
  sources.bypass_candidates = [this] { return pinning.json(); };
  admin = std::make_unique<AdminServer>(first.loop(), std::move(sources), options.settings.limits,
                                        options.settings.timeouts);
  return {};
}

Result<void> App::State::start_api() {
  if (!options.make_api) return {};
  auto made = options.make_api({options.settings, options.helper_dir, clock, random, metrics, log,
                                knowledge->names(), *follow_up, policy,
                                [this](bool& ready) { return readiness(ready); }});
  if (!made) return pass(std::move(made));
  api = std::move(*made);
  return {};
}

std::string App::State::readiness(bool& ready) const {
  Readiness found{.scanners = inspector->ready(),
                  .signer = signer_up.load(),
                  .events = events->accepting(),
                  .draining = shared->draining.load()};
  {
    const std::lock_guard lock(warnings_mutex);
    found.warnings = warnings;
  }
  ready = found.ready();
  return readiness_json(found);
}

void App::State::run() {
  LoopUnit& first = *loops.front();
  first.loop().post([this, &first] {
    admin_listener->start([this, &first](UniqueFd socket, Endpoint) {
      boost::asio::co_spawn(first.loop().context(), admin->serve(std::move(socket)),
                            boost::asio::detached);
    });
  });
  for (auto& unit : loops) unit->start();
  watch_signals();
  watch_signer();
  main.run();
  if (reloading.joinable()) reloading.join();
  for (auto& unit : loops) unit->stop();
  log.info("app", "stopped");
}

void App::State::watch_signals() {
  signals.async_wait([this](boost::system::error_code error, int number) {
    if (error) return;
    number == SIGHUP ? reload() : begin_drain();
    watch_signals();
  });
}

// Off the loops and off the signal handling: compiling rules takes a while.
void App::State::reload() {
  if (reloading.joinable()) reloading.join();
  reloading = std::thread([this] {
    std::vector<std::string> kept;
    const auto keep = [&](const std::string& what, const Error& problem) {
      log.error("reload", what, {{"problem", problem.what}});
      kept.push_back(what + ": " + problem.what);
    };
    std::shared_ptr<const Policy> fresh;
    if (auto loaded = load_policy(fresh); !loaded) {
      keep("the policy has mistakes; the old one is in force", loaded.error());
    } else {
      for (auto& unit : loops) unit->use_policy(fresh);
      api.use_policy(fresh);
      log.info("reload", "policy in force", {{"version", std::string(fresh->version())}});
    }
    if (auto rules = inspector->reload(); !rules) {
      keep("rules or lists have mistakes; the old ones are in force", rules.error());
    }
    auto users = authenticator ? authenticator->reload() : Result<void>{};
    if (!users) keep("the password file cannot be read; the old users are in force", users.error());
    if (auto tokens = api.reload(); !tokens) {
      keep("the API's tokens cannot be read; the old ones are in force", tokens.error());
    }
    events->reopen();
    const std::lock_guard lock(warnings_mutex);
    warnings = std::move(kept);
  });
}

// A signer that died is replaced; hosts whose leaves are cached do not notice.
void App::State::watch_signer() {
  signer_timer.expires_after(kSignerCheck);
  signer_timer.async_wait([this](boost::system::error_code error) {
    if (error) return;
    client_tls->rotate_if_due();
    watch_ca();
    process.look();
    kept_files.sweep();
    held_files.sweep();
    process.waiting(kept_files.size(), held_files.size());
    sandbox->look();
    follow_up->look();
    if (knowledge->look()) {
      inspector->use_index(knowledge->index());
      follow_up->use_index(knowledge->index());
      for (auto& unit : loops) unit->use_index(knowledge->index());
    }
    if (!signer->alive()) {
      signer_up = false;
      log.error("signer", "weir-sign ended; starting another");
      auto started = ca->start_signer();
      if (started) {
        signer.emplace(std::move(*started));
        signer_up = true;
        for (std::uint32_t i = 0; i < loops.size(); ++i)
          loops[i]->attach_signer(signer->take_socket(i));
      } else {
        log.error("signer", "cannot be started", {{"problem", started.error().what}});
      }
    }
    watch_signer();
  });
}

// What `weir ca` changed is in force within a second.
void App::State::watch_ca() {
  const CaKeeper::Seen seen = ca->look(signer);
  if (seen == CaKeeper::Seen::nothing) return;
  if (seen == CaKeeper::Seen::replaced) {
    signer_up = true;
    for (std::uint32_t i = 0; i < loops.size(); ++i)
      loops[i]->use_ca(ca->in_force(), signer->take_socket(i));
  }
  loops.front()->loop().post([this, pem = published_pem(ca->cas()),
                              der = ca->cas().current.anchor_der] { admin->use_ca(pem, der); });
}

void App::State::begin_drain() {
  if (shared->draining.exchange(true)) {  // a second signal: at once
    main.stop();
    return;
  }
  log.info("app", "draining");
  for (auto& unit : loops) unit->stop_listening();
  drain_until = clock.steady() + options.settings.timeouts.drain;
  check_drain();
}

void App::State::check_drain() {
  if (shared->running.load() == 0 || clock.steady() >= drain_until) {
    main.stop();
    return;
  }
  drain_timer.expires_after(kDrainCheck);
  drain_timer.async_wait([this](boost::system::error_code error) {
    if (!error) check_drain();
  });
}

}  // namespace weir

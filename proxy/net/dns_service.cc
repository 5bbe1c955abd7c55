#include "proxy/net/dns_service.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "core/fd.h"
#include "proxy/net/dns_channel.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using Now = std::chrono::steady_clock;  // c-ares keeps real time itself

constexpr std::size_t kMaxLookups = 512;
constexpr std::size_t kMaxPerFamily = 32;
// RFC 8305 section 3: how long one family waits for the other. Without IPv4 there is no fallback
// for a network whose IPv6 does not work, so that one is waited for longer.
constexpr milliseconds kWaitForV6{50};
constexpr milliseconds kWaitForV4{500};

// One of the two questions of a look-up.
struct Question {
  bool v6 = false;
  std::optional<int> status;  // c-ares' answer code, once it is there
  std::vector<IpAddress> addresses;
  std::chrono::seconds ttl{0};
};

template <class Record>
IpAddress address_of(const Record& record, bool v6) {
  IpAddress address;
  address.v6 = v6;
  std::memcpy(address.bytes.data(), &record, v6 ? 16 : 4);
  return address;
}

void keep(Question& question, const IpAddress& address, int ttl) {
  auto& list = question.addresses;
  if (std::ranges::find(list, address) != list.end()) return;
  const std::chrono::seconds lifetime{std::max(ttl, 0)};
  question.ttl = list.empty() ? lifetime : std::min(question.ttl, lifetime);
  list.push_back(address);
}

int read_v4(Question& question, const unsigned char* reply, int size) {
  std::array<ares_addrttl, kMaxPerFamily> records;
  int count = kMaxPerFamily;
  const int status = ares_parse_a_reply(reply, size, nullptr, records.data(), &count);
  if (status != ARES_SUCCESS) return status;
  for (int i = 0; i < count; ++i) {
    const auto& record = records[static_cast<std::size_t>(i)];
    keep(question, address_of(record.ipaddr, false), record.ttl);
  }
  return count > 0 ? ARES_SUCCESS : ARES_ENODATA;
}

int read_v6(Question& question, const unsigned char* reply, int size) {
  std::array<ares_addr6ttl, kMaxPerFamily> records;
  int count = kMaxPerFamily;
  const int status = ares_parse_aaaa_reply(reply, size, nullptr, records.data(), &count);
  if (status != ARES_SUCCESS) return status;
  for (int i = 0; i < count; ++i) {
    const auto& record = records[static_cast<std::size_t>(i)];
    keep(question, address_of(record.ip6addr, true), record.ttl);
  }
  return count > 0 ? ARES_SUCCESS : ARES_ENODATA;
}

void on_reply(void* context, int status, int /*timeouts*/, unsigned char* reply, int size) {
  auto& question = *static_cast<Question*>(context);
  if (status == ARES_SUCCESS) {
    status = question.v6 ? read_v6(question, reply, size) : read_v4(question, reply, size);
  }
  question.status = status;
}

DnsStatus meaning(int status) {
  switch (status) {
    case ARES_SUCCESS: return DnsStatus::ok;
    case ARES_ENOTFOUND: return DnsStatus::no_name;
    case ARES_ENODATA: return DnsStatus::no_data;
    case ARES_ETIMEOUT: return DnsStatus::timed_out;
    case ARES_EDESTRUCTION:
    case ARES_ECANCELLED: return DnsStatus::cancelled;
    default: return DnsStatus::server_failed;
  }
}

struct Lookup {
  bool complete() const {
    return (a.status && aaaa.status) || a.status == ARES_ENOTFOUND || aaaa.status == ARES_ENOTFOUND;
  }

  // The time at which the look-up ends even if nothing more arrives.
  Now::time_point end() const {
    if (!first_addresses) return deadline;
    const auto wait = a.addresses.empty() ? kWaitForV4 : kWaitForV6;
    return std::min(deadline, *first_addresses + wait);
  }

  void note_progress(Now::time_point now) {
    if (!first_addresses && !(a.addresses.empty() && aaaa.addresses.empty())) first_addresses = now;
  }

  DnsAnswer answer() {
    DnsAnswer all{.v6 = std::move(aaaa.addresses), .v4 = std::move(a.addresses)};
    all.partial = !complete();
    if (!all.v4.empty()) all.ttl = a.ttl;
    if (!all.v6.empty()) all.ttl = all.v4.empty() ? aaaa.ttl : std::min(a.ttl, aaaa.ttl);
    all.status = all.v4.empty() && all.v6.empty() ? failure() : DnsStatus::ok;
    return all;
  }

  // A server's definite word counts more than the silence or failure of another question, except
  // that "no data" for one family says nothing of the other.
  DnsStatus failure() const {
    const DnsStatus of_a = a.status ? meaning(*a.status) : DnsStatus::timed_out;
    const DnsStatus of_aaaa = aaaa.status ? meaning(*aaaa.status) : DnsStatus::timed_out;
    if (of_a == DnsStatus::no_name || of_aaaa == DnsStatus::no_name) return DnsStatus::no_name;
    return of_a == DnsStatus::no_data ? of_aaaa : of_a;
  }

  std::string host;
  DnsService::Done done;
  Now::time_point deadline;
  std::optional<Now::time_point> first_addresses;
  Question a{.v6 = false, .status = {}, .addresses = {}};
  Question aaaa{.v6 = true, .status = {}, .addresses = {}};
  DnsChannel channel;  // last: its end still reports to the questions
};

std::string server_list(const std::vector<std::string>& servers, std::string& wrong) {
  std::string list;
  for (const std::string& server : servers) {
    auto endpoint = Endpoint::parse(server);
    if (!endpoint) {
      const auto address = IpAddress::parse(server);
      if (!address) {
        wrong = server;
        return {};
      }
      endpoint = Endpoint{*address, 53};
    }
    if (!list.empty()) list += ',';
    list += endpoint->text();
  }
  return list;
}

// The system's hosts file, where the system's name servers are used too.
void read_hosts_file(Lookup& lookup, Question& question) {
  hostent* found = nullptr;
  const int family = question.v6 ? AF_INET6 : AF_INET;
  if (ares_gethostbyname_file(lookup.channel.get(), lookup.host.c_str(), family, &found) !=
      ARES_SUCCESS) {
    return;
  }
  for (char** each = found->h_addr_list; *each != nullptr; ++each) {
    if (found->h_addrtype != family || question.addresses.size() >= kMaxPerFamily) break;
    IpAddress address;
    address.v6 = question.v6;
    std::memcpy(address.bytes.data(), *each, address.size());
    keep(question, address, 0);
  }
  ares_free_hostent(found);
}

}  // namespace

struct DnsService::State {
  struct Asked {
    std::string host;
    Done done;
  };

  void run();
  void begin(Asked asked);
  void keep_channel(Lookup& lookup);
  void watch(std::vector<pollfd>& polled, std::vector<Lookup*>& owners);
  int time_to_sleep();
  void process(const std::vector<pollfd>& polled, const std::vector<Lookup*>& owners);
  void sweep();
  void finish(Lookup& lookup, DnsAnswer answer);
  void wake() const {
    const std::uint64_t one = 1;
    (void)!::write(wakeup.get(), &one, sizeof one);
  }

  DnsChannels channels;
  milliseconds limit{0};
  UniqueFd wakeup;
  std::vector<std::unique_ptr<Lookup>> lookups;  // the thread's own, as the next
  std::mutex mutex;
  std::vector<Asked> asked;  // under mutex, as the rest
  std::size_t open = 0;
  bool stopping = false;
  std::thread thread;
};

// One that still waits for an answer refers to the look-up and ends with it.
void DnsService::State::keep_channel(Lookup& lookup) {
  if (lookup.a.status && lookup.aaaa.status) channels.keep(std::move(lookup.channel));
}

void DnsService::State::begin(Asked wanted) {
  auto lookup = std::make_unique<Lookup>();
  lookup->host = std::move(wanted.host);
  lookup->done = std::move(wanted.done);
  lookup->deadline = Now::now() + limit;
  lookup->channel = channels.take();
  if (!lookup->channel)
    return finish(*lookup, {.status = DnsStatus::server_failed, .v6 = {}, .v4 = {}});
  if (channels.of_the_system()) {
    read_hosts_file(*lookup, lookup->a);
    read_hosts_file(*lookup, lookup->aaaa);
    if (!lookup->a.addresses.empty() || !lookup->aaaa.addresses.empty()) {
      lookup->a.status = lookup->aaaa.status = ARES_SUCCESS;
      return finish(*lookup, lookup->answer());
    }
  }
  auto* channel = lookup->channel.get();
  ares_query(channel, lookup->host.c_str(), ns_c_in, ns_t_aaaa, on_reply, &lookup->aaaa);
  ares_query(channel, lookup->host.c_str(), ns_c_in, ns_t_a, on_reply, &lookup->a);
  lookups.push_back(std::move(lookup));
}

void DnsService::State::finish(Lookup& lookup, DnsAnswer answer) {
  {
    const std::lock_guard lock(mutex);
    --open;
  }
  std::exchange(lookup.done, nullptr)(std::move(answer));
}

void DnsService::State::watch(std::vector<pollfd>& polled, std::vector<Lookup*>& owners) {
  polled.assign(1, {.fd = wakeup.get(), .events = POLLIN, .revents = 0});
  owners.assign(1, nullptr);
  for (const auto& lookup : lookups) {
    std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets;
    const auto mask = static_cast<unsigned>(
        ares_getsock(lookup->channel.get(), sockets.data(), ARES_GETSOCK_MAXNUM));
    for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
      const bool reads = ((mask >> i) & 1U) != 0;
      const bool writes = ((mask >> (i + ARES_GETSOCK_MAXNUM)) & 1U) != 0;
      if (!reads && !writes) continue;
      const int events = (reads ? POLLIN : 0) | (writes ? POLLOUT : 0);
      polled.push_back({.fd = sockets[i], .events = static_cast<short>(events), .revents = 0});
      owners.push_back(lookup.get());
    }
  }
}

int DnsService::State::time_to_sleep() {
  auto sleep = std::chrono::duration_cast<milliseconds>(std::chrono::hours(1));
  const auto now = Now::now();
  for (const auto& lookup : lookups) {
    timeval own{};
    if (ares_timeout(lookup->channel.get(), nullptr, &own) != nullptr) {
      sleep = std::min(sleep, milliseconds(own.tv_sec * 1000 + own.tv_usec / 1000 + 1));
    }
    sleep = std::min(sleep, std::chrono::ceil<milliseconds>(lookup->end() - now));
  }
  return static_cast<int>(std::max<std::int64_t>(sleep.count(), 0));
}

void DnsService::State::process(const std::vector<pollfd>& polled,
                                const std::vector<Lookup*>& owners) {
  for (std::size_t i = 1; i < polled.size(); ++i) {
    const bool writable = (polled[i].revents & POLLOUT) != 0;
    const bool readable = (polled[i].revents & ~POLLOUT) != 0;
    if (!readable && !writable) continue;
    ares_process_fd(owners[i]->channel.get(), readable ? polled[i].fd : ARES_SOCKET_BAD,
                    writable ? polled[i].fd : ARES_SOCKET_BAD);
  }
  for (const auto& lookup : lookups) {
    ares_process_fd(lookup->channel.get(), ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // its timeouts
  }
}

void DnsService::State::sweep() {
  const auto now = Now::now();
  std::erase_if(lookups, [&](const std::unique_ptr<Lookup>& lookup) {
    lookup->note_progress(now);
    if (!lookup->complete() && now < lookup->end()) return false;
    finish(*lookup, lookup->answer());
    keep_channel(*lookup);
    return true;
  });
}

void DnsService::State::run() {
  std::vector<pollfd> polled;
  std::vector<Lookup*> owners;
  for (;;) {
    std::vector<Asked> fresh;
    bool stop = false;
    {
      const std::lock_guard lock(mutex);
      fresh.swap(asked);
      stop = stopping;
    }
    for (auto& each : fresh) begin(std::move(each));
    if (stop) break;
    sweep();
    watch(polled, owners);
    if (::poll(polled.data(), polled.size(), time_to_sleep()) < 0 && errno != EINTR) continue;
    std::uint64_t drained = 0;
    if (polled[0].revents != 0) (void)!::read(wakeup.get(), &drained, sizeof drained);
    process(polled, owners);
  }
  for (const auto& lookup : lookups)
    finish(*lookup, {.status = DnsStatus::cancelled, .v6 = {}, .v4 = {}});
  lookups.clear();
}

Result<std::unique_ptr<DnsService>> DnsService::start(const DnsSettings& settings, Millis limit) {
  auto state = std::make_unique<State>();
  std::string wrong;
  std::string servers = server_list(settings.servers, wrong);
  if (!wrong.empty()) {
    return fail(Errc::invalid, Fault::config,
                "dns.servers: \"" + wrong + "\" is neither an address nor address:port");
  }
  state->limit = limit;
  state->channels = DnsChannels(std::move(servers), limit);
  state->wakeup.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!state->wakeup) return std::unexpected(errno_error("eventfd", errno));
  if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
    return fail(Errc::internal, Fault::local, "the DNS library did not start");
  }
  state->thread = std::thread([running = state.get()] { running->run(); });
  return std::unique_ptr<DnsService>(new DnsService(std::move(state)));
}

DnsService::DnsService(std::unique_ptr<State> state) : state_(std::move(state)) {}

DnsService::~DnsService() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake();
  state_->thread.join();
  ares_library_cleanup();
}

void DnsService::ask(std::string host, Done done) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->open < kMaxLookups && !state_->stopping) {
      ++state_->open;
      state_->asked.push_back({std::move(host), std::move(done)});
      return state_->wake();
    }
  }
  done({.status = DnsStatus::busy, .v6 = {}, .v4 = {}});
}

}  // namespace weir

// A gateway of one loop whose ends are scripts: the client speaks bytes over memory, each dial to
// an origin opens the next script, and the scanner says what the test wants. All between them is
// real: codecs, pool, transaction, policy, spool, intake, event log. Its clock stands still, so
// that no deadline passes unless a test moves it.
#pragma once

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/delivery.h"
#include "proxy/net/dialer.h"
#include "proxy/net/resolver.h"
#include "proxy/services.h"
#include "proxy/transaction.h"
#include "tests/integration/script.h"

namespace weir::test {

// `content` is what the worker would read: the body without its content coding.
using Judge = std::function<Assessment(const Profile& profile, const std::string& content)>;

Assessment clean(const Profile& profile);
Assessment found(const Profile& profile, Verdict verdict, Reason reason, std::string name);

class ScriptedInspector : public Inspector {
 public:
  Co<Assessment> assess(ScanSubject subject, const Profile& profile, ScanTimes& times) override;
  Co<std::shared_ptr<const UniqueFd>> take_out(ScanSubject, ArtifactNote,
                                               std::chrono::milliseconds) override {
    co_return nullptr;
  }
  bool wants_old_digests() const override { return false; }

  Judge judge = [](const Profile& profile, const std::string&) { return clean(profile); };
  std::function<void()> before_ruling = [] {};  // when all that may leave has left
  std::vector<std::string> seen;                // contents, in turn
};

// What an origin does, beside its script.
struct OriginScript {
  Script script;
  std::string certificate_error{};  // "expired" etc.; https only
  IpAddress address = IpAddress::v4(0x08080404);
};

class ScriptedDialer : public Dialer {
 public:
  ScriptedDialer(Loop& loop, Resolver& resolver, const TimeoutSettings& timeouts)
      : Dialer(loop, resolver, timeouts), loop_(loop) {}
  Co<Result<Dialed>> dial(std::string host, std::uint16_t port, AddressGuard guard,
                          Duration limit) override;

  std::deque<OriginScript> next;      // none left: refused
  std::vector<std::string> dialed{};  // "host:port"
  std::vector<std::shared_ptr<Heard>> heard{};
  std::string certificate_error{};  // of the one dialled last
  std::size_t rechunk = 0;

 private:
  Loop& loop_;
};

// In place of TLS to the origin: a certificate error where the script has one, else plain bytes.
class ScriptedTls : public OriginTls {
 public:
  explicit ScriptedTls(ScriptedDialer& dialer) : dialer_(dialer) {}
  Co<Result<std::unique_ptr<OriginTlsStream>>> connect(std::unique_ptr<ByteStream> tcp,
                                                       OriginTlsRequest request,
                                                       Duration limit) override;

 private:
  ScriptedDialer& dialer_;
};

class NoIssuer : public Issuer {
 public:
  Co<Result<std::shared_ptr<const Leaf>>> leaf_for(std::string) override {
    co_return fail(Errc::crashed, Fault::local, "no issuer here");
  }
};

// An event's line, by path: event.at("unmapped.weir.action"). "" where there is nothing.
class Event {
 public:
  explicit Event(const std::string& line) : line_(line), root_(YAML::Load(line)) {}
  std::string at(const std::string& path) const;
  const std::string& line() const { return line_; }

 private:
  std::string line_;
  YAML::Node root_;
};

class ScriptedGateway {
 public:
  // Every read of either end gets at most `rechunk` bytes; 0 = as they come.
  explicit ScriptedGateway(const std::string& policy = {}, std::size_t rechunk = 0);
  ~ScriptedGateway();

  // One connection of a client, until both it and the gateway are through with it.
  Reply fetch(Script script, bool to_head = false);
  // GET http://origin.test/path
  Reply get(const std::string& path, const std::string& fields = {});
  // Origins for the next dials; with bytes only: one that hears a head, says them and stays.
  OriginScript& origin();
  void origin_says(std::string bytes);
  bool origin_left(std::size_t dial = 0) const;  // the gateway gave that connection up

  std::vector<Event> events();  // ends the event log: last
  Event event();                // the only one
  std::uint64_t spooled_bytes() const;
  void drain();
  void use_index(std::shared_ptr<const Index> index);
  void advance(Duration by);  // and wakes whose deadline has passed

 private:
  struct Across;  // what a gateway's loops share
  struct Own;     // what one loop owns

  Co<void> serve(std::unique_ptr<ByteStream> end);

 public:
  std::string dir;
  ManualClock clock;
  ScriptedInspector inspector;
  std::unique_ptr<Across> across;
  Loop loop{clock};
  std::unique_ptr<Own> own;
  ScriptedDialer& dialer;
  ClientContext context;
  std::shared_ptr<Heard> client = std::make_shared<Heard>();  // of the latest fetch
};

// "HTTP/1.1 200 OK" with this body and its length.
std::string answer(const std::string& body, const std::string& fields = {});
std::string request(const std::string& line, const std::string& fields = {});

}  // namespace weir::test

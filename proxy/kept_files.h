// Locked files that wait for their password: kept where they were spooled, each for the client and
// user who asked for it, for a while. Bounded in total and by client; the oldest goes. Passwords
// are not kept. Any thread; a file itself is used by one coroutine at a time, which holds its Turn.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "conf/profile.h"
#include "conf/settings.h"
#include "core/clock.h"
#include "core/http_message.h"
#include "core/random.h"
#include "core/url.h"
#include "inspect/intake.h"
#include "proxy/file_owner.h"
#include "proxy/holding.h"

namespace weir {

struct KeptLimits {
  std::uint32_t files = 64, files_per_client = 4;
  std::uint32_t tries_per_minute = 10;  // of a client
};

// The file, and what the transaction that withheld it knew; never changed while it is kept.
struct KeptFile {
  FileOwner owner;
  std::string event_id, rule, format;  // of the event that withheld it; what is locked
  Url url;
  RequestHead request;
  ResponseHead response;
  std::unique_ptr<Intake> intake;  // what will be delivered, as it came
  Artifact artifact;               // what is scanned
  Profile profile;
  std::string name, sha256;
  std::vector<std::string> page_words;  // tried together with what the person gives
  std::optional<HeldFor> held = {};     // it waits for a sandbox, not for a password
};

// How far its person has come.
struct KeptState {
  enum class Phase : std::uint8_t {
    asked,       // nothing was tried yet
    wrong,       // the last password opened nothing
    more_locks,  // it opened one lock, and another is inside
    failed,      // the check could not be brought to its end; not the password's fault
    opened,      // policy lets the file go
    refused,     // opened, and blocked for what is inside
    waiting,     // a sandbox has it
  };
  Phase phase = Phase::asked;
  unsigned tries = 0;      // that were used
  std::string form_token;  // of the next form; each is good for one try
  Verdict verdict = Verdict::clean;
  Reason reason = Reason::none;
  std::string rule, rule_words, threat, where;  // why refused; where the other lock is
};

// Of the settings, for files that wait for a password and those that wait for a sandbox.
KeptLimits kept_limits(const PortalSettings& portal);
KeptLimits held_limits(const PortalSettings& portal);

class KeptFiles {
 public:
  KeptFiles(const KeptLimits& limits, const Clock& clock, Random& random);
  ~KeptFiles();

  // Keeps it and gives its id, 128 random bits in hex; "" when nothing may be kept.
  std::string keep(KeptFile file, Duration lifetime);

  struct View {
    std::string name, event_id, format;
    std::uint64_t size = 0;
    KeptState state;
    std::shared_ptr<SandboxCase> under_way = nullptr;  // of a held one
    SteadyTime until{};                                // likewise
    std::string from = {};                             // the host
  };
  std::optional<View> look(std::string_view id, const FileOwner& owner);

  // The id under which this owner has the file waiting already; "" = not.
  std::string find_same(const FileOwner& owner, const std::string& url, const std::string& sha256);

  struct Entry;
  // The right to use one file, given back when destroyed.
  class Turn {
   public:
    Turn() = default;
    Turn(Turn&&) noexcept = default;
    Turn& operator=(Turn&&) = delete;
    ~Turn();
    explicit operator bool() const { return entry_ != nullptr; }
    const KeptFile& file() const;
    KeptState state() const;
    void set_state(KeptState state);  // with a new form token

   private:
    friend class KeptFiles;
    Turn(KeptFiles& files, std::shared_ptr<Entry> entry)
        : files_(&files), entry_(std::move(entry)) {}
    KeptFiles* files_ = nullptr;
    std::shared_ptr<Entry> entry_;
  };
  // Empty when there is no such file, or somebody has it.
  Turn take(std::string_view id, const FileOwner& owner);

  // It is kept no longer: the file, for somebody else to keep.
  KeptFile give_up(Turn turn);

  // Lets go of what has waited too long; the other calls do so too.
  void sweep();
  std::size_t size();

  // Whether this client may try one more password now; counts it.
  bool may_try(const IpAddress& client);

 private:
  using Entries = std::list<std::shared_ptr<Entry>>;  // oldest first

  std::string token();
  std::shared_ptr<Entry> find(std::string_view id, const FileOwner& owner);
  void drop_expired(Entries& dropped);
  void make_room(const FileOwner& owner, Entries& dropped);

  struct Tries {
    SteadyTime since;
    std::uint32_t count = 0;
  };

  const KeptLimits limits_;
  const Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  Entries entries_;
  std::unordered_map<std::string, Tries> tries_;  // by address
};

}  // namespace weir

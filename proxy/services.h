// What a transaction may use. Shared holds what all loops share (immutable or thread-safe);
// LoopServices what one loop owns. Passed by reference from the app; nothing here is global.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "conf/settings.h"
#include "core/event_id.h"
#include "core/log.h"
#include "core/metrics.h"
#include "feeds/index.h"
#include "inspect/inspector.h"
#include "inspect/spool.h"
#include "policy/policy.h"
#include "proxy/authenticator.h"
#include "proxy/blocked_memory.h"
#include "proxy/client_limits.h"
#include "proxy/coach.h"
#include "proxy/events/event_log.h"
#include "proxy/gateway_metrics.h"
#include "proxy/kept_files.h"
#include "proxy/name_knowledge.h"
#include "proxy/net/loop.h"
#include "proxy/origin_pool.h"
#include "proxy/page_words.h"
#include "proxy/pinning.h"
#include "proxy/tls/tls.h"

namespace weir {

class SandboxDesk;
class FollowUp;

struct Shared {
  const Settings& settings;
  const Clock& clock;
  Log& log;
  Metrics& metrics;
  GatewayMetrics& counters;
  EventLog& events;
  Inspector& inspector;
  SpoolStore& spools;
  ClientTls& client_tls;
  ClientLimits& client_limits;
  BlockedMemory& blocked;
  PinningMemory& pinning;
  Authenticator* authenticator;  // null = no proxy authentication
  KeptFiles& kept;               // locked files
  KeptFiles& held;               // those that wait for a sandbox
  SandboxDesk& sandbox;
  PageWords& page_words;
  NameKnowledge& names;
  CoachMemory& coach;
  std::string via_name;
  FollowUp* follow_up = nullptr;  // null: nothing is done after the fact
  std::atomic<bool> draining{false};
  std::atomic<std::uint32_t> tunnels{0};  // bypassed connections, see limits.tunnels
  std::atomic<std::uint64_t> running{0};  // exchanges and tunnels that a drain waits for
};

// Counts an exchange or a tunnel as running while it lives.
class Running {
 public:
  explicit Running(Shared& shared) : shared_(shared) { shared_.running.fetch_add(1); }
  ~Running() { shared_.running.fetch_sub(1); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  Shared& shared_;
};

struct LoopServices {
  Shared& shared;
  Loop& loop;
  Issuer& issuer;
  Dialer& dialer;
  OriginPool& origins;
  EventIds& ids;
  // The policy in force on this loop; replaced by a task on the loop, pinned by each transaction.
  std::shared_ptr<const Policy> policy;
  std::shared_ptr<const Index> index;  // of feeds; replaced and pinned likewise
};

}  // namespace weir

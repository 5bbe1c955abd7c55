// One request's life through the gateway, from the head to the event: read transaction.cc from top
// to bottom. Loop thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/co.h"
#include "core/net_addr.h"
#include "policy/policy.h"
#include "proxy/http/streams.h"
#include "proxy/services.h"
#include "proxy/transaction_record.h"

namespace weir {

// What is known of the client's connection: the same for every exchange on it, immutable while
// exchanges run, and outliving them.
struct ClientContext {
  Endpoint client;
  std::string user;            // "" = not authenticated (or not asked)
  bool authenticated = false;  // proxy authentication is done (or not configured)
  // Inside an intercepted CONNECT:
  bool tunnelled = false;
  std::string tunnel_host;  // canonical host of the CONNECT request
  std::uint16_t tunnel_port = 0;
  std::string sni, ja4, ja3;
  bool ech = false;
  std::string tls_version, tls_cipher, alpn;
  bool connect_blocked = false;  // the connect stage refused: every request gets the page
  StageNote connect_note;
  std::string connect_reason;  // the rule's own words
};

// Runs one exchange to its end: always answers or resets the client, always submits one event.
Co<void> run_transaction(ClientStream& client, const ClientContext& context, LoopServices& svc);

}  // namespace weir

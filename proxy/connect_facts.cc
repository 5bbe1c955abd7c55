#include "proxy/connect_facts.h"

#include <utility>

#include "proxy/transaction_facts.h"

namespace weir {
namespace {

bool asks_for_another(const ClientContext& context) {
  return !context.sni.empty() && context.sni != context.tunnel_host;
}

}  // namespace

Reputation connect_reputation(const ClientContext& context, const Index& index, WallTime now) {
  Hits hits = index.find_host(context.tunnel_host, now);
  if (asks_for_another(context)) add_hits(hits, index.find_host(context.sni, now));
  if (!context.ja4.empty()) add_hits(hits, index.find_value(IndicatorKind::ja4, context.ja4, now));
  if (!context.ja3.empty()) add_hits(hits, index.find_value(IndicatorKind::ja3, context.ja3, now));
  return reputation_of(std::move(hits));
}

Hits peer_hits(const OriginFacts& peer, const Index& index, WallTime now) {
  Hits hits;
  if (const auto at = Endpoint::parse(peer.address)) hits = index.find_ip(at->address, now);
  if (peer.certificate_sha256.empty()) return hits;
  add_hits(hits, index.find_value(IndicatorKind::cert_sha256, peer.certificate_sha256, now));
  add_hits(hits, index.find_value(IndicatorKind::cert_sha1, peer.certificate_sha1, now));
  return hits;
}

bool add_peer(Reputation& reputation, const std::string& address, const Index& index,
              WallTime now) {
  OriginFacts peer;
  peer.address = address;
  Hits hits = peer_hits(peer, index, now);
  if (hits.empty()) return false;
  add_hits(hits, reputation.hits);
  reputation = reputation_of(std::move(hits));
  return true;
}

Facts connect_facts(const ClientContext& context, const Policy& policy,
                    const Reputation& reputation, const NameFacts& names, bool tls,
                    std::string_view first_bytes, WallTime now) {
  Facts facts;
  facts.client = context.client.address;
  facts.user = context.user;
  policy.groups_of(context.user, facts.groups);
  facts.host = context.tunnel_host;
  facts.port = context.tunnel_port;
  facts.scheme = tls ? "https" : "tunnel";
  facts.sni = context.sni;
  facts.ja4 = context.ja4;
  facts.ech = context.ech;
  facts.tls = tls;
  facts.first_bytes = first_bytes;
  facts.now = now;
  policy.categories_of(context.tunnel_host, {}, facts.categories);
  // The name asked for inside decides too: fronting must not borrow a better host's policy.
  if (asks_for_another(context)) policy.categories_of(context.sni, {}, facts.categories);
  set_reputation(facts, reputation);
  set_names(facts, names);
  return facts;
}

}  // namespace weir

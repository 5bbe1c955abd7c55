// Ports and name servers.
#include <future>

#include "proxy/doctor/doctor.h"
#include "proxy/listen_endpoints.h"
#include "proxy/net/dns_service.h"
#include "proxy/net/listener.h"
#include "proxy/net/loop.h"

namespace weir {
namespace {

// A port 0 is another one at each start: what runs has written which.
bool serves(const Patient& patient, const Endpoint& endpoint) {
  return patient.addresses.find('"' + endpoint.text() + '"') != std::string::npos;
}

void look_at_port(const Patient& patient, const Endpoint& endpoint, Checkup& checkup) {
  if (serves(patient, endpoint)) {
    return checkup.ok("ports", endpoint.text() + ": served by the gateway that runs");
  }
  const SystemClock clock;
  Loop loop(clock);
  const auto bound = Listener::bind(loop, {endpoint}, 1, Listener::Share::first);
  if (bound) return checkup.ok("ports", endpoint.text() + ": free");
  checkup.error("ports", bound.error().what,
                "ss -ltnp 'sport = :" + std::to_string(endpoint.port) +
                    "' says who has it; end that, or change listen.proxy or listen.admin");
}

std::string_view status_text(DnsStatus status) {
  switch (status) {
    case DnsStatus::ok:
    case DnsStatus::no_name:
    case DnsStatus::no_data: return "answers";
    case DnsStatus::server_failed: return "answers with a failure";
    case DnsStatus::timed_out: return "does not answer in time";
    case DnsStatus::busy:
    case DnsStatus::cancelled: break;
  }
  return "could not be asked";
}

// That a name is not there is an answer too: the server works.
void ask(const Patient& patient, const std::vector<std::string>& servers, const std::string& name,
         Checkup& checkup) {
  DnsSettings settings = patient.settings.dns;
  settings.servers = servers;
  const auto service = DnsService::start(settings, patient.settings.timeouts.dns);
  if (!service) {
    return checkup.error("dns", service.error().what, "mend dns.servers");
  }
  std::promise<DnsStatus> promise;
  auto answer = promise.get_future();
  (*service)->ask(patient.dns_name, [&promise](DnsAnswer got) { promise.set_value(got.status); });
  const DnsStatus status = answer.get();
  const std::string found = name + " " + std::string(status_text(status));
  const bool works = status_text(status) == "answers";
  if (works) return checkup.ok("dns", found + " (asked for " + patient.dns_name + ")");
  checkup.error("dns", found + " (asked for " + patient.dns_name + ")",
                "mend dns.servers or /etc/resolv.conf, or ask for a name that it knows: "
                "weir doctor --dns-name NAME");
}

}  // namespace

void look_at_ports(const Patient& patient, Checkup& checkup) {
  std::vector<std::string> texts = patient.settings.listen.proxy;
  texts.push_back(patient.settings.listen.admin);
  const auto endpoints = parse_endpoints(texts);
  if (!endpoints) {
    return checkup.error("ports", endpoints.error().what, "mend listen.proxy or listen.admin");
  }
  for (const Endpoint& endpoint : *endpoints) {
    if (endpoint.port != 0) look_at_port(patient, endpoint, checkup);
  }
}

void look_at_dns(const Patient& patient, Checkup& checkup) {
  const DnsSettings& dns = patient.settings.dns;
  if (dns.hosts_only) return checkup.ok("dns", "not used (dns.hosts_only)");
  if (dns.servers.empty()) return ask(patient, {}, "the system's name server", checkup);
  for (const std::string& server : dns.servers) ask(patient, {server}, server, checkup);
}

}  // namespace weir

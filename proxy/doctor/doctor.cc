#include "proxy/doctor/doctor.h"

#include <signal.h>

#include <charconv>
#include <fstream>
#include <iterator>

namespace weir {
namespace {

std::string file_text(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

void find_running(Patient& patient) {
  const std::string text = file_text(patient.settings.state_dir + "/run.json");
  constexpr std::string_view kKey = "\"pid\":";
  const std::size_t at = text.find(kKey);
  if (at == text.npos) return;
  long pid = 0;
  std::from_chars(text.data() + at + kKey.size(), text.data() + text.size(), pid);
  // EPERM: it lives, and belongs to somebody else.
  if (pid <= 0 || (::kill(static_cast<pid_t>(pid), 0) != 0 && errno != EPERM)) return;
  patient.running_pid = pid;
  patient.addresses = text;
}

Checkup examine(Patient patient) {
  find_running(patient);
  Checkup checkup;
  if (patient.running_pid != 0) {
    checkup.ok("gateway", "runs, process " + std::to_string(patient.running_pid));
  } else {
    checkup.ok("gateway", "does not run");
  }
  for (const auto look :
       {look_at_policy, look_at_state, look_at_disk, look_at_clock, look_at_limits, look_at_ca,
        look_at_ports, look_at_dns, look_at_scanners, look_at_clamav, look_at_feeds}) {
    look(patient, checkup);
  }
  return checkup;
}

}  // namespace weir

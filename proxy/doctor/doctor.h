// `weir doctor`: looks at an installation from outside, whether or not the gateway runs, and says
// how to mend each thing that is not right. It changes nothing, prints no secret and stays on this
// machine but for one DNS question. Each look_at adds rows for one subject; all block, on the main
// thread of the command line.
#pragma once

#include <string>

#include "conf/settings.h"
#include "core/clock.h"
#include "proxy/doctor/checkup.h"

namespace weir {

struct Patient {
  const Settings& settings;
  std::string config;      // the settings file
  std::string helper_dir;  // weir-sign, weir-scan, weir-feeds
  WallTime now;
  std::string dns_name;   // asked of each name server
  long running_pid = 0;   // of the gateway that serves this state directory; 0 = none
  std::string addresses;  // what it wrote of itself (run.json)
};

// Who serves this state directory, by its run.json, if that process lives.
void find_running(Patient& patient);

void look_at_policy(const Patient& patient, Checkup& checkup);    // policy and its tests, lists
void look_at_state(const Patient& patient, Checkup& checkup);     // owner, modes, secrets
void look_at_disk(const Patient& patient, Checkup& checkup);      // space where we write
void look_at_clock(const Patient& patient, Checkup& checkup);     // against the build's date
void look_at_limits(const Patient& patient, Checkup& checkup);    // descriptors, memory
void look_at_ca(const Patient& patient, Checkup& checkup);        // validity, key, signer, its jail
void look_at_ports(const Patient& patient, Checkup& checkup);     // free, or ours
void look_at_dns(const Patient& patient, Checkup& checkup);       // each name server answers
void look_at_scanners(const Patient& patient, Checkup& checkup);  // rules, canary, jail
void look_at_clamav(const Patient& patient, Checkup& checkup);    // there, and how old
void look_at_feeds(const Patient& patient, Checkup& checkup);     // index, and each feed's state

// All of them.
Checkup examine(Patient patient);

// What to change so that an unprivileged process may have namespaces and Landlock, as far as the
// kernel's own files tell.
std::string isolation_advice();

}  // namespace weir

// `weir backup` and `weir restore`: the state of a gateway in one tar file, and back. Written while
// the gateway runs: databases through SQLite's online backup, each consistent in itself. The tar
// program packs and unpacks; it sees only folders that are ours alone. Keys are sealed under a
// passphrase (scrypt, then AES-256-GCM as in the quarantine), or left out. Blocks; command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conf/settings.h"
#include "core/clock.h"
#include "core/random.h"
#include "core/result.h"

namespace weir {

struct BackupAsk {
  const Settings& settings;
  std::string config;      // the settings file
  std::string file;        // to be made; never replaced
  std::string passphrase;  // "" = without keys
  bool history = true;     // who got what; may be large
};

struct BackupDone {
  std::uint64_t bytes = 0;
  std::vector<std::string> files;    // in it
  std::vector<std::string> keys;     // sealed in it
  std::vector<std::string> without;  // keys that were left out
};

// The file appears whole or not at all.
Result<BackupDone> make_backup(const BackupAsk& ask, const Clock& clock, Random& random);

struct RestoreAsk {
  std::string file;
  std::string state_dir;     // absent or empty
  std::string settings_dir;  // where the settings go, absent or empty; "" = they are left out
  std::string passphrase;    // "" = without keys
};

struct RestoreDone {
  std::string program, created;    // of the backup
  std::vector<std::string> files;  // in place now
  std::vector<std::string> notes;  // what is not
};

// Everything is unpacked beside its place and checked before anything is put there.
Result<RestoreDone> restore_backup(const RestoreAsk& ask, Random& random);

}  // namespace weir

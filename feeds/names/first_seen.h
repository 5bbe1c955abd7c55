// The memory of which registrable domains were seen here, since when, how often, and which kinds of
// files came from them: bounded, persisted, and forgetting what nobody visited for longest. The
// event loops note and ask without ever waiting (seen_table.h); one other thread loads and saves
// (seen_file.h) and loses at most what came since its last save(). Names are kept as keyed hashes
// only. A memory that is younger than `learn` says so: everything looks new to it.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/file_type.h"
#include "core/random.h"
#include "core/result.h"
#include "feeds/names/seen_file.h"
#include "feeds/names/seen_table.h"

namespace weir {

enum class FileClass : std::uint8_t { executable, script, archive, document, html, media, other };
std::string_view file_class_name(FileClass file_class);
FileClass file_class_of(FileType type);

// What was known of a domain before this visit.
struct Seen {
  WallTime first{};      // now, for a new one; 1970 for one of the popular list
  WallTime last{};       // to the hour
  unsigned visits = 0;   // up to 65535; 0 = never seen
  bool learning = true;  // the memory is too young to call anything new
  bool new_here() const { return visits == 0 && !popular && !learning; }
  bool popular = false;  // in the seeded list
  Duration age(WallTime now) const { return now > first ? now - first : Duration(0); }
};

class FirstSeen {
 public:
  struct Options {
    std::uint32_t most = 2'000'000;  // domains; each takes 20 bytes
    std::chrono::hours learn{14 * 24};
  };
  // A new memory that begins at `now`; in a file once load() was called.
  FirstSeen(Options options, Random& random, WallTime now);

  // Any thread. `registrable` is canonical (feeds/public_suffix.h), or a host that stands for
  // itself.
  Seen note(std::string_view registrable, WallTime now);
  Seen find(std::string_view registrable, WallTime now) const;  // without noting
  // Notes that the domain delivered such a file. True when it never did before, which says nothing
  // while learning().
  bool note_download(std::string_view registrable, FileClass file_class, WallTime now);
  // Whether it ever did, for a file that is still to be decided on.
  bool delivered(std::string_view registrable, FileClass file_class) const;
  bool learning(WallTime now) const { return minute_of(now) < learnt_.load(); }

  // Before any other call, once. Damaged files are put aside and told, and the memory begins empty;
  // an error means that nothing can be kept at `path`.
  Result<SeenFile::Loaded> load(const std::string& path, WallTime now);
  // Puts on disk what changed since the last time; now and then all of it. After load().
  Result<void> save();
  // Makes the domains of a list ("google.com" or "1,google.com" a line) old and well known. How
  // many they are; at most half of the memory.
  Result<std::uint64_t> seed(const std::string& list_file, WallTime now);

 private:
  static std::uint32_t minute_of(WallTime time);
  std::uint64_t key_of(std::string_view registrable) const;
  Seen seen(const std::optional<SeenEntry>& entry, WallTime now) const;
  void begin(SeenOrigin origin);

  Options options_;
  SeenOrigin origin_;
  std::atomic<std::uint32_t> learnt_{0};  // the minute when learning ends
  SeenTable table_;
  SeenFile file_;
};

}  // namespace weir

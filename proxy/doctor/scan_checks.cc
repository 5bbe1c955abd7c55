// Scanners with their jail, ClamAV's databases, feeds.
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <optional>

#include "feeds/index.h"
#include "feeds/update/feed_state.h"
#include "inspect/scan_zygote.h"
#include "proxy/doctor/cvd_header.h"
#include "proxy/doctor/doctor.h"

namespace weir {
namespace {

constexpr auto kLoadLimit = std::chrono::seconds(60);
constexpr std::int64_t kDay = 24 * 3600;
constexpr std::int64_t kOldDatabase = 7 * kDay;
constexpr std::int64_t kOldFeed = 3 * kDay;

std::int64_t seconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// The rules compile, a jailed child is forked and finds its canary. ClamAV's databases are left
// out: they would take a minute, and a gigabyte beside the gateway that runs.
Result<ScanReady> try_scanners(const Patient& patient, bool best_effort) {
  const InspectSettings& inspect = patient.settings.inspect;
  ScanOptions options;
  options.rules_dir = inspect.rules_dir;
  options.hash_files = inspect.hash_files;
  options.best_effort = best_effort;
  options.memory_bytes = inspect.worker_memory_bytes;
  boost::asio::io_context loop(1);
  auto zygote = ScanZygote::start(loop, patient.helper_dir + "/weir-scan", options);
  if (!zygote) return pass(std::move(zygote));
  std::optional<Result<ScanReady>> result;
  boost::asio::co_spawn(
      loop,
      [](ScanZygote& started, std::optional<Result<ScanReady>>& into) -> Co<void> {
        into = co_await started.ready(kLoadLimit);
      }(**zygote, result),
      boost::asio::detached);
  while (!result && loop.run_one() > 0) {
  }
  zygote->reset();
  loop.run();
  if (!result) return fail(Errc::crashed, Fault::helper, "weir-scan: ended while loading");
  return std::move(*result);
}

std::string one_line(std::string_view file) {
  std::ifstream in{std::string(file)};
  std::string line;
  std::getline(in, line);
  return line;
}

std::optional<CvdHeader> header_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string head(kCvdHeaderBytes, '\0');
  if (!in.read(head.data(), static_cast<std::streamsize>(head.size()))) return std::nullopt;
  return parse_cvd_header(head);
}

// Old headers do not say it; then the file's own time does.
std::int64_t built_at(const CvdHeader& header, const std::filesystem::path& file) {
  struct stat about{};
  if (header.built != 0) return static_cast<std::int64_t>(header.built);
  return ::stat(file.c_str(), &about) == 0 ? about.st_mtim.tv_sec : 0;
}

struct Databases {
  std::uint64_t signatures = 0;
  std::int64_t newest = 0;  // Unix seconds
  std::string names;        // "main 62, daily 27100"
  std::string damaged;      // the first that has no header
};

Databases read_databases(const std::string& folder) {
  Databases out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::filesystem::path& file = entry.path();
    if (file.extension() != ".cvd" && file.extension() != ".cld") continue;
    const auto header = header_of(file);
    if (!header) {
      out.damaged = file.string();
      continue;
    }
    out.signatures += header->signatures;
    out.newest = std::max(out.newest, built_at(*header, file));
    out.names += (out.names.empty() ? "" : ", ") + file.stem().string() + " " +
                 std::to_string(header->version);
  }
  return out;
}

// Databases without a header, as people write them: .ndb, .hdb and others.
bool has_other_signatures(const std::string& folder) {
  constexpr std::array<std::string_view, 8> kKinds = {".ndb", ".ldb", ".hdb", ".hsb",
                                                      ".mdb", ".db",  ".cbc", ".yar"};
  std::error_code error;
  const std::filesystem::directory_iterator files(folder, error);
  return !error && std::ranges::any_of(files, [&](const auto& entry) {
    return std::ranges::find(kKinds, entry.path().extension().string()) != kKinds.end();
  });
}

void look_at_states(const Patient& patient, Checkup& checkup) {
  const auto states = load_feed_states(patient.settings.state_dir + "/feeds/state.json");
  if (!states) {
    return checkup.error("feeds", states.error().what,
                         "delete that file: all feeds are fetched anew");
  }
  const std::int64_t now = seconds_of(patient.now);
  for (const auto& [name, state] : *states) {
    const std::int64_t age = now - seconds_of(state.good);
    if (state.quarantined) {
      checkup.warn("feeds", name + ": in quarantine: " + state.problem,
                   "look at weir feeds diff " + name + ", then weir feeds accept " + name);
    } else if (!state.problem.empty()) {
      checkup.warn("feeds", name + ": " + state.problem, "weir feeds refresh " + name);
    } else if (state.good != WallTime{} && age > kOldFeed) {
      checkup.warn("feeds", name + ": last fetched " + age_in_words(age) + " ago",
                   "weir feeds refresh " + name);
    }
  }
}

}  // namespace

std::string isolation_advice() {
  std::string advice;
  const auto also = [&advice](const std::string& what) {
    advice += (advice.empty() ? "" : "; ") + what;
  };
  if (one_line("/proc/sys/user/max_user_namespaces") == "0") {
    also("sysctl user.max_user_namespaces=10000");
  }
  if (one_line("/proc/sys/kernel/unprivileged_userns_clone") == "0") {
    also("sysctl kernel.unprivileged_userns_clone=1");
  }
  if (one_line("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1") {
    also("an AppArmor profile that allows userns to weir-scan and weir-sign");
  }
  const std::string modules = one_line("/sys/kernel/security/lsm");
  if (!modules.empty() && modules.find("landlock") == modules.npos) {
    also("boot with lsm=landlock," + modules);
  }
  if (advice.empty()) also("see the security options in docs/deployment.md");
  return advice;
}

void look_at_scanners(const Patient& patient, Checkup& checkup) {
  const auto strict = try_scanners(patient, false);
  if (strict) {
    checkup.ok("rules", std::to_string(strict->yara_rules) + " YARA rules in " +
                            patient.settings.inspect.rules_dir);
    return checkup.ok("isolation",
                      "a jailed scanner found what it must: namespaces, Landlock, no capabilities, "
                      "a list of system calls");
  }
  const auto lenient = try_scanners(patient, true);
  if (!lenient) {
    return checkup.error("rules", lenient.error().what,
                         "mend the rule or list that is named, or install weir-scan beside weir");
  }
  const std::string found = "scanners cannot be confined: " + strict.error().what;
  if (patient.settings.inspect.isolation == "best_effort") {
    return checkup.warn("isolation", found, isolation_advice());
  }
  checkup.error("isolation", found, isolation_advice());
}

void look_at_clamav(const Patient& patient, Checkup& checkup) {
  const std::string& folder = patient.settings.inspect.clamav_dir;
  const Databases found = read_databases(folder);
  if (!found.damaged.empty()) {
    checkup.error("clamav", found.damaged + ": no header of a ClamAV database",
                  "delete it and run freshclam");
  }
  if (found.names.empty()) {
    if (has_other_signatures(folder)) {
      return checkup.ok("clamav", folder + ": signatures of your own");
    }
    return checkup.warn("clamav", folder + ": no database: YARA rules and hash lists alone judge",
                        "run freshclam (Debian: clamav-freshclam), or set inspect.clamav_dir");
  }
  const std::int64_t age = seconds_of(patient.now) - found.newest;
  const std::string text = found.names + ": " + std::to_string(found.signatures) +
                           " signatures, built " + age_in_words(age) + " ago";
  if (age <= kOldDatabase) return checkup.ok("clamav", text);
  checkup.warn("clamav", text, "run freshclam, and see why its service did not");
}

void look_at_feeds(const Patient& patient, Checkup& checkup) {
  const Settings& settings = patient.settings;
  if (settings.feeds_file.empty()) return checkup.ok("feeds", "not used (no feeds_file)");
  const std::string file = settings.state_dir + "/feeds/index";
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    return checkup.warn("feeds", "no index yet: nothing is known as bad",
                        "weir feeds refresh; each feed says why it fails");
  }
  const auto index = Index::open(file);
  if (!index) {
    return checkup.error("feeds", index.error().what, "delete it, then weir feeds refresh");
  }
  const std::int64_t age = seconds_of(patient.now) - seconds_of((*index)->built());
  const std::string found =
      std::to_string((*index)->size()) + " listed, index built " + age_in_words(age) + " ago";
  if (age > kOldFeed) {
    checkup.warn("feeds", found, "weir feeds refresh; weir feeds status says what fails");
  } else {
    checkup.ok("feeds", found);
  }
  look_at_states(patient, checkup);
}

}  // namespace weir

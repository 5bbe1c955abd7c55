// weir quarantine: what an administrator does with the files that policy held or blocked, whether
// or not the gateway runs. Each act goes into the audit log.
#include <sys/mman.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <iostream>
#include <map>

#include "conf/load.h"
#include "conf/units.h"
#include "core/escape.h"
#include "core/log.h"
#include "proxy/audit_log.h"
#include "proxy/cli/commands.h"
#include "proxy/quarantine_keeper.h"
#include "proxy/quarantine_rows.h"
#include "sandbox_client/placed_file.h"

namespace weir {
namespace {

constexpr std::uint64_t kMostInMemory = 2ULL << 30;  // of files that are scanned again

struct QuarantineQuestion {
  std::string config = default_config();
  std::vector<std::string> hashes;
  std::string state, folder = ".";
  std::size_t limit = 1000;
  bool json = false;
};

struct Opened {
  Settings settings;
  SystemClock clock;
  SystemRandom random;
  std::string actor = acting_user();
  std::unique_ptr<Quarantine> quarantine;
};

int say(const Error& error) {
  std::cerr << "weir: " << error.what << '\n';
  return kTrouble;
}

int open(const std::string& config, Opened& opened) {
  std::vector<Diagnostic> problems;
  auto settings = load_settings(config, problems);
  print_problems(problems);
  if (!settings) return kTrouble;
  opened.settings = std::move(*settings);
  auto quarantine = open_quarantine(opened.settings, opened.clock, opened.random);
  if (!quarantine) return say(quarantine.error());
  opened.quarantine = std::move(*quarantine);
  return 0;
}

// False when it cannot be written: then what was done must at least be said.
bool audit(const Opened& opened, const AuditRecord& record) {
  const auto written = append_audit(audit_path(opened.settings.state_dir), record);
  if (!written) (void)say(written.error());
  return written.has_value();
}

int tell(const Opened& opened, const AuditRecord& record) {
  const bool audited = audit(opened, record);
  if (!record.done) {
    std::cerr << "weir: " << record.act << ": " << escape_for_terminal(record.detail) << '\n';
    return kProblem;
  }
  std::cout << record.act << " " << record.sha256 << ": done\n";
  return audited ? 0 : kTrouble;
}

std::string entry_line(const QuarantineEntry& entry) {
  return entry.sha256 + "  " + std::string(quarantine_state_name(entry.state)) + "  " +
         iso_time(entry.last) + "  " + std::to_string(entry.size) + "  " +
         escape_for_terminal(entry.name, 80) + "  " + escape_for_terminal(entry.reason, 80) + "\n";
}

std::string entry_text(const QuarantineEntry& entry) {
  const auto line = [](std::string_view name, const std::string& value) {
    std::string text(name);
    text.resize(10, ' ');
    return text + escape_for_terminal(value) + "\n";
  };
  return line("sha256", entry.sha256) +
         line("state", std::string(quarantine_state_name(entry.state))) +
         line("size", std::to_string(entry.size)) + line("name", entry.name) +
         line("url", entry.source_url) + line("client", entry.client) + line("user", entry.user) +
         line("reason", entry.reason) + line("event", entry.event_id) +
         line("added", iso_time(entry.added)) + line("last", iso_time(entry.last)) +
         line("times", std::to_string(entry.times));
}

int list(const QuarantineQuestion& question) {
  Opened opened;
  if (const int bad = open(question.config, opened)) return bad;
  QuarantinePage page;
  page.state = quarantine_state_of(question.state);
  for (std::size_t done = 0; done < question.limit;) {
    page.rows = std::min<std::size_t>(1000, question.limit - done);
    const auto entries = opened.quarantine->list(page);
    if (!entries) return say(entries.error());
    for (const QuarantineEntry& entry : *entries) {
      std::cout << (question.json ? entry_json(entry) : entry_line(entry));
    }
    done += entries->size();
    if (entries->size() < page.rows) return 0;
    page.after = entries->back().sha256;
  }
  return 0;
}

using Act = int (*)(Opened& opened, const QuarantineQuestion& question, const std::string& sha256);

int show(Opened& opened, const QuarantineQuestion& question, const std::string& sha256) {
  const auto entry = opened.quarantine->find(sha256);
  if (!entry) {
    std::cerr << "weir: not in quarantine: " << sha256 << '\n';
    return kProblem;
  }
  std::cout << (question.json ? entry_json(*entry) : entry_text(*entry));
  return 0;
}

int release(Opened& opened, const QuarantineQuestion&, const std::string& sha256) {
  return tell(opened, opened.quarantine->release(sha256, opened.actor));
}

int remove(Opened& opened, const QuarantineQuestion&, const std::string& sha256) {
  return tell(opened, opened.quarantine->remove(sha256, opened.actor));
}

// The ZIP appears only when it is whole and the audit log has it.
int fetch(Opened& opened, const QuarantineQuestion& question, const std::string& sha256) {
  auto file = PlacedFile::make(question.folder, sha256 + ".zip", opened.random);
  if (!file) return say(file.error());
  const AuditRecord record = opened.quarantine->fetch_zip(
      sha256, opened.actor, [&](ByteView bytes) { return file->write(bytes); });
  if (const int bad = tell(opened, record)) return bad;
  if (auto placed = file->place(); !placed) return say(placed.error());
  std::cout << question.folder << "/" << sha256
            << ".zip, password: " << opened.settings.quarantine.zip_password << '\n';
  return 0;
}

int each(const QuarantineQuestion& question, Act act) {
  Opened opened;
  if (const int bad = open(question.config, opened)) return bad;
  int worst = 0;
  for (const std::string& sha256 : question.hashes) {
    if (!is_sha256_hex(sha256)) {
      std::cerr << "weir: " << escape_for_terminal(sha256) << " is no SHA-256 in lower case\n";
      return kUsage;
    }
    worst = std::max(worst, act(opened, question, sha256));
  }
  return worst;
}

// Decrypted into memory: what is in quarantine does not come back to the disk.
int into_memory(Opened& opened, const std::string& sha256, UniqueFd& into) {
  into.reset(::memfd_create("quarantined", MFD_CLOEXEC));
  if (!into) return say(errno_error("memfd_create", errno));
  const AuditRecord record =
      opened.quarantine->read(sha256, opened.actor, [&](ByteView bytes) -> Result<> {
        while (!bytes.empty()) {
          const ssize_t put = ::write(into.get(), bytes.data(), bytes.size());
          if (put < 0) return std::unexpected(errno_error("write to memory", errno));
          bytes = bytes.subspan(static_cast<std::size_t>(put));
        }
        return {};
      });
  if (!audit(opened, record)) return kTrouble;
  if (record.done) return 0;
  std::cerr << "weir: rescan: " << escape_for_terminal(record.detail) << '\n';
  return kProblem;
}

int rescan(const QuarantineQuestion& question) {
  constexpr int kScanTrouble = 4;
  Opened opened;
  if (open(question.config, opened) != 0) return kScanTrouble;
  std::vector<UniqueFd> files;
  std::map<std::string, std::string> names;
  std::uint64_t bytes = 0;
  for (const std::string& sha256 : question.hashes) {
    const auto entry = opened.quarantine->find(sha256);
    bytes += entry ? entry->size : 0;
    if (bytes > kMostInMemory) {
      std::cerr << "weir: rescan: at most " << bytes_text(kMostInMemory) << " at once\n";
      return kScanTrouble;
    }
    if (into_memory(opened, sha256, files.emplace_back()) != 0) return kScanTrouble;
    names["/proc/self/fd/" + std::to_string(files.back().get())] = sha256;
  }
  return scan_named(question.config, names, question.json);
}

}  // namespace

void add_quarantine(CLI::App& cli, int& exit_code) {
  auto* top = cli.add_subcommand(
      "quarantine",
      "the files that policy held or blocked. Exit code: 0 done, 1 a file is not there, 2 wrong "
      "usage, 3 it could not be done; rescan has those of 'weir scan'");
  top->require_subcommand(1);
  const auto add = [&](const char* name, const char* help) {
    auto* command = top->add_subcommand(name, help);
    auto q = std::make_shared<QuarantineQuestion>();
    command->add_option("-c,--config", q->config, "settings file")->capture_default_str();
    return std::pair(command, q);
  };
  const auto [list_it, l] = add("list", "what is there, the newest first");
  list_it->add_option("--state", l->state, "held, blocked or released")
      ->check(CLI::IsMember({"held", "blocked", "released"}));
  list_it->add_option("--limit", l->limit, "files at most")->capture_default_str();
  list_it->add_flag("--json", l->json, "one JSON object a line");
  list_it->callback([asked = l, &exit_code] { exit_code = list(*asked); });
  const struct {
    const char* name;
    const char* help;
    Act act;
  } acts[] = {{"show", "all that is known of a file", show},
              {"release", "say that it may be had", release},
              {"delete", "remove it for ever", remove},
              {"fetch", "write it as a ZIP with a password", fetch},
              {"rescan", "scan it again as 'weir scan' does, in memory", nullptr}};
  for (const auto& act : acts) {
    const auto [command, q] = add(act.name, act.help);
    command->add_option("hash", q->hashes, "SHA-256")->required();
    command->add_flag("--json", q->json, "one JSON object a line");
    if (act.act == fetch) {
      command->add_option("--to", q->folder, "folder for the ZIP")->capture_default_str();
    }
    command->callback([asked = q, run = act.act, &exit_code] {
      exit_code = run == nullptr ? rescan(*asked) : each(*asked, run);
    });
  }
}

}  // namespace weir

#include "sandbox_client/detonate/behaviour.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/digest.h"
#include "core/fd.h"
#include "sandbox_client/detonate/fake_home.h"

namespace weir {
namespace {

using Limits = ReportLimits;
constexpr std::uint64_t kMostHashed = 256ULL * 1024 * 1024;  // of all files together

constexpr std::uint64_t kMuchWritten = 100ULL * 1024 * 1024;

// No kind of entry can take the room of another: a sample would fill a list with trifles first.
constexpr std::size_t kMostOrdinaryFiles = 384;  // the rest is for files that matter
constexpr std::size_t kMostOfProto = 80;
constexpr std::size_t kMostAlike = 4;         // connections to one place
constexpr std::size_t kMostDetails = 8;       // of one act
constexpr std::size_t kMostWritten = 16'384;  // names kept to know a dropped file when it runs
constexpr std::size_t kMostPath = 512;
constexpr std::size_t kMostDetail = 256;
constexpr std::size_t kMostCommand = 1024;

// Cut, and without what JSON would make six bytes of: a report must stay within its bound.
std::string tame(std::string_view text, std::size_t most) {
  constexpr char kFirstPrintable = ' ';
  std::string tamed(text.substr(0, most));
  for (char& one : tamed) {
    if (one >= 0 && one < kFirstPrintable) one = '?';
  }
  return tamed;
}

struct LeftFile {
  std::uint64_t size = 0;
  std::string sha256;
};

std::string digest_of(int file) {
  Digests digests(false);
  std::array<std::uint8_t, 65536> piece{};
  for (ssize_t got = 0; (got = ::read(file, piece.data(), piece.size())) > 0;) {
    digests.update(ByteView(piece.data(), static_cast<std::size_t>(got)));
  }
  return digests.finish().sha256;
}

// A pipe or a link in its place is none of ours to open.
std::optional<LeftFile> look_at(const std::string& path, std::uint64_t most) {
  const UniqueFd file(
      ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat about{};
  if (!file || ::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) return std::nullopt;
  const auto size = static_cast<std::uint64_t>(about.st_size);
  return LeftFile{.size = size, .sha256 = size <= most ? digest_of(file.get()) : ""};
}

}  // namespace

void Behaviour::started(int pid, int parent) {
  const std::scoped_lock lock(mutex_);
  if (const auto early = process_at_.find(pid); early != process_at_.end()) {
    report_.processes[early->second].parent = parent;
    return;
  }
  add_process(pid, parent);
}

void Behaviour::add_process(int pid, int parent) {
  ++processes_;
  if (report_.processes.size() >= Limits::processes) return report_.mark_truncated("processes");
  ProcessSeen seen{.pid = pid, .parent = parent, .argv = {}, .exit = {}};
  // Until it runs something else it is a copy of its parent.
  if (const auto at = process_at_.find(parent); at != process_at_.end()) {
    seen.argv = report_.processes[at->second].argv;
  }
  process_at_[pid] = report_.processes.size();
  report_.processes.push_back(std::move(seen));
}

void Behaviour::ran(int pid, std::vector<std::string> argv, const std::string& path,
                    const std::vector<std::string>& code) {
  const std::scoped_lock lock(mutex_);
  if (path.starts_with("/memfd:")) add_act("memfd-exec", path, 1);
  for (const std::string& one : code) {
    if (written_.contains(one) && one != sample_path_) add_act("ran-dropped", one, 1);
  }
  // The news of a birth can come after those of what the child did.
  if (!process_at_.contains(pid)) add_process(pid, 0);
  const auto at = process_at_.find(pid);
  if (at == process_at_.end()) return;
  if (argv.size() > Limits::arguments) argv.resize(Limits::arguments);
  for (std::size_t left = kMostCommand; std::string & one : argv) {
    one = tame(one, std::min(left, Limits::argument));
    left -= one.size();
  }
  report_.processes[at->second].argv = std::move(argv);
}

void Behaviour::ended(int pid, int code) {
  const std::scoped_lock lock(mutex_);
  const auto at = process_at_.find(pid);
  if (at == process_at_.end()) return;
  report_.processes[at->second].exit = code;
  process_at_.erase(at);
}

void Behaviour::file(const std::string& path, FileDeed how, bool refused) {
  const std::scoped_lock lock(mutex_);
  add_file(path, how, refused);
}

void Behaviour::add_file(const std::string& path, FileDeed how, bool refused) {
  if (how == FileDeed::written && !refused && written_.size() < kMostWritten) {
    written_.insert(path);
  }
  const auto [at, fresh] = file_at_.try_emplace({path, how}, report_.files.size());
  if (!fresh) {
    report_.files[at->second].refused = report_.files[at->second].refused && refused;
    return;
  }
  const bool matters = is_sensitive(path);
  if (report_.files.size() >= (matters ? Limits::files : kMostOrdinaryFiles)) {
    file_at_.erase(at);
    if (matters) add_act("many-sensitive-files", "", 1);
    return report_.mark_truncated("files");
  }
  report_.files.push_back(
      {.path = tame(path, kMostPath), .how = how, .refused = refused, .sha256 = {}, .size = 0});
}

void Behaviour::deleted(const std::string& path, bool refused) {
  const std::scoped_lock lock(mutex_);
  add_file(path, FileDeed::deleted, refused);
  if (path == sample_path_ && !refused) add_act("self-delete", path, 1);
}

void Behaviour::network(NetworkSeen seen) {
  const std::scoped_lock lock(mutex_);
  seen.name = tame(seen.name, kMostDetail);
  const auto alike = std::ranges::count_if(report_.network, [&](const NetworkSeen& one) {
    return one.proto == seen.proto && one.name == seen.name && one.address == seen.address &&
           one.port == seen.port;
  });
  const std::size_t allowed = seen.proto == "dns" ? 1 : kMostAlike;
  if (static_cast<std::size_t>(alike) >= allowed) return;
  const auto of_proto = std::ranges::count(report_.network, seen.proto, &NetworkSeen::proto);
  if (static_cast<std::size_t>(of_proto) >= kMostOfProto) {
    add_act("many-connections", seen.proto, 1);
    return report_.mark_truncated("network");
  }
  report_.network.push_back(std::move(seen));
}

void Behaviour::said(const std::string& address, int port, std::string_view bytes) {
  const std::scoped_lock lock(mutex_);
  constexpr std::size_t kMostBytes = 256;
  const auto same = [&](const NetworkSeen& one) {
    return one.address == address && one.port == port && one.proto != "dns";
  };
  const auto last = std::find_if(report_.network.rbegin(), report_.network.rend(), same);
  if (last == report_.network.rend()) return;
  std::string& text = last->first_bytes;
  const std::size_t room = kMostBytes - std::min(kMostBytes, text.size() / 2);
  text += hex(as_bytes(bytes.substr(0, room)));
}

void Behaviour::act(std::string_view what, std::string_view detail, std::uint64_t count) {
  const std::scoped_lock lock(mutex_);
  add_act(what, detail, count);
}

void Behaviour::add_act(std::string_view what, std::string_view detail, std::uint64_t count) {
  std::string shown = tame(detail, kMostDetail);
  const auto of_what = std::ranges::count(report_.acts, what, &ActSeen::what);
  const bool known = act_at_.contains({std::string(what), shown});
  if (!known && static_cast<std::size_t>(of_what) >= kMostDetails) shown = "others";
  const auto [at, fresh] = act_at_.try_emplace({std::string(what), shown}, report_.acts.size());
  if (!fresh) {
    report_.acts[at->second].count += count;
    return;
  }
  report_.acts.push_back({.what = std::string(what), .detail = std::move(shown), .count = count});
}

void Behaviour::note(std::string text) {
  const std::scoped_lock lock(mutex_);
  if (report_.notes.size() >= Limits::notes) return report_.mark_truncated("notes");
  report_.notes.push_back(std::move(text));
}

void Behaviour::output(std::string_view bytes) {
  const std::scoped_lock lock(mutex_);
  output_bytes_ += bytes.size();
  const std::size_t room = Limits::output - report_.output.size();
  report_.output += bytes.substr(0, room);
}

void Behaviour::stop_reason(DetonationOutcome outcome, std::string reason) {
  const std::scoped_lock lock(mutex_);
  if (stopped_) return;
  stopped_ = true;
  report_.outcome = outcome;
  report_.reason = std::move(reason);
}

void Behaviour::describe_files() {
  std::uint64_t left = kMostHashed;
  std::uint64_t all = 0;
  for (const auto& [name, at] : file_at_) {
    FileSeen& one = report_.files[at];
    if (one.how != FileDeed::written || one.refused) continue;
    auto found = look_at(name.first, left);
    if (!found) continue;
    left -= std::min(left, found->size);
    one.size = found->size;
    all += std::min(found->size, kMostHashed);
    one.sha256 = std::move(found->sha256);
  }
  if (all > kMuchWritten) add_act("much-written", "", all);
}

void Behaviour::count_changed_documents() {
  std::uint64_t changed = 0;
  for (int number = 0; number < kFakeDocuments; ++number) {
    const std::string text = fake_document_text(number);
    const auto found = look_at(fake_document_path(number), 1 << 20);
    if (!found || found->sha256 != sha256_hex(as_bytes(text))) ++changed;
  }
  if (changed > 0) add_act("documents-changed", "", changed);
}

SandboxReport Behaviour::finish() {
  const std::scoped_lock lock(mutex_);
  describe_files();
  count_changed_documents();
  if (output_bytes_ > Limits::output) add_act("output-bytes", "", output_bytes_);
  if (processes_ > Limits::processes) add_act("many-processes", "", processes_);
  if (!stopped_) report_.outcome = DetonationOutcome::finished;
  report_.engine = "local";
  return std::move(report_);
}

}  // namespace weir

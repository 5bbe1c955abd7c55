// A scan helper that speaks the protocol of inspect/scan_wire.h and misbehaves on request. What the
// zygote does stands in the file that --rules names: a mode and a generation. What a child does
// stands in the name of the job: a word and an argument.
extern "C" {  // glibc 2.36 declares it without
#include <sys/pidfd.h>
}

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "inspect/scan_options.h"
#include "inspect/scan_wire.h"

namespace {

using namespace weir;

std::string content_of(int fd) {
  char buffer[200];
  const ssize_t n = ::pread(fd, buffer, sizeof buffer, 0);
  return {buffer, n > 0 ? static_cast<std::size_t>(n) : 0};
}

[[noreturn]] void hang() {
  for (;;) ::pause();
}

// True for the first process that comes with this path.
bool first_time(const std::string& path) {
  const int fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

ScanReply malicious(const ScanJob& job, std::string name) {
  ScanReply reply;
  reply.id = job.id;
  reply.completed = job.scanners;
  reply.findings.push_back({Scanner::yara, Verdict::malicious, Reason::none, std::move(name), {}});
  return reply;
}

ScanReply clean(const ScanJob& job) {
  ScanReply reply;
  reply.id = job.id;
  reply.completed = job.scanners;
  return reply;
}

void say(const std::string& bytes) { (void)::send(0, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
void say(const ScanReply& reply) { say(encode(reply)); }

struct Act {
  const char* word;
  void (*act)(const ScanJob& job, const std::string& argument, int file);
};

const Act kActs[] = {
    {"clean", [](const ScanJob& job, const std::string&, int) { say(clean(job)); }},
    {"echo", [](const ScanJob& job, const std::string&,
                int file) { say(malicious(job, content_of(file))); }},
    {"crash", [](const ScanJob&, const std::string&, int) { ::_exit(139); }},
    {"crash-once",
     [](const ScanJob& job, const std::string& path, int) {
       if (first_time(path)) ::raise(SIGKILL);
       say(malicious(job, "second"));
     }},
    {"kill-zygote-once",
     [](const ScanJob& job, const std::string& path, int) {
       if (first_time(path)) {
         ::kill(::getppid(), SIGKILL);
         ::_exit(0);
       }
       say(clean(job));
     }},
    {"hang", [](const ScanJob&, const std::string&, int) { hang(); }},
    {"close",
     [](const ScanJob&, const std::string&, int) {
       ::close(0);
       hang();
     }},
    {"half",
     [](const ScanJob& job, const std::string&, int) {
       const std::string whole = encode(clean(job));
       say(whole.substr(0, whole.size() / 2));
       hang();
     }},
    {"twice",
     [](const ScanJob& job, const std::string&, int) {
       say(clean(job));
       say(malicious(job, "stale"));
     }},
    {"ahead",  // answers the next question, too
     [](const ScanJob& job, const std::string&, int) {
       say(clean(job));
       ScanJob next = job;
       ++next.id;
       say(clean(next));
     }},
    {"too-much",
     [](const ScanJob& job, const std::string&, int) {
       std::string whole = encode(clean(job));
       whole.resize(kMaxScanMessage + 1000);
       say(whole);
     }},
    {"garbage", [](const ScanJob&, const std::string&, int) { say(std::string(100, 'x')); }},
    {"trailing",
     [](const ScanJob& job, const std::string&, int) { say(encode(clean(job)) + "x"); }},
    {"wrong-id",
     [](const ScanJob& job, const std::string&, int) {
       ScanJob other = job;
       ++other.id;
       say(clean(other));
     }},
    {"unasked",
     [](const ScanJob& job, const std::string&, int) {
       ScanReply reply = clean(job);
       reply.completed = ScannerSet::from_bits(0xF);
       say(reply);
     }},
    {"enumerator",
     [](const ScanJob& job, const std::string&, int) {
       std::string whole = encode(malicious(job, "x"));
       whole[8 + 8 + 1 + 4 + 2 + 1] = 9;  // the verdict of the first finding
       say(whole);
     }},
    {"with-descriptor",
     [](const ScanJob& job, const std::string&, int file) {
       (void)send_scan_message(0, encode(clean(job)), {&file, 1});
     }},
    {"incomplete",
     [](const ScanJob& job, const std::string&, int) {
       ScanReply reply = clean(job);
       reply.completed = {};
       say(reply);
     }},
    {"flaky",  // dies half of the time
     [](const ScanJob& job, const std::string& name, int) {
       if (::getpid() % 2 == 0) ::raise(SIGKILL);
       say(name == "bad" ? malicious(job, "bad") : clean(job));
     }},
};

[[noreturn]] void serve_jobs(int socket) {
  ::dup2(socket, 0);
  for (int fd = 3; fd < 100; ++fd) ::close(fd);
  for (;;) {
    auto got = receive_scan_message(0);
    if (!got || got->fds.size() != 1) ::_exit(1);
    const auto job = decode_scan_job(as_bytes(got->bytes));
    if (!job) ::_exit(2);
    std::istringstream words(job->name);
    std::string word, argument;
    words >> word >> argument;
    for (const Act& act : kActs) {
      if (act.word == word) act.act(*job, argument, got->fds[0].get());
    }
  }
}

void spawn(int control, std::uint32_t id) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) ::_exit(3);
  const pid_t pid = ::fork();
  if (pid == 0) serve_jobs(ends[1]);
  const UniqueFd ours(ends[0]), theirs(ends[1]), process(::pidfd_open(pid, 0));
  const int fds[] = {ours.get(), process.get()};
  (void)send_scan_message(control, encode(Spawned{id, static_cast<std::uint32_t>(pid)}), fds);
}

void serve_requests(int control, const std::string& mode) {
  for (;;) {
    auto got = receive_scan_message(control);
    if (!got) return;
    const auto request = decode_spawn_request(as_bytes(got->bytes));
    if (!request) return;
    if (mode == "good") {
      spawn(control, request->id);
    } else if (mode == "no-children") {
      (void)send_scan_message(control, encode(SpawnFailed{request->id, "fork: not today"}));
    } else if (mode == "other-children") {
      spawn(control, request->id + 7);
    } else if (mode == "no-descriptors") {
      (void)send_scan_message(control, encode(Spawned{request->id, 1}));
    } else if (mode == "die") {
      return;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto options = parse_scan_arguments(arguments);
  if (!options) return 2;
  ::signal(SIGCHLD, SIG_IGN);  // nobody waits for children
  std::ifstream in(options->rules_dir);
  std::string mode, generation;
  in >> mode >> generation;
  const int control = options->control_fd;
  ::fcntl(control, F_SETFD, FD_CLOEXEC);
  if (mode == "bad-rule") {
    (void)send_scan_message(control, encode(ScanFailed{"rules/x.yar:3: undefined identifier"}));
    return 1;
  }
  if (mode == "exit") return 0;
  if (mode == "nonsense") {
    (void)send_scan_message(control, "nonsense");
    hang();
  }
  ScanReady ready;
  ready.generation = generation;
  ready.warnings = {"this engine misbehaves"};
  (void)send_scan_message(control, encode(ready));
  serve_requests(control, mode);
}

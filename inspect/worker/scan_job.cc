#include "inspect/worker/scan_job.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "inspect/worker/budget.h"
#include "inspect/worker/take_out.h"
#include "inspect/worker/walk.h"

namespace weir {

Result<MappedFile> MappedFile::map(int fd) {
  struct stat about{};
  if (::fstat(fd, &about) != 0) return std::unexpected(errno_error("fstat", errno));
  const auto size = static_cast<std::size_t>(about.st_size);
  if (size == 0) return MappedFile(ByteView());
  void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (at == MAP_FAILED) return std::unexpected(errno_error("mmap", errno));
  return MappedFile(ByteView(static_cast<const std::uint8_t*>(at), size));
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : bytes_(std::exchange(other.bytes_, ByteView())) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

namespace {

// Of equally grave findings the first is the one that decides; those of the walk are more exact.
std::vector<Finding> ours_first(std::vector<Finding> findings) {
  std::vector<Finding> ordered;
  for (const bool ours : {true, false}) {
    for (Finding& finding : findings) {
      if ((finding.scanner == Scanner::structure) == ours) ordered.push_back(std::move(finding));
    }
  }
  return ordered;
}

// Unpacks as a scan does, and reports nothing but that it has.
ScanReply take_out(const ScanJob& job, ByteView file, const Clock& clock,
                   const std::string& scratch, int into) {
  TakeOut taker(job.take_out, into);
  FileScanner* const only[] = {&taker};
  Budget budget(job.limits, file.size(), clock);
  FindingList findings;
  Walk walk(only, budget, findings, scratch, job.passwords);
  Artifact outer;
  outer.bytes = file;
  outer.name = job.name;
  walk.look_at(outer);
  ScanReply reply;
  reply.id = job.id;
  return reply;
}

}  // namespace

ScanReply run_scan_job(const ScanJob& job, ByteView file, std::span<FileScanner* const> scanners,
                       const Clock& clock, const std::string& scratch, int into) {
  if (!job.take_out.empty()) return take_out(job, file, clock, scratch, into);
  std::vector<FileScanner*> wanted;
  ScanReply reply;
  reply.id = job.id;
  for (FileScanner* scanner : scanners) {
    if (job.scanners.has(scanner->kind())) wanted.push_back(scanner);
  }
  Budget budget(job.limits, file.size(), clock);
  FindingList findings;
  Walk walk(wanted, budget, findings, scratch, job.passwords);
  Artifact outer;
  outer.bytes = file;
  outer.name = job.name;
  walk.look_at(outer);

  for (const FileScanner* scanner : wanted) reply.completed.add(scanner->kind());
  if (job.scanners.has(Scanner::structure)) reply.completed.add(Scanner::structure);
  reply.artifacts = walk.artifacts();
  if (reply.artifacts > 1) reply.tree = walk.take_tree();
  reply.page_words = walk.take_page_words();
  reply.findings = ours_first(findings.take());
  return reply;
}

namespace {

// False: the conversation is over, with this exit code.
bool serve_one(int socket, std::span<FileScanner* const> scanners, const Clock& clock,
               const std::string& scratch, int& code) {
  auto datagram = receive_scan_message(socket);
  code = !datagram && datagram.error().code == Errc::closed ? 0 : 2;
  if (!datagram || datagram->fds.empty()) return false;
  const auto job = decode_scan_job(as_bytes(datagram->bytes));
  const bool takes_out = job && !job->take_out.empty();
  if (!job || datagram->fds.size() != (takes_out ? 2 : 1)) return false;
  const auto file = MappedFile::map(datagram->fds[0].get());
  if (!file) return false;
  const int into = takes_out ? datagram->fds[1].get() : -1;
  const ScanReply reply = run_scan_job(*job, file->bytes(), scanners, clock, scratch, into);
  return send_scan_message(socket, encode(reply)).has_value();
}

}  // namespace

int serve_scan_jobs(int socket, std::span<FileScanner* const> scanners, const Clock& clock,
                    const std::string& scratch) {
  int code = 0;
  while (serve_one(socket, scanners, clock, scratch, code)) {
  }
  return code;
}

}  // namespace weir

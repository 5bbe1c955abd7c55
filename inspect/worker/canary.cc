#include "inspect/worker/canary.h"

#include <archive.h>
#include <archive_entry.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "core/fd.h"
#include "inspect/worker/clamav_scanner.h"
#include "inspect/worker/yara_scanner.h"

namespace weir {
namespace {

constexpr int kMembers = 64;
constexpr int kWaitMillis = 30'000;

struct FreeWriter {
  void operator()(archive* writer) const { archive_write_free(writer); }
};
struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

bool add_member(archive* writer, const std::string& name, const std::string& content) {
  const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0600);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
  if (archive_write_header(writer, entry.get()) != ARCHIVE_OK) return false;
  return archive_write_data(writer, content.data(), content.size()) ==
         static_cast<la_ssize_t>(content.size());
}

std::string filler(int member) {
  std::string text = "member " + std::to_string(member) + "\n";
  while (text.size() < 4096) text += "nothing to see here\n";
  return text;
}

Result<UniqueFd> file_of(std::string_view bytes) {
  UniqueFd fd(::memfd_create("canary", MFD_CLOEXEC));
  if (!fd) return std::unexpected(errno_error("memfd_create", errno));
  if (::write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    return std::unexpected(errno_error("write canary", errno));
  }
  return fd;
}

std::unexpected<Error> blind(std::string_view what) {
  return fail(Errc::internal, Fault::helper, "self-test: " + std::string(what));
}

Result<ScanReply> ask(int socket, int file, Scanner scanner) {
  ScanJob job;
  job.scanners.add(scanner);
  if (auto sent = send_scan_message(socket, encode(job), std::array{file}); !sent) {
    return pass(std::move(sent));
  }
  pollfd waiting{.fd = socket, .events = POLLIN, .revents = 0};
  if (::poll(&waiting, 1, kWaitMillis) != 1) return blind("a child does not answer");
  auto datagram = receive_scan_message(socket);
  if (!datagram) return blind("a child died: " + datagram.error().what);
  return decode_scan_reply(as_bytes(datagram->bytes));
}

Result<void> check_scanner(int socket, int file, Scanner scanner, std::string_view name) {
  const auto reply = ask(socket, file, scanner);
  if (!reply) return std::unexpected(reply.error());
  const auto seen = [&](const Finding& finding) {
    return finding.scanner == scanner && finding.name.starts_with(name);
  };
  if (std::ranges::any_of(reply->findings, seen)) return {};
  std::string what(scanner_name(scanner));
  what += " does not find what it must";
  for (const Finding& finding : reply->findings) what += "; " + finding.name;
  return blind(what);
}

}  // namespace

Result<std::string> canary_archive(std::string_view canary) {
  const std::unique_ptr<archive, FreeWriter> writer(archive_write_new());
  archive_write_set_format_zip(writer.get());
  std::string bytes(1U << 20, '\0');
  std::size_t used = 0;
  bool good =
      archive_write_set_bytes_per_block(writer.get(), 0) == ARCHIVE_OK &&
      archive_write_open_memory(writer.get(), bytes.data(), bytes.size(), &used) == ARCHIVE_OK;
  for (int i = 1; good && i < kMembers; ++i) {
    good = add_member(writer.get(), std::to_string(i) + ".txt", filler(i));
  }
  good = good && add_member(writer.get(), "canary.txt", filler(kMembers) + std::string(canary)) &&
         archive_write_close(writer.get()) == ARCHIVE_OK;
  if (!good) return blind("no canary could be made");
  bytes.resize(used);
  return bytes;
}

Result<void> check_canary(int socket, std::string_view canary) {
  const auto bytes = canary_archive(canary);
  if (!bytes) return std::unexpected(bytes.error());
  const auto file = file_of(*bytes);
  if (!file) return std::unexpected(file.error());
  auto yara = check_scanner(socket, file->get(), Scanner::yara, kYaraCanaryRule);
  if (!yara) return yara;
  return check_scanner(socket, file->get(), Scanner::clamav, kClamavCanaryName);
}

}  // namespace weir

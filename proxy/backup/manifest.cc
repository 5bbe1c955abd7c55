#include "proxy/backup/manifest.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace weir {
namespace {

constexpr std::string_view kFirstLine = "weir-backup 1";
constexpr std::size_t kMostPath = 4096;
constexpr std::size_t kHexDigest = 64;

constexpr std::array<std::string_view, 5> kSecrets = {"ca.key", "ca-next.key", "ca-old.key",
                                                      "ca-request.key", "quarantine.key"};
// Folders and files that are made anew: what was fetched, what is in transit, what runs.
constexpr std::array<std::string_view, 4> kSkippedFolders = {"spool/", "events.spool/",
                                                             "sandbox/files/", "quarantine/files/"};
constexpr std::array<std::string_view, 2> kSkippedFiles = {"run.json", "weir.pid"};

bool is_plain_path(std::string_view path) {
  if (path.empty() || path.size() > kMostPath || path.front() == '/' || path.back() == '/') {
    return false;
  }
  if (std::ranges::any_of(path, [](unsigned char c) { return c < ' ' || c == 127; })) return false;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = end + 1;
  }
  return true;
}

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return line;
}

// "<name> <value>" with just this name.
bool take_field(std::string_view line, std::string_view name, std::string& into) {
  if (!line.starts_with(name) || line.size() <= name.size() + 1 || line[name.size()] != ' ') {
    return false;
  }
  into = line.substr(name.size() + 1);
  return true;
}

bool take_file(std::string_view line, BackedUpFile& file) {
  if (line.size() < kHexDigest + 4 || line[kHexDigest] != ' ') return false;
  file.sha256 = line.substr(0, kHexDigest);
  const std::string_view rest = line.substr(kHexDigest + 1);
  const std::size_t space = rest.find(' ');
  if (space == rest.npos) return false;
  const char* const end = rest.data() + space;
  const auto [at, bad] = std::from_chars(rest.data(), end, file.bytes);
  file.path = rest.substr(space + 1);
  return bad == std::errc() && at == end && is_lower_hex(file.sha256) && is_plain_path(file.path);
}

std::unexpected<Error> broken(std::size_t line) {
  return fail(Errc::malformed, Fault::local,
              "the backup's list is damaged, line " + std::to_string(line));
}

std::array<std::uint32_t, 3> numbers_of(std::string_view version) {
  std::array<std::uint32_t, 3> out{};
  for (std::uint32_t& number : out) {
    const auto [at, bad] = std::from_chars(version.data(), version.data() + version.size(), number);
    if (bad != std::errc()) break;
    version.remove_prefix(static_cast<std::size_t>(at - version.data()));
    if (version.empty() || version.front() != '.') break;
    version.remove_prefix(1);
  }
  return out;
}

}  // namespace

BackupKind backup_kind(std::string_view path) {
  using enum BackupKind;
  if (std::ranges::find(kSecrets, path) != kSecrets.end()) return secret;
  if (std::ranges::find(kSkippedFiles, path) != kSkippedFiles.end()) return skip;
  for (const std::string_view folder : kSkippedFolders) {
    if (path.starts_with(folder)) return skip;
  }
  if (path.starts_with("events.jsonl") || path.find(".part-") != path.npos) return skip;
  // Feeds are fetched again; what people here decided is not.
  if (path.starts_with("feeds/")) return path.starts_with("feeds/local.") ? copy : skip;
  if (path.ends_with(".sqlite")) return database;
  for (const std::string_view end : {"-wal", "-shm", "-journal", ".new", "lock"}) {
    if (path.ends_with(end)) return skip;
  }
  return copy;
}

std::string manifest_text(const BackupManifest& manifest) {
  std::string out = std::string(kFirstLine) + "\nprogram " + manifest.program + "\ncreated " +
                    manifest.created + "\n";
  if (!manifest.salt.empty()) out += "salt " + manifest.salt + "\n";
  for (const BackedUpFile& file : manifest.files) {
    out += file.sha256 + " " + std::to_string(file.bytes) + " " + file.path + "\n";
  }
  return out;
}

Result<BackupManifest> parse_manifest(std::string_view text) {
  const std::string_view first = take_line(text);
  if (!first.starts_with("weir-backup ")) return broken(1);
  if (first != kFirstLine) {
    return fail(Errc::unsupported, Fault::local, "the backup has another format than this program");
  }
  BackupManifest out;
  if (!take_field(take_line(text), "program", out.program)) return broken(2);
  if (!take_field(take_line(text), "created", out.created)) return broken(3);
  std::size_t number = 3;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    ++number;
    if (number == 4 && take_field(line, "salt", out.salt)) {
      if (!is_lower_hex(out.salt) || out.salt.size() != 32) return broken(number);
      continue;
    }
    BackedUpFile file;
    if (out.files.size() >= kMostBackedUp || !take_file(line, file)) return broken(number);
    // In order, so that none is named twice.
    if (!out.files.empty() && out.files.back().path >= file.path) return broken(number);
    out.files.push_back(std::move(file));
  }
  return out;
}

bool is_newer(std::string_view version, std::string_view than) {
  return numbers_of(version) > numbers_of(than);
}

}  // namespace weir

#include "feeds/names/first_seen.h"

#include <algorithm>
#include <array>

#include "conf/text_file.h"
#include "core/url.h"
#include "feeds/public_suffix.h"
#include "feeds/siphash.h"

namespace weir {
namespace {

constexpr std::uint64_t kMostListBytes = 256ULL << 20;

WallTime time_of(std::uint32_t minute) { return WallTime(std::chrono::minutes(minute)); }

std::uint8_t bit_of(FileClass file_class) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(file_class));
}

SipKey random_key(Random& random) {
  SipKey key{};
  random.fill({reinterpret_cast<std::uint8_t*>(key.data()), sizeof key});
  return key;
}

// The domain of a line of a popularity list, "" for none.
std::string_view domain_of(std::string_view line) {
  line = line.substr(line.rfind(',') + 1);  // npos + 1 is 0
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  return line.starts_with('#') ? std::string_view() : line;
}

}  // namespace

std::string_view file_class_name(FileClass file_class) {
  constexpr std::array<std::string_view, 7> kNames = {"executable", "script", "archive", "document",
                                                      "html",       "media",  "other"};
  return kNames[static_cast<std::size_t>(file_class)];
}

FileClass file_class_of(FileType type) {
  if (type == FileType::html) return FileClass::html;
  if (type == FileType::javascript) return FileClass::script;
  switch (family_of(type)) {
    case FileFamily::executable: return FileClass::executable;
    case FileFamily::archive: return FileClass::archive;
    case FileFamily::document: return FileClass::document;
    case FileFamily::script: return FileClass::script;
    case FileFamily::media: return FileClass::media;
    default: return FileClass::other;
  }
}

FirstSeen::FirstSeen(Options options, Random& random, WallTime now)
    : options_(options), table_(options.most) {
  begin({random_key(random), minute_of(now)});
}

void FirstSeen::begin(SeenOrigin origin) {
  origin_ = origin;
  const auto learn = std::chrono::duration_cast<std::chrono::minutes>(options_.learn).count();
  learnt_ = static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(std::int64_t{origin.since} + learn, 0, 0xffff'ffff));
}

std::uint32_t FirstSeen::minute_of(WallTime time) {
  const auto minutes =
      std::chrono::duration_cast<std::chrono::minutes>(time.time_since_epoch()).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(minutes, 1, 0xffff'ffff));
}

std::uint64_t FirstSeen::key_of(std::string_view registrable) const {
  return SeenTable::usable_key(siphash128<1, 3>(origin_.key, registrable).hi);
}

Seen FirstSeen::seen(const std::optional<SeenEntry>& entry, WallTime now) const {
  if (!entry) return {now, now, 0, learning(now), false};
  return {time_of(entry->first), time_of(entry->last), entry->visits, learning(now),
          entry->first == 0};
}

Seen FirstSeen::note(std::string_view registrable, WallTime now) {
  return seen(table_.visit(key_of(registrable), minute_of(now)), now);
}

Seen FirstSeen::find(std::string_view registrable, WallTime now) const {
  return seen(table_.find(key_of(registrable)), now);
}

bool FirstSeen::delivered(std::string_view registrable, FileClass file_class) const {
  const auto entry = table_.find(key_of(registrable));
  return entry && (entry->kinds & bit_of(file_class)) != 0;
}

bool FirstSeen::note_download(std::string_view registrable, FileClass file_class, WallTime now) {
  const std::uint8_t bit = bit_of(file_class);
  return (table_.add_kinds(key_of(registrable), bit, minute_of(now)) & bit) == 0;
}

Result<SeenFile::Loaded> FirstSeen::load(const std::string& path, WallTime now) {
  SeenOrigin origin = origin_;
  const std::uint32_t latest = minute_of(now);
  auto loaded = file_.open(path, origin, [&](SeenEntry entry) {
    // Stamps from a clock that ran ahead would make a domain new for ever.
    entry.first = std::min(entry.first, latest);
    entry.last = std::min(entry.last, latest);
    table_.merge(entry, false);
  });
  if (!loaded) return loaded;
  origin.since = std::min(origin.since, latest);
  begin(origin);
  return loaded;
}

Result<void> FirstSeen::save() {
  std::vector<SeenEntry> changed;
  table_.drain([&](const SeenEntry& entry) { changed.push_back(entry); });
  if (auto wrote = file_.append(changed); !wrote) return wrote;
  return file_.wants_rewrite() ? file_.rewrite(table_) : Result<void>();
}

Result<std::uint64_t> FirstSeen::seed(const std::string& list_file, WallTime now) {
  const auto text = read_text_file(list_file, kMostListBytes);
  if (!text) return std::unexpected(text.error());
  std::uint64_t count = 0;
  std::string_view rest = *text;
  while (!rest.empty() && count < options_.most / 2) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const auto host = canonical_host(domain_of(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::string_view domain = host ? registrable_domain(*host) : std::string_view();
    if (domain.empty()) continue;
    table_.merge({key_of(domain), 0, minute_of(now), 0, 0}, true);
    ++count;
  }
  return count;
}

}  // namespace weir

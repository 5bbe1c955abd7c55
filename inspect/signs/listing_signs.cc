#include <algorithm>
#include <string>

#include "core/http_message.h"
#include "inspect/signs/name_tricks.h"
#include "inspect/signs/signs.h"

namespace weir {
namespace {

constexpr std::size_t kMostNames = 20000;
constexpr std::size_t kFew = 3;         // files of an archive that was made to carry one thing
constexpr std::size_t kSmallDisk = 12;  // files of a disk image that is no installer

struct Counts {
  std::size_t files = 0, programs = 0, scripts = 0, shortcuts = 0;
  bool bait = false;
  std::string runs;  // the name of one that runs
};

void add_tricks(const NameTricks& tricks, std::string_view name, Remarks& remarks) {
  if (tricks.reversed) remarks.sign("name-reversed", 60, shown(name));
  if (tricks.padded) remarks.sign("name-padded", 60, shown(name));
  if (tricks.doubled) remarks.sign("name-double-extension", 50, shown(name));
  if (tricks.tells_password) remarks.sign("name-tells-password", 15, shown(name));
}

Counts count_members(std::span<const std::string> names, Remarks& remarks) {
  Counts counts;
  for (const std::string& name : names.first(std::min(names.size(), kMostNames))) {
    if (name.empty() || name.ends_with('/')) continue;
    ++counts.files;
    const NameTricks tricks = tricks_of(name);
    add_tricks(tricks, name, remarks);
    if (!tricks.runs()) continue;
    counts.bait |= tricks.bait;
    if (counts.runs.empty()) counts.runs = name;
    counts.programs += tricks.kind == NameKind::program ? 1 : 0;
    counts.scripts += tricks.kind == NameKind::script ? 1 : 0;
    counts.shortcuts += tricks.kind == NameKind::shortcut ? 1 : 0;
  }
  return counts;
}

bool is_disk_image(std::string_view name) {
  constexpr std::string_view kImages[] = {".iso", ".img", ".vhd", ".vhdx", ".udf"};
  const std::string lower =
      to_lower(name.substr(name.size() - std::min<std::size_t>(name.size(), 8)));
  return std::ranges::any_of(kImages, [&](std::string_view one) { return lower.ends_with(one); });
}

// What comes in a disk image has lost the mark that it came from the network.
void look_at_disk(const Counts& counts, Remarks& remarks) {
  const bool small = counts.files <= kSmallDisk;
  std::uint8_t score = 0;
  if (small && counts.programs > 0) score = 35;
  if (small && counts.scripts > 0) score = 45;
  if (small && counts.shortcuts > 0) score = 60;
  remarks.sign("disk-image-with-program", score, shown(counts.runs));
}

void look_at_archive(const Counts& counts, bool bait, Remarks& remarks) {
  if (counts.files > kFew) return;
  if (counts.shortcuts > 0) {
    remarks.sign("archive-with-shortcut", 40, shown(counts.runs));
  } else if (counts.scripts == counts.files) {
    remarks.sign("archive-only-script", 35, shown(counts.runs));
  } else if (counts.programs == counts.files) {
    remarks.sign("archive-only-program", 10, shown(counts.runs));
  }
  if (bait) remarks.sign("archive-bait-name", 20, shown(counts.runs));
}

}  // namespace

void examine_archive_listing(std::span<const std::string> member_names,
                             std::string_view archive_name, Remarks& remarks) {
  const Counts counts = count_members(member_names, remarks);
  const NameTricks own = tricks_of(archive_name);
  if (own.tells_password) remarks.sign("name-tells-password", 15, shown(archive_name));
  if (counts.runs.empty()) return;
  if (is_disk_image(archive_name)) {
    look_at_disk(counts, remarks);
  } else {
    look_at_archive(counts, counts.bait || own.bait, remarks);
  }
}

}  // namespace weir

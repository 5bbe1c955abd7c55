#include "proxy/local_lists.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <filesystem>
#include <functional>

#include "conf/units.h"
#include "core/escape.h"
#include "core/fd.h"
#include "feeds/local_index.h"

namespace weir {
namespace {

constexpr std::size_t kLongestWhy = 1024;

std::string folder_of(const Settings& settings) { return settings.state_dir + "/feeds"; }

// Held while the descriptor lives.
Result<UniqueFd> lock_of(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  const std::string path = folder + "/local.lock";
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return std::unexpected(errno_error("open " + path, errno));
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return std::unexpected(errno_error("lock " + path, errno));
  }
  return fd;
}

Result<> change(const Settings& settings, WallTime now,
                const std::function<Result<>(LocalList&)>& apply) {
  const auto lock = lock_of(folder_of(settings));
  if (!lock) return std::unexpected(lock.error());
  auto list = LocalList::load(local_list_path(settings));
  if (!list) return pass(std::move(list));
  list->drop_expired(now);
  if (auto done = apply(*list); !done) return done;
  if (auto saved = list->save(local_list_path(settings)); !saved) return pass(std::move(saved));
  const auto summary = write_local_index(folder_of(settings), *list, now);
  if (!summary) return std::unexpected(summary.error());
  return {};
}

// The mistake is of the person who asks, whatever the reader calls it.
Result<LocalEntry> entry_of(const std::string& indicator) {
  auto entry = local_entry(indicator);
  if (entry) return entry;
  return fail(Errc::invalid, Fault::client, entry.error().what);
}

}  // namespace

std::string local_list_path(const Settings& settings) {
  return folder_of(settings) + "/local.json";
}

Result<LocalEntry> put_on_local_list(const Settings& settings, const LocalWish& wish,
                                     WallTime now) {
  auto entry = entry_of(wish.indicator);
  if (!entry) return entry;
  const auto lasting = wish.lasting.empty() ? std::optional(std::chrono::milliseconds(0))
                                            : parse_duration(wish.lasting);
  if (!lasting) {
    return fail(Errc::invalid, Fault::client,
                escape_for_log(wish.lasting, 80) + " is no duration, like 24h or 7d");
  }
  if (wish.why.size() > kLongestWhy) {
    return fail(Errc::invalid, Fault::client, "the reason has more than 1024 bytes");
  }
  entry->allow = wish.allow;
  entry->added = now;
  entry->why = wish.why;
  if (*lasting > std::chrono::milliseconds(0)) entry->expiry = now + *lasting;
  auto done = change(settings, now, [&](LocalList& list) { return list.put(*entry); });
  if (!done) return pass(std::move(done));
  return entry;
}

Result<LocalEntry> take_off_local_list(const Settings& settings, const std::string& indicator,
                                       WallTime now) {
  auto entry = entry_of(indicator);
  if (!entry) return entry;
  auto done = change(settings, now, [&](LocalList& list) -> Result<> {
    if (list.remove(entry->kind, entry->value)) return {};
    return fail(Errc::not_found, Fault::client,
                escape_for_log(indicator, 200) + " is not on the list");
  });
  if (!done) return pass(std::move(done));
  return entry;
}

}  // namespace weir

// A file that appears under its name only when it is whole and on the disk: written beside it,
// synced, renamed, and the folder synced. Gone again if it was not placed. One owner, one thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/fd.h"
#include "core/random.h"
#include "core/result.h"

namespace weir {

// Called with a name after each step that a kill could follow; tests end the process there.
using StepHook = std::function<void(std::string_view)>;

class PlacedFile {
 public:
  // Mode 0600. What a kill leaves is called <name>.part-<hex>.
  static Result<PlacedFile> make(const std::string& folder, const std::string& name,
                                 Random& random);
  PlacedFile(PlacedFile&& other) noexcept
      : folder_(std::move(other.folder_)),
        name_(std::move(other.name_)),
        part_(std::exchange(other.part_, {})),
        fd_(std::move(other.fd_)) {}
  PlacedFile& operator=(PlacedFile&&) = delete;
  ~PlacedFile();

  Result<> write(ByteView bytes);
  Result<> place(const StepHook& step = {});

 private:
  PlacedFile(std::string folder, std::string name, std::string part)
      : folder_(std::move(folder)), name_(std::move(name)), part_(std::move(part)) {}

  std::string folder_, name_, part_;  // part_ is "" when there is nothing to remove
  UniqueFd fd_;
};

// The bytes of `fd` from its beginning to its end, piece by piece; too_large after `most`. An error
// of the visitor ends it.
Result<> each_piece(int fd, std::uint64_t most, const std::function<Result<>(ByteView)>& visit);

// 64 lower-case hex digits, and so a safe file name.
bool is_sha256_hex(std::string_view text);

// Removes every file of the folder that `keep` does not want.
void sweep_folder(const std::string& folder,
                  const std::function<bool(const std::string& name)>& keep);

}  // namespace weir

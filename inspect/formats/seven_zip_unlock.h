// Opens encrypted 7z archives with passwords: gives one member, the same archive without its
// encryption ("unlocked.7z": the packed streams decrypted, the header written anew without the
// 7zAES coders), which is then read like any other. Streamed; memory is the header. All or nothing:
// what some password does not open stays locked. One thread.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "inspect/formats/container.h"

namespace weir {

std::unique_ptr<Container> open_locked_seven_zip(const Subject& file,
                                                 std::span<const std::string> passwords,
                                                 Reason& problem);
// Without passwords there is nothing to open.
std::unique_ptr<Container> open_locked_seven_zip(const Subject& file, Reason& problem);

}  // namespace weir

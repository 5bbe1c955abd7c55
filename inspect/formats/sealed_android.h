// Android backups (`adb backup`): four lines of text, then a tar, deflated or not. One with a
// password is in the table of sealed.h; this opens the others. Sans-io, any thread.
#pragma once

#include <memory>

#include "inspect/formats/container.h"

namespace weir {

std::unique_ptr<Container> open_android_backup(const Subject& file, Reason& problem);

}  // namespace weir

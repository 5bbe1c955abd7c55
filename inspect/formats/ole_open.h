// What is in a compound file, as members: every stream under its path, and in place of some of them
// what they hold: VBA modules as source ("VBA/Module1.bas"), packaged files and the attachments of
// messages under their own names. The names of MSI streams are decoded. One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "inspect/formats/container.h"

namespace weir {

std::unique_ptr<Container> open_ole(const Subject& file, Reason& problem);

// MSI packs two characters of a name into one of U+3800 to U+483F, and begins the names of tables
// with U+4840; UTF-8 in and out, "!" for the latter. Other names come back as they are.
std::string msi_stream_name(std::string_view name);

}  // namespace weir

// Reads weir.yaml into Settings. All problems are reported with their places; the settings are
// there exactly when none of them is an error. Relative paths, also those of defaults, are seen
// from the folder of the file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conf/diagnostic.h"
#include "conf/settings.h"
#include "conf/yaml.h"

namespace weir {

std::optional<Settings> load_settings(const std::string& file, std::vector<Diagnostic>& problems);

// The same from a tree that is already read; `problems` says which file it is.
std::optional<Settings> bind_settings(const YamlNode& root, Problems& problems);

}  // namespace weir

// How weir-sign is started: from the settings, and where the helpers are. Pure.
#pragma once

#include <string>

#include "conf/settings.h"
#include "proxy/tls/signer_process.h"

namespace weir {

SignerStart start_of_signer(const Settings& settings, const std::string& helper_dir);

}  // namespace weir

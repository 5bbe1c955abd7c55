// The network of a cell: a namespace in which loopback is the only interface and every address
// there is, of both families, is the machine's own. So nothing can leave, and whoever is called can
// be played by a listener of ours (sink.h).
#pragma once

#include "core/result.h"

namespace weir {

// For the calling process's network namespace, which is new and its own.
Result<void> make_every_address_local();

}  // namespace weir

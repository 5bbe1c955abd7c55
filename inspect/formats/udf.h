// The files of a UDF volume as members. The ISO 9660 side of a bridge is libarchive's, and what
// examine_disk_image says of UDF that cannot be read stands beside it. Sans-io, any thread.
#pragma once

#include <memory>

#include "inspect/formats/container.h"

namespace weir {

std::unique_ptr<Container> open_udf(const Subject& file, Reason& problem);

}  // namespace weir

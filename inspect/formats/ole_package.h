// Files wrapped by the OLE packager: the stream "\1Ole10Native" ([MS-OLEDS] 2.3.6, the inside as
// Windows' packager writes it), and OLE 1 objects as RTF holds them (2.2.4). Sans-io, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/bytes.h"

namespace weir {

struct OlePackage {
  std::string name;      // hostile, the bytes as stored; no folder
  std::uint64_t at = 0;  // of the content, from the start of what was read
  std::uint64_t size = 0;
};

// From the first bytes of a packager's data, without (OLE 1) or with the 4 bytes of size before it.
// The content may lie beyond `head`. nullopt: written by somebody else.
std::optional<OlePackage> read_package(ByteView head, bool with_size);

struct Ole1Object {
  std::string kind;  // "Package", "Word.Document.8"
  std::uint64_t at = 0, size = 0;
};
std::optional<Ole1Object> read_ole1(ByteView bytes);

// The part after the last '/' or '\'.
std::string last_part(std::string_view path);

}  // namespace weir

// The header of a 7z archive written anew without its 7zAES coders, and what has to be done with
// each packed stream so that it fits. Sans-io, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "inspect/formats/seven_zip_crypto.h"
#include "inspect/formats/seven_zip_header.h"

namespace weir {

struct SevenZipPackedStream {
  ByteView bytes;                    // as they lie in the file
  std::optional<SevenZipLock> lock;  // set: to be decrypted
  std::uint64_t plain = 0;           // size afterwards
  std::size_t folder = 0;
  SevenZipCoder reader;  // the coder that reads what comes out
};

struct SevenZipPlain {
  std::vector<SevenZipPackedStream> streams;
  std::string header;
};

// `header` is a plain one, `body` what lies behind the start header. nullopt: it is not made in a
// way that can be undone (a coder before the encryption, streams that are not there).
std::optional<SevenZipPlain> without_encryption(ByteView header, ByteView body);

// The start header (7zFormat.txt, "SignatureHeader") for streams of these sizes and this header.
std::string seven_zip_start(std::uint64_t packed, std::string_view header);

}  // namespace weir

// Files that are encrypted as a whole by a program with a format of its own, told by their magic:
// one table (sealed_table.cc) with a row per format and a small function that rules out accidents.
// Sans-io, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "inspect/formats/remark.h"

namespace weir {

// encrypted: the names in the table, "age", "openssl-enc", "luks2", "bitlocker", "keepass", …
// Signs of weight 0 for key stores: "java-keystore", …
void examine_sealed(const Subject& file, Remarks& remarks);

// Where a row's magic stands.
enum class MagicAt : std::uint8_t {
  begin,      // of the file, `offset` bytes in
  end,        // `offset` bytes before the end
  text_line,  // the file's first line begins with it (a byte order mark and blank lines before)
};

enum class SealedKind : std::uint8_t {
  content,  // encrypted
  keys,     // a store of keys: a sign of weight 0
};

struct SealedFormat {
  std::string_view name;
  SealedKind kind;
  MagicAt at;
  std::uint32_t offset;
  std::string_view magic;
  // Whether the rest can be so; the whole file, of `text_line` from that line on. Null: no doubt.
  bool (*holds)(ByteView file);
};
std::span<const SealedFormat> sealed_formats();

// A name for the volume encryption that a partition or disk begins with ("luks2", "bitlocker"), or
// empty. Rows of the same table.
std::string_view sealed_volume(ByteView bytes);

// Formats without a magic but with a shape: Fernet tokens, JWE (RFC 7516), XML Encryption.
std::string_view sealed_by_shape(ByteView file);

}  // namespace weir

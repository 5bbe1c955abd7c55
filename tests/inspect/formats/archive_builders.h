// Headers of archives that no free program writes, byte by byte from their format documents, each
// with its checksum. Content is noise: only headers are read.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "inspect/formats/remark.h"
#include "tests/inspect/worker/samples.h"

namespace weir {

using Said = std::vector<std::pair<Reason, std::string>>;

inline Said said_of(void (*examine)(const Subject&, Remarks&), const std::string& bytes,
                    std::string_view name = {}) {
  Remarks remarks;
  examine({.bytes = as_bytes(bytes), .type = FileType::unknown, .name = name}, remarks);
  Said said;
  for (const Remark& one : remarks.all()) said.emplace_back(one.reason, one.name);
  return said;
}

inline std::string detail_of(void (*examine)(const Subject&, Remarks&), const std::string& bytes) {
  Remarks remarks;
  examine({.bytes = as_bytes(bytes), .type = FileType::unknown, .name = {}}, remarks);
  return remarks.all().empty() ? "" : remarks.all().front().detail;
}

inline std::string archive_file(const std::string& name) {
  return read_file(std::string(WEIR_SOURCE_DIR) + "/tests/corpus/archives/" + name);
}

inline std::string little(std::uint64_t value, unsigned width) {
  std::string text;
  for (; width > 0; --width, value >>= 8) text += static_cast<char>(value & 0xff);
  return text;
}

inline std::uint32_t crc_of(const std::string& text) {
  const ByteView bytes = as_bytes(text);
  return static_cast<std::uint32_t>(crc32_z(0, bytes.data(), bytes.size()));
}

// RAR 4: type, flags, and what follows the seven common bytes; data behind it.
inline std::string rar4_block(int type, unsigned flags, const std::string& fields,
                              const std::string& data = {}) {
  const std::string head = little(static_cast<unsigned>(type), 1) + little(flags, 2) +
                           little(fields.size() + 7, 2) + fields;
  return little(crc_of(head) & 0xffff, 2) + head + data;
}
inline std::string rar4_start(unsigned flags = 0) {
  return std::string("Rar!\x1a\x07\0", 7) + rar4_block(0x73, flags, std::string(6, '\0'));
}
inline std::string rar4_file(unsigned flags, const std::string& data, unsigned version = 29,
                             unsigned size = 100) {
  return rar4_block(0x74, 0x8000U | flags,
                    little(data.size(), 4) + little(size, 4) + little(0, 9) + little(version, 1) +
                        little(0x33, 1) + little(1, 2) + little(0, 4) + "a",
                    data);
}
inline std::string rar4_end(unsigned flags = 0) { return rar4_block(0x7b, 0x4000U | flags, ""); }

// RAR 5; numbers below 128 take one byte.
inline std::string rar5_block(unsigned type, unsigned flags, const std::string& fields,
                              const std::string& extra = {}, const std::string& data = {}) {
  std::string head = little(type, 1);
  head += little(flags | (extra.empty() ? 0U : 1U) | (data.empty() ? 0U : 2U), 1);
  if (!extra.empty()) head += little(extra.size(), 1);
  if (!data.empty()) head += little(data.size(), 1);
  head += fields + extra;
  head = little(head.size(), 1) + head;
  return little(crc_of(head), 4) + head + data;
}
inline std::string rar5_start(const std::string& flags = std::string(1, '\0')) {
  return std::string("Rar!\x1a\x07\x01\0", 8) + rar5_block(1, 0, flags);
}
// The record of encrypted entries: type 1, AES-256, salt, vector and check value left out.
inline std::string rar5_encryption() { return little(4, 1) + little(1, 1) + little(0, 3); }
inline std::string rar5_file(const std::string& extra, const std::string& data, unsigned flags = 0,
                             unsigned size = 100, unsigned version = 0) {
  return rar5_block(2, flags,
                    little(0, 1) + little(size, 1) + little(0, 1) + little(version, 1) +
                        little(0, 1) + little(1, 1) + "a",
                    extra, data);
}
inline std::string rar5_end(unsigned flags = 0) { return rar5_block(5, 0, little(flags, 1)); }

// ACE: a checksum, a size, and a block.
inline std::string ace_block(unsigned type, unsigned flags, const std::string& fields) {
  const std::string head = little(type, 1) + little(flags, 2) + fields;
  return little(~crc_of(head) & 0xffff, 2) + little(head.size(), 2) + head;
}
inline std::string ace_start(unsigned flags = 0) {
  return ace_block(0, flags, "**ACE**" + std::string(20, '\0'));
}
inline std::string ace_file(unsigned flags, const std::string& data) {
  return ace_block(1, flags | 1U, little(data.size(), 4) + little(50, 4) + std::string(20, 'x')) +
         data;
}

// StuffIt 1: methods, sizes of the forks.
inline std::string big(std::uint64_t value, unsigned width) {
  std::string text = little(value, width);
  std::ranges::reverse(text);
  return text;
}
inline std::string stuffit_entry(unsigned resource, unsigned data, const std::string& content) {
  return little(resource, 1) + little(data, 1) + std::string(90, 'n') + big(0, 4) +
         big(content.size(), 4) + std::string(12, '\0') + content;
}
inline std::string stuffit_start() {
  return "SIT!" + std::string(6, '\0') + "rLau" + std::string(8, '\0');
}

inline std::string alz_entry(bool encrypted, const std::string& data) {
  return "BLZ\x01" + little(1, 2) + little(0x20, 1) + little(0, 4) +
         little(encrypted ? 0x21 : 0x20, 1) + little(0, 1) + little(2, 2) + little(0, 4) +
         little(data.size(), 2) + little(50, 2) + "a" + std::string(encrypted ? 12 : 0, 's') + data;
}

inline std::string egg_entry(bool encrypted, const std::string& data) {
  std::string entry = little(0x0A8590E3, 4) + little(1, 4) + little(50, 8);
  entry += little(0x0A8591AC, 4) + little(0, 1) + little(1, 2) + "a";
  if (encrypted) entry += little(0x08D1470F, 4) + little(0, 1) + little(3, 2) + "key";
  entry += little(0x08E28222, 4);
  entry += little(0x02B50C13, 4) + little(0, 2) + little(50, 4) + little(data.size(), 4) +
           little(0, 4) + little(0x08E28222, 4) + data;
  return entry;
}
inline std::string egg_start() {
  return "EGGA" + little(0x100, 2) + little(7, 4) + little(0, 4) + little(0x08E28222, 4);
}

}  // namespace weir

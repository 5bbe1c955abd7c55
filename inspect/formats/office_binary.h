// The encryption of one DOC, XLS or PPT inside a compound file, found by its streams: the FIB
// ([MS-DOC] 2.5.2), the record FilePass ([MS-XLS] 2.4.117), the tokens of PowerPoint ([MS-PPT]
// 2.3.2). Sans-io, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "inspect/formats/compound_file.h"
#include "inspect/formats/office_binary_key.h"

namespace weir {

enum class BinaryKind : std::uint8_t { doc, xls, ppt };

struct BinaryLock {
  BinaryKind kind = BinaryKind::doc;
  std::string word;  // "xls-rc4"
  BinaryEncryption encryption;
};

// Each takes the folder that the document is in: "" or "ObjectPool/_123/". nullopt: no such
// document there, or not encrypted.
std::optional<BinaryLock> lock_of_doc(const CompoundFile& file, const std::string& folder);
std::optional<BinaryLock> lock_of_xls(const CompoundFile& file, const std::string& stream_path);
std::optional<BinaryLock> lock_of_ppt(const CompoundFile& file, const std::string& folder);

// Of the records of a workbook, in a stream or, in old versions, as a file of its own.
std::optional<BinaryLock> lock_of_records(ByteView records);
// Whether the file is a worksheet of the old kind, without a compound file around it.
bool is_bare_workbook(ByteView file);

// In the table stream's number as the FIB has it: "0Table" or "1Table".
std::string_view doc_table_name(ByteView fib);
// The UserEditAtom that the stream "Current User" points at, in the main stream.
struct PptEdit {
  std::uint32_t persist_directory = 0;
  std::uint32_t previous = 0;
  std::optional<std::uint32_t> session;  // the persist id of what describes the encryption
};
std::optional<PptEdit> read_ppt_edit(ByteView document, std::uint32_t at);
// Offsets by persist id, of one edit (2.3.4); false when it is broken.
struct PptObject {
  std::uint32_t id = 0, offset = 0;
};
bool read_ppt_objects(ByteView document, std::uint32_t at, std::vector<PptObject>& objects);

}  // namespace weir

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/inspect/signs/pe_builder.h"
#include "tests/inspect/signs/remarks.h"

namespace weir {
namespace {

struct BuiltElf {
  std::uint32_t flags = 5;  // of the one segment: readable, executable
  std::string code = std::string(300, '\x90');
  std::uint64_t entry = 0x400080;
  std::uint16_t sections = 0, type = 2;
  bool wide = true;
};

// One PT_LOAD at 0x400000 over the whole file.
std::string build(const BuiltElf& elf) {
  const int word = elf.wide ? 8 : 4;
  const std::size_t header = elf.wide ? 64 : 52, segment = elf.wide ? 56 : 32;
  const std::size_t size = header + segment + elf.code.size();
  std::string out =
      "\x7f"
      "ELF";
  put(out, elf.wide ? 2 : 1, 1);
  put(out, 1, 1);
  put(out, 1, 1);
  out += std::string(9, '\0');
  put(out, elf.type, 2);
  put(out, 62, 2);
  put(out, 1, 4);
  put(out, elf.entry, word);
  put(out, header, word);
  put(out, header + segment, word);
  put(out, 0, 4);
  put(out, header, 2);
  put(out, segment, 2);
  put(out, 1, 2);
  put(out, 64, 2);
  put(out, elf.sections, 2);
  put(out, 0, 2);
  put(out, 1, 4);
  if (elf.wide) put(out, elf.flags, 4);
  put(out, 0, word);
  put(out, 0x400000, word);
  put(out, 0x400000, word);
  put(out, size, word);
  put(out, size, word);
  if (!elf.wide) put(out, elf.flags, 4);
  put(out, 0x1000, word);
  return out + elf.code;
}

TEST(ElfSigns, EachHasItsSigns) {
  struct Row {
    const char* name;
    std::string bytes;
    Names want;
  };
  const std::string big(20000, 'c');
  const Row rows[] = {
      {"a stub that writes to itself",
       build({.flags = 7}),
       {"elf-no-sections", "elf-stub", "elf-writable-code"}},
      {"the same in 32 bits",
       build({.flags = 7, .wide = false}),
       {"elf-no-sections", "elf-stub", "elf-writable-code"}},
      {"static, stripped", build({.code = big, .sections = 1}), {"elf-static-stripped"}},
      {"upx",
       build({.code = "UPX!" + noise(20000)}),
       {"elf-no-sections", "elf-packed-code", "elf-upx"}},
      {"another packer",
       build({.code = noise(20000)}),
       {"elf-hidden-code", "elf-no-sections", "elf-packed-code"}},
      {"entry elsewhere",
       build({.code = big, .entry = 0x900000, .sections = 1}),
       {"elf-entry-outside-code", "elf-static-stripped"}},
      {"object file", build({.flags = 7, .type = 1}), {}},
      {"core dump", build({.flags = 7, .type = 4}), {}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(weighty(examined(examine_elf, row.bytes)), row.want) << row.name;
  }
}

TEST(ElfSigns, OnlyStrangePackersReachTheThreshold) {
  EXPECT_GE(total(examined(examine_elf, build({.flags = 7}))), 50U);
  EXPECT_GE(total(examined(examine_elf, build({.code = noise(20000)}))), 50U);
  EXPECT_LT(total(examined(examine_elf, build({.code = "UPX!" + noise(20000)}))), 50U);
}

TEST(ElfSigns, OrdinaryProgramsHaveNone) {
  for (const char* path : {"/bin/sh", "/usr/bin/env", "/lib64/ld-linux-x86-64.so.2"}) {
    std::ifstream in(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    ASSERT_GT(bytes.size(), 1000U) << path;
    EXPECT_EQ(weighty(examined(examine_elf, bytes)), Names{}) << path;
  }
}

TEST(ElfSigns, CutShortIsNoTrouble) {
  const std::string whole = build({.flags = 7, .sections = 3});
  for (std::size_t size = 0; size < 112; ++size) {
    const Remarks remarks = examined(examine_elf, std::string_view(whole).substr(0, size));
    EXPECT_EQ(remarks.all(), std::vector<Remark>{}) << size;
  }
}

}  // namespace
}  // namespace weir

#include <gtest/gtest.h>

#include "inspect/formats/pe_file.h"
#include "tests/inspect/signs/pe_builder.h"
#include "tests/inspect/signs/remarks.h"

namespace weir {
namespace {

constexpr std::uint32_t kData = 0xc0000040, kCode = 0x60000020;

const std::string& code() {
  static const std::string bytes = [] {
    std::string text;
    while (text.size() < 8192) text += "push mov call ret and other code that is not packed. ";
    return text;
  }();
  return bytes;
}

BuiltPe with_imports(const std::vector<std::string>& functions) {
  BuiltPe pe{.sections = {{".text", code()}, {".idata", imports(functions, 0x20000), kData}}};
  pe.directories[PeFile::kImports] = {0x20000, 40};
  return pe;
}

BuiltPe packed(std::string name, std::uint32_t flags = kCode) {
  return {.sections = {{std::move(name), noise(8192), flags}, {".data", "x", kData}}};
}

BuiltPe with_resource(const std::string& data) {
  std::string tree(12, '\0');  // one level is enough: the leaf hangs on the root
  put(tree, 0, 2);
  put(tree, 1, 2);
  put(tree, 10, 4);
  put(tree, 24, 4);
  put(tree, 0x20000 + 40, 4);
  put(tree, data.size(), 4);
  put(tree, 0, 8);
  BuiltPe pe{.sections = {{".text", code()}, {".rsrc", tree + data, 0x40000040}}};
  pe.directories[PeFile::kResources] = {0x20000, 100};
  return pe;
}

BuiltPe signed_with(const std::string& certificate) {
  BuiltPe pe{.sections = {{".text", code()}}, .overlay = certificate};
  pe.directories[PeFile::kCertificates] = {static_cast<std::uint32_t>(0x400 + code().size()),
                                           static_cast<std::uint32_t>(certificate.size())};
  return pe;
}

std::string certificate(std::uint16_t kind) {
  std::string bytes;
  put(bytes, 16, 4);
  put(bytes, 0x200, 2);
  put(bytes, kind, 2);
  return bytes + std::string("\x30\x06\x06\x01\x2a\x05\x00\x00", 8);
}

BuiltPe changed(BuiltPe pe, void (*change)(BuiltPe&)) {
  change(pe);
  return pe;
}

struct Row {
  const char* name;
  BuiltPe pe;
  Names want;
};

std::vector<Row> rows() {
  const BuiltPe plain{.sections = {{".text", code()}, {".data", "x", kData}}};
  return {
      {"plain", plain, {}},
      {"ordinary imports", with_imports({"CreateFileW", "ReadFile", "VirtualAlloc"}), {}},
      {"upx", packed("UPX1"), {"pe-packed-code", "pe-packer-section"}},
      {"noise in a data section", packed(".rodata", kData), {"pe-entry-outside-code"}},
      {"unknown packer that writes to itself",
       packed(".text", kCode | 0x80000000),
       {"pe-hidden-code", "pe-packed-code", "pe-writable-code"}},
      {"injection",
       with_imports({"VirtualAllocEx", "WriteProcessMemory", "CreateRemoteThread"}),
       {"pe-injection-imports"}},
      {"half of an injection", with_imports({"VirtualAllocEx", "CreateRemoteThread"}), {}},
      {"hollowing",
       with_imports({"WriteProcessMemory", "ResumeThread", "NtUnmapViewOfSection"}),
       {"pe-hollowing-imports"}},
      {"download and run",
       with_imports({"URLDownloadToFileA", "WinExec"}),
       {"pe-download-run-imports"}},
      {"few imports", with_imports({"LoadLibraryA", "GetProcAddress"}), {"pe-few-imports"}},
      {"program in a resource", with_resource(build(plain)), {"pe-program-in-resources"}},
      {"picture in a resource", with_resource("\x89PNG and so on"), {}},
      {"program behind",
       changed(plain, [](BuiltPe& pe) { pe.overlay = "__" + build(pe); }),
       {"pe-program-in-overlay"}},
      {"data behind", changed(plain, [](BuiltPe& pe) { pe.overlay = "MZ is no program"; }), {}},
      {"entry nowhere",
       changed(plain, [](BuiltPe& pe) { pe.entry = 0x90000; }),
       {"pe-entry-outside-sections"}},
      {"entry in data",
       changed(plain, [](BuiltPe& pe) { pe.entry = 0x20000; }),
       {"pe-entry-outside-code"}},
      {"from the future",
       changed(plain, [](BuiltPe& pe) { pe.time_stamp = 0xfffffff0; }),
       {"pe-time-in-future"}},
      {"signed", signed_with(certificate(2)), {}},
      {"no signature at all", signed_with(certificate(9)), {"pe-signature-malformed"}},
  };
}

TEST(PeSigns, EachHasItsSigns) {
  for (const Row& row : rows()) {
    EXPECT_EQ(weighty(examined(examine_pe, build(row.pe))), row.want) << row.name;
  }
}

TEST(PeSigns, FactsWeighNothing) {
  const Remarks is_signed = examined(examine_pe, build(signed_with(certificate(2))));
  EXPECT_TRUE(is_signed.has("pe-signed"));
  EXPECT_FALSE(is_signed.has("pe-overlay"));  // the signature is none
  const BuiltPe zero = changed(signed_with({}), [](BuiltPe& pe) {
    pe.directories[PeFile::kCertificates] = {};
    pe.directories[PeFile::kDotnet] = {0x10000, 72};
    pe.time_stamp = 0;
  });
  const Remarks facts = examined(examine_pe, build(zero));
  EXPECT_EQ(total(facts), 0U);
  for (const char* name : {"pe-unsigned", "pe-dotnet", "pe-time-zero"}) {
    EXPECT_TRUE(facts.has(name)) << name;
  }
}

TEST(PeSigns, WhatHidesAndInjectsReachesTheThreshold) {
  BuiltPe pe = with_imports({"VirtualAllocEx", "WriteProcessMemory", "CreateRemoteThread"});
  pe.sections[0] = {"UPX1", noise(8192)};
  EXPECT_GE(total(examined(examine_pe, build(pe))), 50U);
  EXPECT_LT(total(examined(examine_pe, build(packed("UPX1", 0xe0000020)))), 50U);
}

TEST(PeSigns, RightSumIsNoSign) {
  BuiltPe pe{.sections = {{".text", code()}}};
  const std::string unsummed = build(pe);
  pe.checksum = 1;
  EXPECT_TRUE(examined(examine_pe, build(pe)).has("pe-checksum-wrong"));
  pe.checksum = pe_checksum(*read_pe(as_bytes(unsummed)));
  EXPECT_FALSE(examined(examine_pe, build(pe)).has("pe-checksum-wrong"));
}

TEST(PeSigns, CutShortIsNoTrouble) {
  const std::string whole = build(with_resource(build(packed("UPX0"))));
  for (std::size_t size = 0; size < 0x600; size += 7) {
    const Remarks remarks = examined(examine_pe, std::string_view(whole).substr(0, size));
    EXPECT_EQ(remarks.all().empty(), size < 2) << size;
  }
  EXPECT_TRUE(examined(examine_pe, "MZ\x90 a DOS program").has("dos-program"));
  EXPECT_TRUE(examined(examine_pe, "no program").all().empty());
}

TEST(PeSigns, ReadsNoTreeThatBitesItsTail) {
  std::string tree(12, '\0');
  put(tree, 0, 2);
  put(tree, 0xffff, 2);
  for (int i = 0; i < 3000; ++i) {
    put(tree, 1, 4);
    put(tree, 0x80000000, 4);  // the root again
  }
  BuiltPe pe{.sections = {{".text", code()}, {".rsrc", tree, 0x40000040}}};
  pe.directories[PeFile::kResources] = {0x20000, 100};
  EXPECT_EQ(weighty(examined(examine_pe, build(pe))), Names{});
}

}  // namespace
}  // namespace weir

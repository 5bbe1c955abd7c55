#include <algorithm>
#include <chrono>
#include <span>
#include <string>

#include "core/cursor.h"
#include "inspect/formats/authenticode.h"
#include "inspect/formats/pe_file.h"
#include "inspect/signs/entropy.h"
#include "inspect/signs/signs.h"

namespace weir {
namespace {

// Compilers stay below 6.8; what is compressed or encrypted is above 7.5 when it is long.
constexpr double kPackedEntropy = 7.2;
constexpr std::size_t kEnoughForEntropy = 4096;
constexpr std::size_t kMostSummed = 8 * 1024 * 1024;
constexpr std::size_t kMostOverlayLooked = 1024 * 1024;

struct Packer {
  std::string_view section;  // how its name starts
  std::string_view name;
  std::uint8_t score;
};
// UPX is what honest small tools use as well; protectors against analysis weigh more.
constexpr Packer kPackers[] = {
    {"UPX", "UPX", 15},          {".aspack", "ASPack", 25},  {".adata", "ASPack", 20},
    {".themida", "Themida", 30}, {"Themida", "Themida", 30}, {".winlice", "WinLicense", 30},
    {".MPRESS", "MPRESS", 20},   {".vmp", "VMProtect", 30},  {".petite", "Petite", 25},
    {".nsp", "NsPack", 25},      {"nsp0", "NsPack", 25},     {".enigma", "Enigma", 30},
    {"PEC2", "PECompact", 25},   {"pec1", "PECompact", 25},  {".MEW", "MEW", 25},
    {"MEW", "MEW", 25},          {".FSG", "FSG", 25},        {".yP", "yoda's Protector", 25},
    {".boom", "Boomerang", 25},  {".ccg", "CCG", 25},        {".perplex", "Perplex", 25},
    {".packed", "RLPack", 25},   {".RLPack", "RLPack", 25},  {".svkp", "SVK Protector", 25},
    {".taz", "PESpin", 25},      {"ExeS", "EXEStealth", 25}, {".Upack", "Upack", 25},
    {".ByDwing", "Upack", 25},   {".neolit", "NeoLite", 25}, {".shrink", "Shrinker", 25},
    {"kkrunchy", "kkrunchy", 25}};

struct ImportSign {
  std::string_view name;
  std::uint8_t score;
  std::span<const std::string_view> all;
  std::span<const std::string_view> one_of;
};
constexpr std::string_view kRemoteWrite[] = {"VirtualAllocEx", "WriteProcessMemory"};
constexpr std::string_view kRemoteStart[] = {"CreateRemoteThread", "CreateRemoteThreadEx",
                                             "QueueUserAPC", "NtCreateThreadEx",
                                             "RtlCreateUserThread"};
constexpr std::string_view kHollowWrite[] = {"WriteProcessMemory", "ResumeThread"};
constexpr std::string_view kHollowStart[] = {"NtUnmapViewOfSection", "ZwUnmapViewOfSection"};
constexpr std::string_view kContext[] = {"WriteProcessMemory", "VirtualAllocEx", "ResumeThread"};
constexpr std::string_view kContextStart[] = {"SetThreadContext", "Wow64SetThreadContext"};
constexpr std::string_view kFetch[] = {"URLDownloadToFile"};
constexpr std::string_view kStart[] = {"WinExec", "ShellExecute", "ShellExecuteEx",
                                       "CreateProcess"};
constexpr std::string_view kKeys[] = {"GetAsyncKeyState", "GetForegroundWindow"};
constexpr std::string_view kKeysHook[] = {"SetWindowsHookEx"};
constexpr ImportSign kImportSigns[] = {
    {"pe-injection-imports", 30, kRemoteWrite, kRemoteStart},
    {"pe-hollowing-imports", 20, kHollowWrite, kHollowStart},
    {"pe-hollowing-imports", 15, kContext, kContextStart},
    {"pe-download-run-imports", 20, kFetch, kStart},
    {"pe-key-log-imports", 5, kKeys, kKeysHook},
};

// What one sign needs to know of another.
struct Look {
  const PeFile& file;
  Remarks& remarks;
  PeImports imports;
  bool packer = false, packed_code = false, few_imports = false, self_modifying = false;
};

void look_for_packers(Look& look) {
  for (const PeSection& section : look.file.sections) {
    for (const Packer& one : kPackers) {
      if (!section.name.starts_with(one.section)) continue;
      look.packer = true;
      return look.remarks.sign("pe-packer-section", one.score,
                               "section " + section.name + ": " + std::string(one.name));
    }
  }
}

void look_at_section(Look& look, const PeSection& section) {
  if (!section.executable()) return;
  if (section.writable()) {
    look.self_modifying = true;
    look.remarks.sign("pe-writable-code", 10, "section " + section.name);
  }
  const ByteView raw = look.file.raw(section);
  const double entropy = raw.size() >= kEnoughForEntropy ? entropy_of(raw) : 0;
  if (entropy < kPackedEntropy) return;
  look.packed_code = true;
  look.remarks.sign("pe-packed-code", 10,
                    "section " + section.name + ", entropy " + entropy_text(entropy));
}

void look_at_entry(Look& look) {
  const PeFile& file = look.file;
  if (file.entry == 0 || file.sections.empty()) return;
  const PeSection* section = file.section_at(file.entry);
  if (section == nullptr) {
    // EFI stubs glue code into their headers; Windows runs it as well.
    if (!file.is_efi()) look.remarks.sign("pe-entry-outside-sections", 20);
  } else if (!section->executable() && (section->flags & PeSection::kCode) == 0) {
    look.remarks.sign("pe-entry-outside-code", 15, "section " + section->name);
  } else if (section == &file.sections.back() && file.sections.size() > 2) {
    look.remarks.sign("pe-entry-in-last-section", 5, "section " + section->name);
  }
}

bool fits(const PeImports& imports, const ImportSign& sign) {
  const auto imported = [&](std::string_view name) { return imports.has(name); };
  return std::ranges::all_of(sign.all, imported) && std::ranges::any_of(sign.one_of, imported);
}

void look_at_imports(Look& look) {
  PeImports& imports = look.imports;
  for (const ImportSign& sign : kImportSigns) {
    if (!fits(imports, sign)) continue;
    std::string names;
    for (const std::string_view name : sign.all) names += std::string(name) + " ";
    look.remarks.sign(sign.name, sign.score, names + "…");
  }
  const bool resolves = imports.has("GetProcAddress") &&
                        (imports.has("LoadLibrary") || imports.has("LoadLibraryEx") ||
                         imports.has("GetModuleHandle"));
  constexpr std::size_t kFew = 12;
  if (!imports.readable || !resolves || imports.functions > kFew) return;
  look.few_imports = true;
  look.remarks.sign("pe-few-imports", 5, std::to_string(imports.functions) + " functions");
}

// Code that nobody can read, that gets what it calls at run time, and no well-known packer.
void combine(Look& look) {
  if (look.packed_code && !look.packer && (look.few_imports || look.self_modifying)) {
    look.remarks.sign("pe-hidden-code", 30, "packed by no known packer");
  }
  const bool hides = look.packed_code || look.packer;
  const bool injects =
      look.remarks.has("pe-injection-imports") || look.remarks.has("pe-hollowing-imports");
  if (hides && injects) look.remarks.sign("pe-hidden-injector", 20);
}

void look_inside(Look& look) {
  for (const ByteView resource : read_pe_resources(look.file)) {
    if (!starts_as_pe(resource)) continue;
    look.remarks.sign("pe-program-in-resources", 15, std::to_string(resource.size()) + " bytes");
    break;
  }
  const PeDirectory& signature = look.file.directories[PeFile::kCertificates];
  const std::size_t end = look.file.end_of_sections();
  ByteView overlay = look.file.bytes.subspan(end);
  if (signature.address >= end) {
    overlay = overlay.first(std::min<std::size_t>(overlay.size(), signature.address - end));
  }
  if (overlay.empty()) return;
  look.remarks.sign("pe-overlay", 0, std::to_string(overlay.size()) + " bytes");
  const std::string_view head =
      as_text(overlay.first(std::min(overlay.size(), kMostOverlayLooked)));
  int tries = 0;
  for (auto at = head.find("MZ"); at != head.npos && tries < 1000; at = head.find("MZ", at + 1)) {
    ++tries;
    if (!starts_as_pe(overlay.subspan(at))) continue;
    return look.remarks.sign("pe-program-in-overlay", 15, "at " + std::to_string(end + at));
  }
}

// "The Attribute Certificate Table": entries of 8 bytes header and a PKCS #7 SignedData. Who signed
// is not asked here, only whether it was this file.
void look_at_signature(Look& look) {
  const PeDirectory& directory = look.file.directories[PeFile::kCertificates];
  if (directory.address == 0 && directory.size == 0) {
    return look.remarks.sign("pe-unsigned", 0);
  }
  Cursor in(look.file.bytes);
  in.seek(directory.address);
  const std::uint32_t length = in.u32le();
  const std::uint16_t revision = in.u16le(), kind = in.u16le();
  const bool der = in.peek(1).size() == 1 && in.peek(1)[0] == 0x30;
  const bool whole = in.ok() && length >= 8 && length <= directory.size &&
                     std::uint64_t{directory.address} + directory.size <= look.file.bytes.size();
  if (whole && der && (revision == 0x200 || revision == 0x100) && kind == 2) {
    look.remarks.sign("pe-signed", 0, "not verified");
    if (read_publisher(look.file, PublisherRoots(), 0).state == SignatureState::broken) {
      look.remarks.sign(kBadSignatureSign, 25, "changed after it was signed");
    }
    return;
  }
  look.remarks.sign("pe-signature-malformed", 10);
}

void look_at_header(Look& look) {
  const PeFile& file = look.file;
  if (file.directories[PeFile::kDotnet].address != 0) look.remarks.sign("pe-dotnet", 0);
  if (file.cut_sections) look.remarks.sign("pe-sections-cut", 5);
  const auto now = std::chrono::system_clock::now().time_since_epoch() / std::chrono::seconds(1);
  constexpr std::int64_t kTwoDays = 2 * 24 * 3600;
  if (file.time_stamp == 0) {
    look.remarks.sign("pe-time-zero", 0);
  } else if (file.time_stamp > now + kTwoDays && !is_reproducible(file)) {
    look.remarks.sign("pe-time-in-future", 3);
  }
  if (file.checksum != 0 && file.bytes.size() <= kMostSummed &&
      file.checksum != pe_checksum(file)) {
    look.remarks.sign("pe-checksum-wrong", 0);
  }
}

}  // namespace

void examine_pe(const Subject& subject, Remarks& remarks) {
  if (subject.bytes.size() < 2 || subject.bytes[0] != 'M' || subject.bytes[1] != 'Z') return;
  const std::optional<PeFile> file = read_pe(subject.bytes);
  if (!file) return remarks.sign(starts_as_pe(subject.bytes) ? "pe-malformed" : "dos-program", 0);
  Look look{.file = *file, .remarks = remarks, .imports = read_pe_imports(*file)};
  look_for_packers(look);
  for (const PeSection& section : file->sections) look_at_section(look, section);
  look_at_entry(look);
  look_at_imports(look);
  combine(look);
  look_inside(look);
  look_at_signature(look);
  look_at_header(look);
}

}  // namespace weir

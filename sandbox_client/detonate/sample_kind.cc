#include "sandbox_client/detonate/sample_kind.h"

#include <array>

#include "core/file_type.h"

namespace weir {
namespace {

struct Interpreter {
  FileType type;
  const char* kind;
  const char* program;
  const char* option;  // before the path; null = none
};

constexpr std::array kInterpreters{
    Interpreter{FileType::shell, "shell", "/bin/bash", nullptr},
    Interpreter{FileType::python, "python", "/usr/bin/python3", nullptr},
    Interpreter{FileType::perl, "perl", "/usr/bin/perl", nullptr},
    Interpreter{FileType::javascript, "node", "/usr/bin/node", nullptr},
    Interpreter{FileType::jar, "jar", "/usr/bin/java", "-jar"},
};

// Types that are programs, but not for this machine.
struct Foreign {
  FileType type;
  const char* reason;
};

constexpr std::array kForeign{
    Foreign{FileType::pe, "Windows programs need another engine"},
    Foreign{FileType::batch, "Windows scripts need another engine"},
    Foreign{FileType::powershell, "Windows scripts need another engine"},
    Foreign{FileType::vbscript, "Windows scripts need another engine"},
    Foreign{FileType::hta, "Windows scripts need another engine"},
    Foreign{FileType::macho, "macOS programs need another engine"},
};

// What runs here is taken from the content; where that says no more than "text", from the name.
FileType type_of(ByteView head, std::string_view name) {
  const FileType type = type_by_magic(head);
  const bool told = type != FileType::text && type != FileType::unknown && type != FileType::zip;
  if (told) return type;
  const FileType named = type_by_extension(name);
  return named == FileType::unknown ? type : named;
}

// e_machine of this build's own processor; a 32-bit or foreign program does not start.
bool runs_here(ByteView head) {
#if defined(__x86_64__)
  constexpr int kMachine = 62;
#else
  constexpr int kMachine = 183;
#endif
  constexpr int kClass64 = 2;
  if (head.size() < 20 || head[4] != kClass64 || head[5] != 1) return false;
  return head[18] + 256 * head[19] == kMachine;
}

Launch elf_launch(ByteView head, const std::string& path) {
  if (runs_here(head)) return {.kind = "elf", .argv = {path}, .reason = {}};
  return {.kind = "elf", .argv = {}, .reason = "an ELF file for another processor"};
}

}  // namespace

Launch plan_launch(ByteView head, std::string_view name, const std::string& path,
                   const std::function<bool(const std::string&)>& installed) {
  const FileType type = type_of(head, name);
  if (type == FileType::elf) return elf_launch(head, path);
  for (const Interpreter& one : kInterpreters) {
    if (one.type != type) continue;
    if (!installed(one.program)) {
      return {.kind = one.kind, .argv = {}, .reason = std::string(one.program) + " is not there"};
    }
    std::vector<std::string> argv{one.program};
    if (one.option != nullptr) argv.emplace_back(one.option);
    argv.push_back(path);
    return {.kind = one.kind, .argv = std::move(argv), .reason = {}};
  }
  const std::string kind(file_type_name(type));
  for (const Foreign& one : kForeign) {
    if (one.type == type) return {.kind = kind, .argv = {}, .reason = one.reason};
  }
  return {.kind = kind, .argv = {}, .reason = "a file of type " + kind + " is not run"};
}

std::string safe_name(std::string_view name) {
  constexpr std::size_t kMostBytes = 100;
  if (const auto slash = name.find_last_of("/\\"); slash != name.npos)
    name.remove_prefix(slash + 1);
  std::string safe;
  for (const char one : name.substr(0, kMostBytes)) {
    const bool plain = (one >= '0' && one <= '9') || (one >= 'a' && one <= 'z') ||
                       (one >= 'A' && one <= 'Z') || one == '.' || one == '-' || one == '_';
    safe += plain ? one : '_';
  }
  if (safe.empty() || safe[0] == '.' || safe[0] == '-') safe.insert(0, "sample");
  return safe;
}

}  // namespace weir

// The home directory and the little /etc that a sample finds: a person who works here, with things
// worth stealing, none of them real. Tables and pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace weir {

inline constexpr std::string_view kFakeUser = "alex";
inline constexpr std::string_view kFakeHome = "/home/alex";
inline constexpr unsigned kFakeUid = 1000;

struct FakeFile {
  std::string_view path;  // "~/x" lies in the home
  std::string_view text;
  unsigned mode = 0644;
};

std::span<const FakeFile> fake_files();

// Documents that ransomware would go for: numbered names below ~/Documents and ~/Pictures.
inline constexpr int kFakeDocuments = 30;
std::string fake_document_path(int number);
std::string fake_document_text(int number);

std::string expand_home(std::string_view path);  // "~/x" to the home's

// Whether writing this file can change more than itself: the system's settings, what the user's
// programs read at their start.
bool is_sensitive(std::string_view path);

// Whether reading this file is reading a secret: keys, passwords, browser profiles.
bool is_bait(std::string_view path);

// Whether these are the program's own: wget looks into ~/.netrc whatever it is asked for. Only for
// programs of the system, whose files nobody in the cell can change.
bool reads_its_own(std::string_view program, std::string_view path);

}  // namespace weir

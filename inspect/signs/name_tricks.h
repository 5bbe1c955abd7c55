// Names that are made to be misread: "invoice.pdf.exe", "photo<RLO>gpj.exe", "report.pdf .exe".
// Pure functions over hostile names; only the last 512 bytes of a name are looked at.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

enum class NameKind : std::uint8_t {
  other,
  document,  // what people open without a thought: documents, pictures, music
  program,   // a double click runs it, and it is what programs ordinarily are: exe, msi, jar
  script,    // a double click runs it, and nobody sends it to others: js, vbs, hta, scr, pif
  shortcut,  // lnk, url and the like
};

NameKind kind_of_extension(std::string_view extension);  // lower case, without the dot

struct NameTricks {
  NameKind kind = NameKind::other;  // by the last extension
  bool doubled = false;             // what runs has a document's extension before its own
  bool padded = false;              // … has many spaces before its own
  bool reversed = false;            // … has a mark that turns the direction of writing
  bool bait = false;                // words that attackers use: invoice, payment, scan …
  bool tells_password = false;      // "password is 1234"
  bool runs() const { return kind >= NameKind::program; }
};
NameTricks tricks_of(std::string_view path);

std::string_view last_part(std::string_view path);  // after the last slash or backslash
std::string shown(std::string_view name);           // for a remark: escaped and short

}  // namespace weir

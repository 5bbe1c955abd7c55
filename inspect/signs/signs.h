// Signs that a file is not what ordinary files are, from its own bytes alone and without running or
// emulating anything: names, weights and evidence (docs/signs.md lists them all with their measured
// false alarm rates). Weights of one file add up; the policy has the threshold, 50 unless changed,
// so only what ordinary files never have may weigh 50 by itself. Each function returns at once when
// the file is not of its kind, reads a bounded part of it, and never fails: what cannot be read has
// no signs. Pure functions, any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/file_type.h"
#include "inspect/formats/remark.h"

namespace weir {

// Windows programs: packers, hidden code, imports for injection, programs inside; and facts of
// weight 0 (pe-signed, pe-unsigned, pe-dotnet).
void examine_pe(const Subject& file, Remarks& remarks);

// Linux programs: packers, stubs without sections, memory that is writable and executable.
void examine_elf(const Subject& file, Remarks& remarks);

// Text that an interpreter or a browser may run: shell, Python, Perl, PHP, JavaScript, VBScript,
// PowerShell, batch, HTA, HTML, and text of no known language with half the weight.
void examine_script(const Subject& file, Remarks& remarks);

// VBA modules as text (they begin with "Attribute VB_Name") and the XML parts of Office documents:
// remote templates, DDE, Excel 4 macros.
void examine_macro(const Subject& file, Remarks& remarks);

// The names of what one container holds; `archive_name` is its own name, which tells disk images.
void examine_archive_listing(std::span<const std::string> member_names,
                             std::string_view archive_name, Remarks& remarks);

// A name that lies about what the file is; `declared_by_name` is type_by_extension of its name.
void examine_label(const Subject& file, FileType declared_by_name, Remarks& remarks);

}  // namespace weir

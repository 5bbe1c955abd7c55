// Windows shortcuts ([MS-SHLLINK]): what they start, and what hides behind them. Sans-io, any
// thread.
#pragma once

#include <memory>
#include <string>

#include "inspect/formats/container.h"
#include "inspect/formats/remark.h"

namespace weir {

struct Shortcut {
  std::string target;  // the best path there is; UTF-8
  std::string arguments;
  std::string icon;
  ByteView appended = {};  // behind the last block
  std::size_t end = 0;     // where that begins
};

// False when the bytes are not a shortcut. What is cut off or wrong is left empty.
bool read_shortcut(ByteView file, Shortcut& shortcut);

// Signs: "lnk-command" (a shell, script host or loader is started with arguments, weight 60),
// "lnk-padded-arguments" (they are pushed out of sight by blanks, 60), "lnk-appended-data" (40).
void examine_lnk(const Subject& file, Remarks& remarks);

// Members "command-line.txt" and "appended-at-0x….bin".
std::unique_ptr<Container> open_lnk(const Subject& file, Reason& problem);

}  // namespace weir

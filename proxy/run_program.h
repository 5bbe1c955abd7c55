// Runs a program to its end and gathers what it printed. No shell; it inherits no descriptor but
// standard input. For the command line, never a loop: it blocks.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"

namespace weir {

struct ProgramEnd {
  int status = 0;      // exit status; 128 and the signal when one ended it
  std::string output;  // both outputs, the first 64 KiB
};

// `words`: the program's path first. An error when it cannot be started.
Result<ProgramEnd> run_program(std::vector<std::string> words);

}  // namespace weir

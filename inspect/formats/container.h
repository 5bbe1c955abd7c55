// A file that holds files, read member by member. Implementations read from memory that outlives
// them, keep their own memory bounded whatever the file says, and after a failure only say why.
// Nothing is charged here: the walk counts entries and bytes against the job's budget and simply
// stops asking. One thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/bytes.h"
#include "core/finding.h"
#include "inspect/formats/remark.h"

namespace weir {

struct Member {
  std::string name;        // path inside, hostile
  bool file = false;       // not a directory, link or device
  bool encrypted = false;  // its bytes cannot be read
  // Only its first bytes and their surroundings say that something begins here: that it is broken
  // says nothing.
  bool guess = false;
};

class Container {
 public:
  virtual ~Container() = default;

  // The next member; nullopt at the end and after a failure.
  virtual std::optional<Member> next() = 0;
  // The next piece of the current member, valid until the next call; empty at its end or when it
  // could not be read. Holes are zeros.
  virtual ByteView read() = 0;
  // Why the rest could not be read; none while all went well.
  virtual Reason problem() const { return Reason::none; }
  // Why the current member could not be read to its end: the others may be.
  virtual Reason member_problem() const { return Reason::none; }
  virtual std::string format_word() const = 0;  // "7z", "tar+gz", "ole"
};

// Null: not a container of this kind (problem stays none), or one that cannot be opened (problem).
using OpenContainer = std::unique_ptr<Container> (*)(const Subject& file, Reason& problem);
using OpenWithPasswords = std::unique_ptr<Container> (*)(const Subject& file,
                                                         std::span<const std::string> passwords,
                                                         Reason& problem);
// Adds what the structure says; must be cheap: headers and directories, not the whole content.
using Examine = void (*)(const Subject& file, Remarks& remarks);

}  // namespace weir

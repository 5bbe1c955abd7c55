// The parts of one message, one after the other (RFC 2046, section 5.1): a stack of the boundaries
// that are open, and a place in the text. Linear in the text. Keeps a view of it. One thread.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/finding.h"
#include "inspect/formats/mime_decode.h"
#include "inspect/formats/mime_header.h"

namespace weir {

struct MimePart {
  std::string name;
  std::string_view body;
  TextCoding coding = TextCoding::none;
};

class MimeParts {
 public:
  explicit MimeParts(std::string_view message) : text_(message) {}

  std::optional<MimePart> next();
  // Why the rest was not looked at.
  Reason problem() const { return problem_; }

 private:
  static constexpr std::size_t kDeepest = 50, kMostParts = 100'000, kMostBoundaries = 4;

  struct Level {
    std::vector<std::string> boundaries;
  };
  struct Boundary {
    std::size_t begin = 0, end = 0;  // of its line, with the line end before it
    std::size_t level = 0;
    bool closes = false;
  };

  void read_entity();
  void open_multipart(const MimeHeader& header, std::size_t body);
  void add_part(const MimeHeader& header, std::string_view body);
  void add_rest(std::string_view rest, const char* name);
  void pass(const std::optional<Boundary>& boundary);
  std::optional<Boundary> find_boundary(std::size_t from) const;
  std::optional<Boundary> boundary_in(std::string_view line) const;
  std::string name_of(const MimeHeader& header, const MimeValue& type);

  std::string_view text_;
  std::size_t at_ = 0, parts_ = 0;
  bool entity_ = true;  // what is next: a part, else what follows a multipart
  std::vector<Level> levels_;
  std::deque<MimePart> ready_;
  Reason problem_ = Reason::none;
};

}  // namespace weir

// Files that lie in text: uuencode, xxencode and yEnc blocks; base64, hex and lists of numbers in
// mails' bodies, scripts and pages, `data:` URLs among them, which is how HTML smuggling carries
// its file. Base64 and numbers count only when what they begin with shows a file that carries
// something (text_carried_type). One pass over the text for each kind of coding, linear; views of
// the file are kept. Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/formats/container.h"
#include "inspect/formats/mime_decode.h"

namespace weir {

struct TextBody {
  std::string name;       // its own, or "data-N.zip"
  std::string_view text;  // coded
  TextCoding coding = TextCoding::none;
  FileType type = FileType::unknown;
};
struct TextBodies {
  static constexpr std::size_t kMost = 1000;
  std::vector<TextBody> bodies;
  std::size_t opaque = 0;  // bytes of large base64 or numbers that are no known kind of file
  bool too_many = false;
};
TextBodies find_text_bodies(std::string_view text);

// Whether the file is text that is looked at; mails are not (open_mime does).
bool may_hold_text_bodies(const Subject& file);

std::unique_ptr<Container> open_text_bodies(const Subject& file, Reason& problem);

}  // namespace weir

// The passes of find_text_bodies. Internal to text_bodies*.cc. Pure functions.
#pragma once

#include "inspect/formats/text_bodies.h"

namespace weir {

// Adds what begins like a file worth a look; false when there was no room.
class TextBodyList {
 public:
  explicit TextBodyList(TextBodies& all) : all_(all) {}

  void add_named(std::string name, TextCoding coding, std::string_view text);
  // Of a `data:` URL, which pages and scripts are worth a look in, too.
  bool add_if_carrier(TextCoding coding, std::string_view text, bool of_url);
  void add_opaque(std::size_t bytes) { all_.opaque += bytes; }

 private:
  void add(TextBody body);
  TextBodies& all_;
};

void find_line_bodies(std::string_view text, TextBodyList& list);   // uu, xx, yEnc
void find_data_urls(std::string_view text, TextBodyList& list);     // but those in base64
void find_base64_runs(std::string_view text, TextBodyList& list);   // and hex
void find_number_lists(std::string_view text, TextBodyList& list);  // and "\x4d\x5a"

}  // namespace weir

// The start tags of an XML text, one after the other, without prefixes: enough for manifests and
// descriptions of encryption, where it only matters what is named. Comments, CDATA, declarations
// and processing instructions are passed over. Tolerant: text that is no XML has no tags. Views
// point into the text. Sans-io, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/bytes.h"

namespace weir {

struct XmlTag {
  std::string_view name;    // without prefix
  std::string_view inside;  // the attributes, as written
  bool closing = false;

  // The value with the five named entities resolved; "" when it is missing.
  std::string attribute(std::string_view wanted) const;
};

class XmlTags {
 public:
  explicit XmlTags(std::string_view text) : rest_(text) {}
  std::optional<XmlTag> next();

 private:
  bool pass(std::string_view opening, std::string_view ending);
  std::string_view rest_;
};

// UTF-16 with a byte order mark becomes UTF-8, all else stays.
std::string xml_text(ByteView bytes);

}  // namespace weir

// The header of a mail or of one of its parts (RFC 5322 section 2.2, RFC 2045): fields unfolded,
// the parameters of structured ones with their continuations and charsets (RFC 2231), encoded words
// (RFC 2047), read as loosely as mail programs do. Names are hints: text in charsets other than
// UTF-8 and Latin-1 keeps its bytes. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

struct MimeField {
  std::string name;   // lower case
  std::string value;  // unfolded, no blanks around it
};

struct MimeHeader {
  std::vector<MimeField> fields;
  std::size_t body = 0;  // where the text goes on after it

  // The values of all fields of that name, in order.
  std::vector<std::string_view> all(std::string_view name) const;
};

// The fields at the beginning of `text`, up to an empty line or one that is no field.
MimeHeader read_mime_header(std::string_view text);

struct MimeParameter {
  std::string name;   // lower case, without "*0*"
  std::string value;  // decoded
};
struct MimeValue {
  std::string value;  // lower case: "multipart/mixed", "attachment", "base64"
  std::vector<MimeParameter> parameters;

  std::string_view first(std::string_view name) const;  // empty when there is none
};
MimeValue read_mime_value(std::string_view text);

std::string decode_encoded_words(std::string_view text);

// Whether the text begins like a mail: fields of mails and nothing else. An mbox line may stand
// before them.
bool begins_like_mail(std::string_view text);

}  // namespace weir

// Every input has a type, the same one each time, and only an empty one is `empty`.
#include <cstdlib>

#include "core/file_type.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::ByteView head(data, size);
  const weir::FileType type = weir::type_by_magic(head);
  if (weir::type_by_magic(head) != type) std::abort();
  if ((type == weir::FileType::empty) != head.empty()) std::abort();
  if (weir::file_type_from_name(weir::file_type_name(type)) != type) std::abort();
  weir::type_by_extension(weir::as_text(head));
  weir::type_by_mime(weir::as_text(head));
  return 0;
}

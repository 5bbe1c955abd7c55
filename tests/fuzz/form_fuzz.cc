// Forms: bounded fields, none larger than what was sent.
#include <cstdlib>

#include "core/bytes.h"
#include "proxy/http/form.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto fields = weir::parse_form(weir::as_text(weir::ByteView(data, size)));
  if (fields.size() > weir::kMostFormFields) std::abort();
  std::size_t total = 0;
  for (const auto& field : fields) total += field.name.size() + field.value.size();
  if (total > size) std::abort();
  return 0;
}

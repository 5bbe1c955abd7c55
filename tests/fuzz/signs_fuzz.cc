// The readers behind signs: PE, ELF, text of scripts and macros, names. Each result is bounded and
// the same when asked again.
#include <cstdlib>
#include <string>
#include <vector>

#include "inspect/signs/signs.h"

namespace {

weir::Remarks examine_all(const weir::Subject& file) {
  weir::Remarks remarks;
  weir::examine_pe(file, remarks);
  weir::examine_elf(file, remarks);
  weir::examine_script(file, remarks);
  weir::examine_macro(file, remarks);
  weir::examine_label(file, weir::type_by_extension(file.name), remarks);
  const std::vector<std::string> names{std::string(file.name), "a.txt"};
  weir::examine_archive_listing(names, file.name, remarks);
  return remarks;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::ByteView bytes(data, size);
  const auto name = weir::as_text(bytes.last(std::min<std::size_t>(size, 40)));
  const weir::Subject file{.bytes = bytes, .type = weir::type_by_magic(bytes), .name = name};
  const weir::Remarks remarks = examine_all(file);
  if (remarks.all().size() > weir::Remarks::kMost) std::abort();
  if (examine_all(file).all() != remarks.all()) std::abort();
  return 0;
}

#include "inspect/media_proof.h"

#include "core/http_message.h"

namespace weir {
namespace {

bool is_media_label(std::string_view content_type) {
  const std::string label = to_lower(trim(content_type));
  return label.starts_with("video/") || label.starts_with("audio/") ||
         label.starts_with("image/") || family_of(type_by_mime(content_type)) == FileFamily::media;
}

}  // namespace

bool proves_media(FileType by_magic, std::string_view content_type) {
  return family_of(by_magic) == FileFamily::media && !carries_code(by_magic) &&
         is_media_label(content_type);
}

bool contradicts_label(FileType by_magic, std::string_view content_type) {
  if (by_magic == FileType::unknown || !carries_code(by_magic)) return false;
  const FileType labelled = type_by_mime(content_type);
  if (labelled == by_magic) return false;
  if (is_media_label(content_type)) return family_of(by_magic) != FileFamily::media;
  return labelled != FileType::unknown && family_of(labelled) != family_of(by_magic);
}

}  // namespace weir

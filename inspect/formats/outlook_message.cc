#include "inspect/formats/outlook_message.h"

#include <string_view>

#include "core/utf16.h"
#include "inspect/formats/office_members.h"

namespace weir {
namespace {

constexpr std::size_t kMostName = 1024;

// PidTagAttachLongFilename, PidTagAttachFilename, PidTagDisplayName: UTF-16, else 8 bits a
// character.
std::string name_in(const CompoundFile& file, const std::string& folder) {
  for (const std::string_view property : {"3707", "3704", "3001"}) {
    const std::string stream = folder + "__substg1.0_" + std::string(property);
    if (const auto* wide = file.stream(stream + "001F")) {
      return utf8_from_utf16le(file.read(*wide, kMostName));
    }
    if (const auto* narrow = file.stream(stream + "001E")) {
      const auto bytes = file.read(*narrow, kMostName);
      return std::string(bytes.begin(), bytes.end());
    }
  }
  return "attachment";
}

}  // namespace

std::vector<MessageAttachment> message_attachments(const CompoundFile& file) {
  std::vector<MessageAttachment> attachments;
  for (const CompoundFile::Entry& entry : file.entries()) {
    if (!entry.stream || entry.orphan) continue;
    if (!same_ignoring_case(entry.name, "__substg1.0_37010102")) continue;
    const std::string folder(folder_of(entry.path));
    if (folder.find("__attach_version1.0_") == std::string::npos) continue;
    std::string name = name_in(file, folder);
    while (!name.empty() && name.back() == '\0') name.pop_back();
    attachments.push_back({std::move(name), &entry});
  }
  return attachments;
}

}  // namespace weir

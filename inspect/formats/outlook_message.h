// The attachments of an Outlook message ([MS-OXMSG] 2.2): the stream that holds each one's bytes,
// and its name. Sans-io, one thread.
#pragma once

#include <string>
#include <vector>

#include "inspect/formats/compound_file.h"

namespace weir {

struct MessageAttachment {
  std::string name;
  const CompoundFile::Entry* content = nullptr;
};

// Of the message and of the messages attached to it. Nothing for other compound files.
std::vector<MessageAttachment> message_attachments(const CompoundFile& file);

}  // namespace weir

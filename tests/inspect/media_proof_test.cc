#include "inspect/media_proof.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(MediaProof, BothBytesAndLabelMustSayMedia) {
  const struct {
    FileType type;
    const char* label;
    bool proves, contradicts;
  } table[] = {
      {FileType::mp4, "video/mp4", true, false},
      {FileType::mp3, "audio/mpeg", true, false},
      {FileType::png, "image/png", true, false},
      {FileType::mp4, "Video/MP4; codecs=x", true, false},
      {FileType::mp4, "application/octet-stream", false, false},
      {FileType::mp4, "text/html", false, false},
      {FileType::mp4, "", false, false},
      {FileType::pe, "video/mp4", false, true},
      {FileType::zip, "image/jpeg", false, true},
      {FileType::html, "image/png", false, true},
      {FileType::pe, "text/html", false, true},
      {FileType::pe, "application/octet-stream", false, false},
      {FileType::pe, "application/x-msdownload", false, false},
      {FileType::unknown, "video/mp4", false, false},
      {FileType::empty, "video/mp4", false, false},
      {FileType::svg, "image/svg+xml", false, false},
  };
  for (const auto& row : table) {
    const auto what = std::string(file_type_name(row.type)) + " as " + row.label;
    EXPECT_EQ(proves_media(row.type, row.label), row.proves) << what;
    EXPECT_EQ(contradicts_label(row.type, row.label), row.contradicts) << what;
  }
}

}  // namespace
}  // namespace weir

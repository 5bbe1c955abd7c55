#include "proxy/forwarding.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Forwarding, RequestLosesWhatIsForUsAndGainsVia) {
  RequestHead head;
  head.fields.add("proxy-authorization", "Basic x");
  head.fields.add("range", "bytes=0-1");
  head.fields.add("if-range", "\"a\"");
  head.fields.add("accept-encoding", "br, exotic");
  head.fields.add("via", "1.1 earlier");
  const RequestHead onward = forwarded_request(head, {.via_name = "weir-test"});
  EXPECT_FALSE(onward.fields.has("proxy-authorization"));
  EXPECT_FALSE(onward.fields.has("range"));
  EXPECT_FALSE(onward.fields.has("if-range"));
  EXPECT_EQ(onward.fields.get("via"), "1.1 earlier, 1.1 weir-test");
  EXPECT_EQ(onward.fields.get("accept-encoding").find("exotic"), std::string_view::npos);
  EXPECT_NE(onward.fields.get("accept-encoding").find("br"), std::string_view::npos);
}

TEST(Forwarding, ResponseLosesTheWayAround) {
  ResponseHead head;
  head.version = HttpVersion::h2;
  head.fields.add("alt-svc", "h3=\":443\"");
  head.fields.add("server", "x");
  const ResponseHead onward = forwarded_response(head, "weir-test");
  EXPECT_FALSE(onward.fields.has("alt-svc"));
  EXPECT_EQ(onward.fields.get("via"), "2 weir-test");
  EXPECT_EQ(onward.fields.get("server"), "x");
}

TEST(Forwarding, LoopIsSeenAnywhereInVia) {
  Fields fields;
  fields.add("via", "1.0 a, 1.1 weir-test (comment)");
  EXPECT_TRUE(came_through(fields, "weir-test"));
  EXPECT_FALSE(came_through(fields, "weir-other"));
  Fields none;
  EXPECT_FALSE(came_through(none, "weir-test"));
}

TEST(Forwarding, FileNames) {
  const struct {
    const char* disposition;
    const char* path;
    const char* want;
  } cases[] = {
      {"", "/a/b/setup.exe?x=1", "setup.exe"},
      {"", "/", ""},
      {"attachment; filename=plain.zip", "/x", "plain.zip"},
      {"attachment; filename=\"with space.zip\"", "/x", "with space.zip"},
      {"attachment; filename=\"a.zip\"; filename*=UTF-8''%E8%AB%8B.zip", "/x", "\xE8\xAB\x8B.zip"},
      {"attachment; filename=\"../../etc/passwd\"", "/x", "passwd"},
      {"attachment; filename=\"C:\\\\dir\\\\x.exe\"", "/x", "x.exe"},
      {"inline", "/a%20b.txt", "a b.txt"},
  };
  for (const auto& row : cases) {
    Fields fields;
    if (*row.disposition != '\0') fields.add("content-disposition", row.disposition);
    EXPECT_EQ(file_name(fields, row.path), row.want) << row.disposition << " " << row.path;
  }
}

TEST(Forwarding, EndlessTypes) {
  EXPECT_TRUE(is_endless(media_type("Text/Event-Stream; charset=utf-8")));
  EXPECT_TRUE(is_endless(media_type("application/grpc")));
  EXPECT_FALSE(is_endless(media_type("application/octet-stream")));
  EXPECT_FALSE(is_endless(""));
}

TEST(Forwarding, RangesOfPlayersMayPass) {
  RequestHead head;
  head.path = "/film.MP4?t=1";
  EXPECT_TRUE(wants_media(head));
  head.path = "/setup.exe?x=.mp4";
  EXPECT_FALSE(wants_media(head));
  head.fields.add("sec-fetch-dest", "video");
  EXPECT_TRUE(wants_media(head));
}

}  // namespace
}  // namespace weir

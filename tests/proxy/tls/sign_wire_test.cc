#include "proxy/tls/sign_wire.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

const SignRequest kLeaf{SignRequest::Kind::leaf, 7, "www.example.com", std::string(91, 'k')};

TEST(SignWire, GoesThereAndBack) {
  const SignRequest crl{SignRequest::Kind::crl, 0xfffffffe, "", ""};
  for (const SignRequest& request : {kLeaf, crl}) {
    const auto back = decode_sign_request(as_bytes(encode(request)));
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(*back, request);
  }
  const SignReply reply{SignReply::Kind::leaf, 9, std::string(700, 'd')};
  const auto back = decode_sign_reply(as_bytes(encode(reply)));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, reply);
}

TEST(SignWire, EveryCutAndEveryTailIsRefused) {
  const std::string whole = encode(kLeaf);
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_FALSE(decode_sign_request(as_bytes(whole).first(cut))) << cut;
  }
  EXPECT_FALSE(decode_sign_request(as_bytes(whole + "x")));
}

TEST(SignWire, WrongHeadersAreRefused) {
  struct Case {
    const char* name;
    std::size_t at;
    char value;
  };
  const Case cases[] = {{"length", 3, 1}, {"version", 4, 2}, {"kind", 5, 9}, {"reserved", 7, 1}};
  for (const Case& bad : cases) {
    std::string bytes = encode(kLeaf);
    bytes[bad.at] = bad.value;
    EXPECT_FALSE(decode_sign_request(as_bytes(bytes))) << bad.name;
    EXPECT_FALSE(decode_sign_reply(as_bytes(bytes))) << bad.name;
  }
}

TEST(SignWire, OverlongFieldsAreRefused) {
  SignRequest request = kLeaf;
  request.host = std::string(254, 'a');
  EXPECT_FALSE(decode_sign_request(as_bytes(encode(request))));
  request = kLeaf;
  request.public_key = std::string(257, 'k');
  EXPECT_FALSE(decode_sign_request(as_bytes(encode(request))));
}

TEST(SignWire, HostsThatMayStandInALeaf) {
  const char* good[] = {"a.test",
                        "localhost",
                        "xn--bcher-kva.example",
                        "_dmarc.example.com",
                        "r3---sn-4g5.video.example",
                        "192.0.2.1",
                        "2001:db8::1",
                        "1.2.3.example"};
  for (const char* host : good) EXPECT_TRUE(is_signable_host(host)) << host;
  const std::string bad[] = {"",
                             ".",
                             "a..b",
                             "*.example.com",
                             "UPPER.example",
                             "a b.test",
                             "example.com.",
                             std::string(64, 'a') + ".test",
                             std::string(254, 'a'),
                             "a\nb",
                             "1.2.3",
                             "b\xc3\xbc.test",
                             std::string("192.0.2.1\0x", 11),
                             "[::1]",
                             "a.test:443"};
  for (const std::string& host : bad) {
    EXPECT_FALSE(is_signable_host(host)) << host;
  }
}

}  // namespace
}  // namespace weir

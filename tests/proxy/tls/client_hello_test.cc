#include "proxy/tls/client_hello.h"

#include <gtest/gtest.h>

#include <functional>

#include "proxy/tls/ja4.h"

namespace weir {
namespace {

using State = HelloParse::State;

std::string number(std::size_t value, int width) {
  std::string out;
  for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xff);
  }
  return out;
}

std::string sized(const std::string& body, int width) { return number(body.size(), width) + body; }

std::string extension(std::size_t type, const std::string& body) {
  return number(type, 2) + sized(body, 2);
}

std::string sni(const std::string& name) {
  return extension(0, sized(std::string(1, '\0') + sized(name, 2), 2));
}

std::string alpn(std::initializer_list<std::string> names) {
  std::string list;
  for (const std::string& name : names) list += sized(name, 1);
  return extension(16, sized(list, 2));
}

std::string u16s(std::initializer_list<std::size_t> values) {
  std::string out;
  for (const std::size_t value : values) out += number(value, 2);
  return out;
}

struct Draft {
  std::string version = number(0x0303, 2);
  std::string random = std::string(32, 'r');
  std::string session = sized("", 1);
  std::string ciphers = sized(u16s({0x1301, 0x1302}), 2);
  std::string compression = sized(std::string(1, '\0'), 1);
  std::string extensions;
  std::string trailer;

  std::string message() const {
    std::string body = version + random + session + ciphers + compression;
    if (!extensions.empty()) body += sized(extensions, 2);
    body += trailer;
    return '\x01' + sized(body, 3);
  }
};

std::string record(const std::string& body) { return "\x16\x03\x01" + sized(body, 2); }

std::string records(const std::string& message, std::size_t each) {
  std::string out;
  for (std::size_t at = 0; at < message.size(); at += each) out += record(message.substr(at, each));
  return out;
}

// Chrome as in the JA4 paper's example, GREASE included.
Draft chrome() {
  Draft draft;
  draft.session = sized(std::string(32, 's'), 1);
  draft.ciphers = sized(u16s({0x0a0a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
                              0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035}),
                        2);
  const std::string signatures = extension(
      13, sized(u16s({0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601}), 2));
  draft.extensions = extension(0x1a1a, "") + extension(0x001b, "") + sni("WWW.Example.COM") +
                     extension(0x0033, "") + alpn({"h2", "http/1.1"}) + extension(0x4469, "") +
                     extension(0x0017, "") + extension(0x002d, "") + signatures +
                     extension(0x0005, "") + extension(0x0023, "") + extension(0x0012, "") +
                     extension(0x002b, sized(u16s({0x2a2a, 0x0304, 0x0303}), 1)) +
                     extension(0xff01, "") + extension(0x000b, "") + extension(0x000a, "") +
                     extension(0x0015, "");
  return draft;
}

TEST(ClientHello, ReadsWhatPolicyAsksFor) {
  const auto parsed = parse_client_hello(as_bytes(record(chrome().message())));
  ASSERT_TRUE(parsed) << parsed.error().what;
  ASSERT_EQ(parsed->state, State::complete);
  EXPECT_EQ(parsed->hello.sni, "www.example.com");
  EXPECT_EQ(parsed->hello.alpn, (std::vector<std::string>{"h2", "http/1.1"}));
  EXPECT_EQ(parsed->hello.max_version, 0x0304);
  EXPECT_FALSE(parsed->hello.ech);
  EXPECT_EQ(parsed->hello.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

TEST(ClientHello, EveryPrefixNeedsMoreAndEveryRecordSizeGivesTheSame) {
  const std::string message = chrome().message();
  for (const std::size_t each :
       {std::size_t{1}, std::size_t{3}, std::size_t{100}, message.size()}) {
    const std::string wire = records(message, each);
    for (std::size_t cut = 0; cut < wire.size(); ++cut) {
      const auto part = parse_client_hello(as_bytes(wire).first(cut));
      ASSERT_TRUE(part) << each << " " << cut << part.error().what;
      ASSERT_EQ(part->state, State::need_more) << each << " " << cut;
    }
    const auto whole = parse_client_hello(as_bytes(wire + "more of the stream"));
    ASSERT_TRUE(whole && whole->state == State::complete) << each;
    EXPECT_EQ(whole->hello.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
  }
}

TEST(ClientHello, PostQuantumKeySharesAreReadWhole) {
  Draft draft = chrome();
  draft.extensions += extension(0x6399, std::string(9000, 'k'));
  const std::string wire = records(draft.message(), 4096);
  EXPECT_EQ(parse_client_hello(as_bytes(wire).first(8000))->state, State::need_more);
  EXPECT_EQ(parse_client_hello(as_bytes(wire))->hello.sni, "www.example.com");
}

TEST(ClientHello, OldAndOddButValid) {
  const auto bare = parse_client_hello(as_bytes(record(Draft{}.message())));
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->hello.sni, "");
  EXPECT_EQ(bare->hello.max_version, 0x0303);
  EXPECT_TRUE(bare->hello.ja4.starts_with("t12i020000_")) << bare->hello.ja4;
  EXPECT_TRUE(bare->hello.ja4.ends_with("_000000000000")) << bare->hello.ja4;

  Draft secret;
  secret.extensions = extension(0xfe0d, "x") + sni("dotted.test.");
  const auto ech = parse_client_hello(as_bytes(record(secret.message())));
  ASSERT_TRUE(ech);
  EXPECT_TRUE(ech->hello.ech);
  EXPECT_EQ(ech->hello.sni, "dotted.test");
}

struct BadCase {
  const char* name;
  std::function<std::string()> wire;
};

std::string hello_with(std::string extensions) {
  Draft draft;
  draft.extensions = std::move(extensions);
  return record(draft.message());
}

std::string changed(const std::function<void(Draft&)>& change) {
  Draft draft;
  change(draft);
  return record(draft.message());
}

class BadHello : public testing::TestWithParam<BadCase> {};

TEST_P(BadHello, IsMalformed) {
  const auto parsed = parse_client_hello(as_bytes(GetParam().wire()));
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, Errc::malformed);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadHello,
    testing::Values(
        BadCase{"ServerHello", [] { return record("\x02" + sized("abc", 3)); }},
        BadCase{"EmptyRecord", [] { return std::string("\x16\x03\x01\x00\x00", 5); }},
        BadCase{"RecordTooLong", [] { return std::string("\x16\x03\x01\x40\x01", 5); }},
        BadCase{"OtherRecordBetween",
                [] {
                  return record(Draft{}.message().substr(0, 9)) + "\x15\x03\x01" + sized("aa", 2);
                }},
        BadCase{"TooLarge", [] { return record(std::string("\x01\x01\x00\x00", 4)); }},
        BadCase{"SniTwice", [] { return hello_with(sni("a.test") + sni("b.test")); }},
        BadCase{"SniEmpty", [] { return hello_with(sni("")); }},
        BadCase{"SniWithNul", [] { return hello_with(sni(std::string("a\0b.test", 8))); }},
        BadCase{"SniWithSlash", [] { return hello_with(sni("a/b.test")); }},
        BadCase{"SniTooLong", [] { return hello_with(sni(std::string(256, 'a'))); }},
        BadCase{"SniOnlyDot", [] { return hello_with(sni(".")); }},
        BadCase{"AlpnEmptyName", [] { return hello_with(alpn({""})); }},
        BadCase{"AlpnEmptyList", [] { return hello_with(alpn({})); }},
        BadCase{"VersionsOdd", [] { return hello_with(extension(43, sized("abc", 1))); }},
        BadCase{"ExtensionCut", [] { return hello_with(std::string("\x00\x0a\x00\x09x", 5)); }},
        BadCase{"UnknownTwice", [] { return hello_with(extension(99, "") + extension(99, "")); }},
        BadCase{
            "TrailingBytes",
            [] { return changed([](Draft& d) { d.extensions = sni("a.b"), d.trailer = "x"; }); }},
        BadCase{"NoCiphers", [] { return changed([](Draft& d) { d.ciphers = sized("", 2); }); }},
        BadCase{"OddCiphers",
                [] { return changed([](Draft& d) { d.ciphers = sized("abc", 2); }); }},
        BadCase{"NoNullCompression",
                [] { return changed([](Draft& d) { d.compression = sized("\x01", 1); }); }},
        BadCase{
            "LongSession",
            [] { return changed([](Draft& d) { d.session = sized(std::string(33, 's'), 1); }); }},
        BadCase{"Ssl2Version",
                [] { return changed([](Draft& d) { d.version = number(0x0200, 2); }); }}),
    [](const auto& test) { return test.param.name; });

struct FirstBytesCase {
  std::string bytes;
  std::string_view want;
};

TEST(FirstBytes, AreNamed) {
  const FirstBytesCase cases[] = {
      {"", "empty"},
      {"\x16\x03\x01", "tls"},
      {"GET / HTTP/1.1\r\n", "http"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "h2-preface"},
      {"SSH-2.0-OpenSSH_9.2\r\n", "ssh"},
      {std::string("\x03\x00\x00\x13\x0e\xe0\x00\x00", 8), "rdp"},
      {"EHLO me\r\n", "smtp"},
      {std::string("\x00\x01\x00\x00\x21\x12\xa4\x42", 8), "stun"},
      {"Microsoft Windows [Version 10.0]", "shell"},
      {"$ id\n", "shell"},
      {std::string("\x05\x01\x00", 3), "socks"},
      {std::string("\x04\x01\x00\x50", 4), "socks"},
      {"\x80\x2e\x01", "unknown"},
      {"hello there", "unknown"},
  };
  for (const auto& [bytes, want] : cases) {
    EXPECT_EQ(identify_first_bytes(as_bytes(bytes)), want) << bytes;
  }
}

TEST(FirstBytes, WhatIsNotTlsIsSaidAtOnce) {
  EXPECT_EQ(parse_client_hello(as_bytes("G"))->state, State::not_tls);
  EXPECT_EQ(parse_client_hello(as_bytes("\x16\x01"))->state, State::not_tls);
  EXPECT_EQ(parse_client_hello({})->state, State::need_more);
}

TEST(Ja4, OddAlpnBecomesHex) {
  Ja4Input input;
  input.version = 0x0303;
  input.first_alpn = "\xab\xcd";
  EXPECT_EQ(ja4(input).substr(0, 10), "t12i0000ad");
  input.first_alpn = "h";
  EXPECT_EQ(ja4(input).substr(0, 10), "t12i0000hh");
}

}  // namespace
}  // namespace weir

// Every way we know to make two HTTP/1 recipients disagree about a message, and what ours says. A
// new defence starts with a row here. Each row is also fed split in two at every byte, and byte by
// byte.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "proxy/http/h1_encoder.h"
#include "tests/proxy/http/h1_transcript.h"

namespace weir {
namespace {

using test::Transcript;

// In the rows "~" stands for CR LF: what matters is easier to see.
std::string lines(std::string_view text) {
  std::string out;
  for (const char c : text) c == '~' ? out += "\r\n" : out += c;
  return out;
}

struct Row {
  const char* name;
  std::string input;
  std::string want;  // as Transcript writes it; "!word" is a refusal
};

LimitSettings small_limits() {
  LimitSettings limits;
  limits.header_bytes = 1024;
  limits.header_count = 8;
  return limits;
}

std::string decode(const std::optional<std::string>& method, const std::string& input,
                   std::size_t first, std::size_t then) {
  Transcript transcript(method, small_limits());
  transcript.feed(input.substr(0, first));
  for (std::size_t at = first; at < input.size(); at += then) {
    transcript.feed(input.substr(at, then));
  }
  return transcript.end();
}

void check(const Row& row, const std::optional<std::string>& method) {
  SCOPED_TRACE(row.name);
  const std::string input = lines(row.input);
  EXPECT_EQ(decode(method, input, input.size(), 1), row.want);
  EXPECT_EQ(decode(method, input, 0, 1), row.want) << "byte by byte";
  for (std::size_t at = 0; at < input.size(); ++at) {
    ASSERT_EQ(decode(method, input, at, input.size()), row.want) << "split at " << at;
  }
}

const std::string kHost = "Host: a.test~";
const std::string kPost = "POST / HTTP/1.1~Host: a.test~";
const std::string kChunked = kPost + "Transfer-Encoding: chunked~~";
const std::string kChunkedHead = "POST |a.test|/ 1.1 chunked";
const std::string kOk = "HTTP/1.1 200 OK~";

TEST(H1FramingTest, RequestLines) {
  const Row rows[] = {
      {"origin-form", "GET /p?q HTTP/1.1~" + kHost + "~", "GET |a.test|/p?q 1.1 none end"},
      {"absolute-form", "GET http://a.test/p HTTP/1.1~" + kHost + "~",
       "GET http|a.test|/p 1.1 none end"},
      {"scheme in capitals", "GET HTTP://a.test/ HTTP/1.1~" + kHost + "~",
       "GET http|a.test|/ 1.1 none end"},
      {"absolute without path", "GET http://a.test HTTP/1.1~" + kHost + "~",
       "GET http|a.test|/ 1.1 none end"},
      {"absolute with query only", "GET http://a.test?q HTTP/1.1~" + kHost + "~",
       "GET http|a.test|/?q 1.1 none end"},
      {"host agrees by default port", "GET http://A.test:80/ HTTP/1.1~" + kHost + "~",
       "GET http|A.test:80|/ 1.1 none end"},
      {"https in absolute-form", "GET https://a.test:443/ HTTP/1.1~" + kHost + "~",
       "GET https|a.test:443|/ 1.1 none end"},
      {"options for all", "OPTIONS * HTTP/1.1~" + kHost + "~", "OPTIONS |a.test|* 1.1 none end"},
      {"options for all through a proxy", "OPTIONS http://a.test HTTP/1.1~" + kHost + "~",
       "OPTIONS http|a.test|* 1.1 none end"},
      {"connect", "CONNECT a.test:443 HTTP/1.1~Host: a.test:443~~",
       "CONNECT |a.test:443| 1.1 none end"},
      {"connect, host without port", "CONNECT a.test:443 HTTP/1.1~" + kHost + "~",
       "CONNECT |a.test:443| 1.1 none end"},
      {"connect to v6", "CONNECT [::1]:443 HTTP/1.1~Host: [::1]:443~~",
       "CONNECT |[::1]:443| 1.1 none end"},
      {"connect to v6 without brackets", "CONNECT ::1:443 HTTP/1.1~Host: ::1:443~~",
       "CONNECT |[::1]:443| 1.1 none end"},
      {"connect with 1.0 and no host", "CONNECT a.test:443 HTTP/1.0~~",
       "CONNECT |a.test:443| 1.0 none close end"},
      {"one empty line before", "~GET / HTTP/1.1~" + kHost + "~", "GET |a.test|/ 1.1 none end"},
      {"1.0 without host", "GET /x HTTP/1.0~~", "GET ||/x 1.0 none close end"},
      {"1.0 that stays", "GET /x HTTP/1.0~Connection: Keep-Alive~~", "GET ||/x 1.0 none end"},
      {"unusual method", "M-SEARCH / HTTP/1.1~" + kHost + "~", "M-SEARCH |a.test|/ 1.1 none end"},
      {"bytes above ASCII in a path", "GET /\xc3\xa9 HTTP/1.1~" + kHost + "~",
       "GET |a.test|/\xc3\xa9 1.1 none end"},

      {"two empty lines before", "~~GET / HTTP/1.1~" + kHost + "~", "!start-line"},
      {"space before the method", " GET / HTTP/1.1~" + kHost + "~", "!method"},
      {"two spaces", "GET  / HTTP/1.1~" + kHost + "~", "!request-line"},
      {"two spaces before the version", "GET /  HTTP/1.1~" + kHost + "~", "!request-line"},
      {"space at the end", "GET / HTTP/1.1 ~" + kHost + "~", "!request-line"},
      {"tab as a space", "GET\t/ HTTP/1.1~" + kHost + "~", "!request-line"},
      {"tab in the target", "GET /a\tb HTTP/1.1~" + kHost + "~", "!target"},
      {"three words and more", "GET / x HTTP/1.1~" + kHost + "~", "!request-line"},
      {"HTTP/0.9", "GET /~~", "!request-line"},
      {"bad method", "GE(T / HTTP/1.1~" + kHost + "~", "!method"},
      {"not HTTP", "\x16\x03\x01~", "!method"},
      {"version in small letters", "GET / http/1.1~" + kHost + "~", "!version"},
      {"version without minor", "GET / HTTP/1~" + kHost + "~", "!version"},
      {"version with more", "GET / HTTP/1.10~" + kHost + "~", "!version"},
      {"HTTP/1.2", "GET / HTTP/1.2~" + kHost + "~", "!version"},
      {"HTTP/2.0", "GET / HTTP/2.0~" + kHost + "~", "!version"},
      {"HTTP/2 preface", "PRI * HTTP/2.0~~SM~~", "!version"},
      {"fragment", "GET /a#b HTTP/1.1~" + kHost + "~", "!target"},
      {"asterisk without options", "GET * HTTP/1.1~" + kHost + "~", "!target"},
      {"no slash", "GET a HTTP/1.1~" + kHost + "~", "!target"},
      {"other scheme", "GET ftp://a.test/ HTTP/1.1~" + kHost + "~", "!target"},
      {"userinfo", "GET http://a.test@b.test/ HTTP/1.1~Host: b.test~~", "!target"},
      {"bytes above ASCII in a host", "GET http://\xc3\xa9.test/ HTTP/1.1~" + kHost + "~",
       "!target"},
      {"no host in the target", "GET http:///x HTTP/1.1~" + kHost + "~", "!target"},
      {"port too large", "GET http://a.test:65536/ HTTP/1.1~" + kHost + "~", "!target"},
      {"connect without port", "CONNECT a.test HTTP/1.1~" + kHost + "~", "!target"},
      {"connect with a path", "CONNECT a.test:443/ HTTP/1.1~" + kHost + "~", "!target"},
      {"connect to another host", "CONNECT a.test:443 HTTP/1.1~Host: b.test:443~~",
       "!host-mismatch"},
      {"connect to another port", "CONNECT a.test:443 HTTP/1.1~Host: a.test:80~~",
       "!host-mismatch"},
      {"connect, broken v6", "CONNECT [::1:443 HTTP/1.1~Host: [::1:443~~", "!target"},
  };
  for (const Row& row : rows) check(row, std::nullopt);
}

TEST(H1FramingTest, HostFields) {
  const std::string get = "GET / HTTP/1.1~";
  const Row rows[] = {
      {"with port", get + "Host: a.test:8080~~", "GET |a.test:8080|/ 1.1 none end"},
      {"v6", get + "Host: [2001:db8::1]:8080~~", "GET |[2001:db8::1]:8080|/ 1.1 none end"},
      {"none", get + "~", "!host"},
      {"none with absolute-form", "GET http://a.test/ HTTP/1.1~~", "!host"},
      {"empty", get + "Host:~~", "!host"},
      {"twice", get + kHost + kHost + "~", "!host"},
      {"twice in other letters", get + kHost + "hOsT: b.test~~", "!host"},
      {"a list", get + "Host: a.test, b.test~~", "!host"},
      {"a path", get + "Host: a.test/x~~", "!host"},
      {"userinfo", get + "Host: x@a.test~~", "!host"},
      {"port that is none", get + "Host: a.test:80x~~", "!host"},
      {"space", get + "Host: a.test b.test~~", "!host"},
      {"other than the target", "GET http://a.test/ HTTP/1.1~Host: b.test~~", "!host-mismatch"},
      {"other port than the target", "GET http://a.test/ HTTP/1.1~Host: a.test:81~~",
       "!host-mismatch"},
      {"trailing dot against none", "GET http://a.test/ HTTP/1.1~Host: a.test.~~",
       "!host-mismatch"},
  };
  for (const Row& row : rows) check(row, std::nullopt);
}

TEST(H1FramingTest, FieldLines) {
  const std::string get = "GET / HTTP/1.1~" + kHost;
  const std::string good = "GET |a.test|/ 1.1 none";
  const Row rows[] = {
      {"space around the value", get + "X:  a b \t~~", good + " x=a b end"},
      {"empty value", get + "X:~~", good + " x= end"},
      {"tab and high bytes in the value", get + "X: a\tb\xff~~", good + " x=a\tb\xff end"},
      {"colon in the value", get + "X: a:b~~", good + " x=a:b end"},
      {"same name twice", get + "X: a~X: b~~", good + " x=a x=b end"},

      {"bare LF ends a line", get + "X: a\nY: b~~", "!bare-lf"},
      {"bare LF ends the head", get + "X: a~\n", "!bare-lf"},
      {"bare LF everywhere", "GET / HTTP/1.1\nHost: a.test\n\n", "!bare-lf"},
      {"LF first", "\nGET / HTTP/1.1~" + kHost + "~", "!bare-lf"},
      {"bare CR in a value", get + "X: a\rY: b~~", "!bare-cr"},
      {"bare CR in a name", get + "X\r: a~~", "!bare-cr"},
      {"bare CR in the request line", "GET /\r HTTP/1.1~" + kHost + "~", "!bare-cr"},
      {"CR CR LF", get + "X: a\r~~", "!bare-cr"},
      {"obs-fold", get + "X: a~ b~~", "!obs-fold"},
      {"obs-fold by tab", get + "X: a~\tb~~", "!obs-fold"},
      {"space before the first name", "GET / HTTP/1.1~ Host: a.test~~", "!obs-fold"},
      {"space before the colon", get + "X : a~~", "!space-before-colon"},
      {"tab before the colon", get + "X\t: a~~", "!space-before-colon"},
      {"space before the colon of a length", kPost + "Content-Length : 5~~", "!space-before-colon"},
      {"no colon", get + "X~~", "!field-name"},
      {"empty name", get + ": a~~", "!field-name"},
      {"space in a name", get + "X Y: a~~", "!field-name"},
      {"bracket in a name", get + "X[1]: a~~", "!field-name"},
      {"high byte in a name", get + "X\xc3\xa9: a~~", "!field-name"},
      {"pseudo-field", get + ":path: /~~", "!field-name"},
      {"NUL in a value", get + std::string("X: a\0b~~", 8), "!nul"},
      {"NUL in a name", get + std::string("X\0: b~~", 7), "!nul"},
      {"control byte", get + "X: a\x01~~", "!control"},
      {"vertical tab", get + "X: a\x0b~~", "!control"},
      {"DEL", get + "X: a\x7f~~", "!control"},
      {"too many", get + "A:~B:~C:~D:~E:~F:~G:~H:~~", "!too-many-fields"},
      {"just enough", get + "A:~B:~C:~D:~E:~F:~G:~~", good + " a= b= c= d= e= f= g= end"},
      {"too large", get + "X: " + std::string(1024, 'a') + "~~", "!head-too-large"},
      {"target too large", "GET /" + std::string(1024, 'a') + " HTTP/1.1~" + kHost + "~",
       "!target-too-large"},
      {"cut short", get, "!partial-head"},
  };
  for (const Row& row : rows) check(row, std::nullopt);
}

TEST(H1FramingTest, HopByHopFields) {
  const std::string get = "GET / HTTP/1.1~" + kHost;
  const std::string good = "GET |a.test|/ 1.1 none";
  const Row rows[] = {
      {"close", get + "Connection: close~~", good + " close end"},
      {"close in a list", get + "Connection: x, CLOSE~X: 1~~", good + " close end"},
      {"close and keep-alive", get + "Connection: keep-alive~Connection: close~~",
       good + " close end"},
      {"named fields go", get + "Connection: X-A, x-b~X-A: 1~X-B: 2~X-C: 3~~", good + " x-c=3 end"},
      {"names what is meant for all", get + "Connection: Host, Cookie, Via~Cookie: a~Via: 1.1 b~~",
       good + " cookie=a via=1.1 b end"},
      {"names the length", kPost + "Connection: Content-Length~Content-Length: 2~~ab",
       "POST |a.test|/ 1.1 length=2 <ab> end"},
      {"names the coding",
       kPost + "Connection: Transfer-Encoding~Transfer-Encoding: chunked~~1~a~0~~",
       kChunkedHead + " <a> end"},
      {"names nonsense", get + "Connection: a b~~", good + " close end"},
      {"keep-alive and proxy-connection", get + "Keep-Alive: 5~Proxy-Connection: close~~",
       good + " end"},
      {"proxy-authorization stays", get + "Proxy-Authorization: Basic x~~",
       good + " proxy-authorization=Basic x end"},
      {"te is cut down", get + "TE: gzip, trailers;q=1~~", good + " te=trailers end"},
      {"te without trailers goes", get + "TE: gzip~~", good + " end"},
      {"trailer goes", get + "Trailer: x~~", good + " end"},
      {"websocket", get + "Upgrade: WebSocket~Connection: keep-alive, Upgrade~~",
       good + " protocol=websocket end"},
      {"websocket without connection", get + "Upgrade: websocket~~", good + " end"},
      {"websocket among others", get + "Upgrade: websocket, h2c~Connection: upgrade~~",
       good + " end"},
      {"websocket twice", get + "Upgrade: websocket~Upgrade: h2c~Connection: upgrade~~",
       good + " end"},
      {"h2c", get + "Upgrade: h2c~HTTP2-Settings: AAM~Connection: Upgrade, HTTP2-Settings~~",
       good + " end"},
      {"expect", kPost + "Expect: 100-Continue~Content-Length: 1~~a",
       "POST |a.test|/ 1.1 length=1 expect <a> end"},
      {"expect without a body", get + "Expect: 100-continue~~", good + " end"},
      {"expect in 1.0", "POST / HTTP/1.0~Expect: 100-continue~Content-Length: 1~~a",
       "POST ||/ 1.0 length=1 close <a> end"},
      {"expect something else", get + "Expect: 200-ok~~", "!expect"},
      {"names too many",
       get + "Connection: " +
           [] {
             std::string names;
             for (int i = 0; i < 40; ++i) names += "x" + std::to_string(i) + ",";
             return names;
           }() +
           "~~",
       "!connection"},
  };
  for (const Row& row : rows) check(row, std::nullopt);
}

TEST(H1FramingTest, RequestBodies) {
  const Row rows[] = {
      {"length", kPost + "Content-Length: 3~~abc", "POST |a.test|/ 1.1 length=3 <abc> end"},
      {"length zero", kPost + "Content-Length: 0~~", "POST |a.test|/ 1.1 length=0 end"},
      {"leading zeros", kPost + "Content-Length: 003~~abc",
       "POST |a.test|/ 1.1 length=3 <abc> end"},
      {"pipelined", kPost + "Content-Length: 1~~aGET /2 HTTP/1.1~" + kHost + "~",
       "POST |a.test|/ 1.1 length=1 <a> end ; GET |a.test|/2 1.1 none end"},
      {"empty lines between", kPost + "Content-Length: 1~~a~GET /2 HTTP/1.1~" + kHost + "~",
       "POST |a.test|/ 1.1 length=1 <a> end ; GET |a.test|/2 1.1 none end"},
      {"chunked", kChunked + "3~abc~A~0123456789~0~~", kChunkedHead + " <abc0123456789> end"},
      {"chunked in capitals", kPost + "Transfer-Encoding: Chunked~~0~~", kChunkedHead + " end"},
      {"zeros before a size", kChunked + "0003~abc~000~~", kChunkedHead + " <abc> end"},
      {"sixteen digits", kChunked + "0000000000000001~a~0~~", kChunkedHead + " <a> end"},
      {"trailers", kChunked + "1~a~0~X-Sum: 1~Y: 2~~",
       kChunkedHead + " <a> end trailers: x-sum=1 y=2"},
      {"chunked, then another", kChunked + "1~a~0~~GET / HTTP/1.1~" + kHost + "~",
       kChunkedHead + " <a> end ; GET |a.test|/ 1.1 none end"},
      {"get with a body", "GET / HTTP/1.1~" + kHost + "Content-Length: 1~~a",
       "GET |a.test|/ 1.1 length=1 <a> end"},
      {"connect with length zero", "CONNECT a.test:1 HTTP/1.1~" + kHost + "Content-Length: 0~~",
       "CONNECT |a.test:1| 1.1 none end"},

      {"both", kPost + "Content-Length: 5~Transfer-Encoding: chunked~~0~~", "!cl-te"},
      {"both, the other way", kPost + "Transfer-Encoding: chunked~Content-Length: 5~~0~~",
       "!cl-te"},
      {"both, length zero", kPost + "Content-Length: 0~Transfer-Encoding: chunked~~0~~", "!cl-te"},
      {"two lengths", kPost + "Content-Length: 5~Content-Length: 6~~", "!content-length"},
      {"the same twice", kPost + "Content-Length: 5~Content-Length: 5~~", "!content-length"},
      {"a list", kPost + "Content-Length: 5, 5~~", "!content-length"},
      {"empty", kPost + "Content-Length:~~", "!content-length"},
      {"plus", kPost + "Content-Length: +5~~", "!content-length"},
      {"minus", kPost + "Content-Length: -5~~", "!content-length"},
      {"hexadecimal", kPost + "Content-Length: 0x5~~", "!content-length"},
      {"spaces inside", kPost + "Content-Length: 5 6~~", "!content-length"},
      {"fraction", kPost + "Content-Length: 5.0~~", "!content-length"},
      {"overflow", kPost + "Content-Length: 18446744073709551617~~", "!content-length"},
      {"xchunked", kPost + "Transfer-Encoding: xchunked~~", "!transfer-encoding"},
      {"chunked, identity", kPost + "Transfer-Encoding: chunked, identity~~", "!transfer-encoding"},
      {"gzip, chunked", kPost + "Transfer-Encoding: gzip, chunked~~", "!transfer-encoding"},
      {"chunked, chunked", kPost + "Transfer-Encoding: chunked, chunked~~", "!transfer-encoding"},
      {"chunked twice", kPost + "Transfer-Encoding: chunked~Transfer-Encoding: chunked~~",
       "!transfer-encoding"},
      {"identity", kPost + "Transfer-Encoding: identity~~", "!transfer-encoding"},
      {"identity, then chunked", kPost + "Transfer-Encoding: identity~Transfer-Encoding: chunked~~",
       "!transfer-encoding"},
      {"quoted", kPost + "Transfer-Encoding: \"chunked\"~~", "!transfer-encoding"},
      {"parameter", kPost + "Transfer-Encoding: chunked;a=b~~", "!transfer-encoding"},
      {"empty coding", kPost + "Transfer-Encoding:~~", "!transfer-encoding"},
      {"vertical tab before chunked",
       kPost + "Transfer-Encoding: \x0b"
               "chunked~~",
       "!control"},
      {"1.0 with chunked", "POST / HTTP/1.0~" + kHost + "Transfer-Encoding: chunked~~", "!te-1.0"},
      {"connect with a body", "CONNECT a.test:1 HTTP/1.1~" + kHost + "Content-Length: 5~~",
       "!body"},
      {"connect with chunked",
       "CONNECT a.test:1 HTTP/1.1~" + kHost + "Transfer-Encoding: chunked~~", "!body"},
      {"trace with a body", "TRACE / HTTP/1.1~" + kHost + "Content-Length: 5~~", "!body"},
      {"short", kPost + "Content-Length: 5~~abc", "POST |a.test|/ 1.1 length=5 <abc>!truncated"},
  };
  for (const Row& row : rows) check(row, std::nullopt);
}

TEST(H1FramingTest, Chunks) {
  const std::string bad = kChunkedHead + "!chunk-size";
  const Row rows[] = {
      {"letters", kChunked + "x~", bad},
      {"empty size", kChunked + "~", bad},
      {"0x", kChunked + "0x5~hello~0~~", bad},
      {"minus", kChunked + "-1~", bad},
      {"plus", kChunked + "+5~hello~", bad},
      {"space before", kChunked + " 5~hello~", bad},
      {"space behind", kChunked + "5 ~hello~", bad},
      {"tab behind", kChunked + "5\t~hello~", bad},
      {"seventeen digits", kChunked + "00000000000000005~hello~", bad},
      {"overflow", kChunked + "fffffffffffffffff~", bad},
      {"too large", kChunked + "ffffffffffffffff~", bad},
      {"bare LF after a size", kChunked + "5\nhello~0~~", bad},
      {"bare CR after a size", kChunked + "5\rhello", bad},
      {"extension", kChunked + "5;a=b~hello~0~~", kChunkedHead + "!chunk-extension"},
      {"empty extension", kChunked + "5;~hello~0~~", kChunkedHead + "!chunk-extension"},
      {"extension on the last", kChunked + "5~hello~0;x~~",
       kChunkedHead + " <hello>!chunk-extension"},
      {"too long a chunk", kChunked + "5~helloX~0~~", kChunkedHead + " <hello>!chunk-end"},
      {"bare LF after a chunk", kChunked + "5~hello\n0~~", kChunkedHead + " <hello>!chunk-end"},
      {"bare CR after a chunk", kChunked + "5~hello\r0~~", kChunkedHead + " <hello>!chunk-end"},
      {"no CR LF after a chunk", kChunked + "5~hello0~~", kChunkedHead + " <hello>!chunk-end"},
      {"cut in a size", kChunked + "5", kChunkedHead + "!truncated"},
      {"cut in a chunk", kChunked + "5~hel", kChunkedHead + " <hel>!truncated"},
      {"cut before the last", kChunked + "5~hello~", kChunkedHead + " <hello>!truncated"},
      {"cut in the last", kChunked + "5~hello~0~", kChunkedHead + " <hello>!truncated"},
      {"bare LF in trailers", kChunked + "0~X: a\n~", kChunkedHead + "!bare-lf"},
      {"bare LF ends the trailers", kChunked + "0~\n", kChunkedHead + "!bare-lf"},
      {"obs-fold in trailers", kChunked + "0~X: a~ b~~", kChunkedHead + "!obs-fold"},
      {"length in trailers", kChunked + "0~Content-Length: 5~~", kChunkedHead + "!trailer"},
      {"coding in trailers", kChunked + "0~Transfer-Encoding: chunked~~",
       kChunkedHead + "!trailer"},
      {"host in trailers", kChunked + "0~Host: b.test~~", kChunkedHead + "!trailer"},
      {"authorization in trailers", kChunked + "0~Authorization: x~~", kChunkedHead + "!trailer"},
      {"content-encoding in trailers", kChunked + "0~Content-Encoding: gzip~~",
       kChunkedHead + "!trailer"},
      {"too many trailers", kChunked + "0~A:~B:~C:~D:~E:~F:~G:~H:~I:~~",
       kChunkedHead + "!too-many-fields"},
      {"trailers too large", kChunked + "0~X: " + std::string(1024, 'a') + "~~",
       kChunkedHead + "!head-too-large"},
  };
  for (const Row& row : rows) check(row, std::nullopt);
}

TEST(H1FramingTest, Responses) {
  const std::string chunked = kOk + "Transfer-Encoding: chunked~~";
  const std::string chunked_head = "200 \"OK\" 1.1 chunked";
  const Row rows[] = {
      {"length", kOk + "Content-Length: 2~~ab", "200 \"OK\" 1.1 length=2 <ab> end"},
      {"until close", kOk + "~abc", "200 \"OK\" 1.1 until-close close <abc> end"},
      {"chunked", chunked + "2~ab~0~~", chunked_head + " <ab> end"},
      {"chunked with trailers", chunked + "2~ab~0~X: 1~~",
       chunked_head + " <ab> end trailers: x=1"},
      {"no reason", "HTTP/1.1 200 ~Content-Length: 0~~", "200 \"\" 1.1 length=0 end"},
      {"not even a space", "HTTP/1.1 200~Content-Length: 0~~", "200 \"\" 1.1 length=0 end"},
      {"1.0", "HTTP/1.0 200 OK~Content-Length: 1~~a", "200 \"OK\" 1.0 length=1 close <a> end"},
      {"1.0 that stays", "HTTP/1.0 200 OK~Connection: keep-alive~Content-Length: 1~~a",
       "200 \"OK\" 1.0 length=1 <a> end"},
      {"103 before", "HTTP/1.1 103 Early Hints~Link: x~~" + kOk + "Content-Length: 0~~",
       "103 \"Early Hints\" 1.1 none link=x ; 200 \"OK\" 1.1 length=0 end"},
      {"204", "HTTP/1.1 204 No Content~~", "204 \"No Content\" 1.1 none end"},
      {"204 with length zero", "HTTP/1.1 204 No Content~Content-Length: 0~~",
       "204 \"No Content\" 1.1 none end"},
      {"304 with the length of the whole", "HTTP/1.1 304 Not Modified~Content-Length: 9~~",
       "304 \"Not Modified\" 1.1 length=9 end"},
      {"101", "HTTP/1.1 101 Switching Protocols~Upgrade: WebSocket~Connection: Upgrade~~raw",
       "101 \"Switching Protocols\" 1.1 none upgrade=websocket left=raw"},
      {"more than its length", kOk + "Content-Length: 1~~ab",
       "200 \"OK\" 1.1 length=1 <a> end left=b"},
      {"named fields go", kOk + "Connection: x-a~X-A: 1~Content-Length: 0~~",
       "200 \"OK\" 1.1 length=0 end"},
      {"names the content coding",
       kOk + "Connection: Content-Encoding~Content-Encoding: gzip~Content-Length: 0~~",
       "200 \"OK\" 1.1 length=0 content-encoding=gzip end"},

      {"letters in the status", "HTTP/1.1 2x0 OK~~", "!status-line"},
      {"two digits", "HTTP/1.1 20 OK~~", "!status-line"},
      {"four digits", "HTTP/1.1 2000 OK~~", "!status-line"},
      {"below 100", "HTTP/1.1 099 OK~~", "!status-line"},
      {"above 599", "HTTP/1.1 600 OK~~", "!status-line"},
      {"two spaces", "HTTP/1.1  200 OK~~", "!status-line"},
      {"ICY", "ICY 200 OK~~", "!status-line"},
      {"SSH", "SSH-2.0-x~", "!status-line"},
      {"HTTP/2.0", "HTTP/2.0 200 OK~~", "!status-line"},
      {"HTTP/1.2", "HTTP/1.2 200 OK~~", "!version"},
      {"small letters", "http/1.1 200 OK~~", "!status-line"},
      {"empty line before", "~HTTP/1.1 200 OK~~", "!start-line"},
      {"bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "!bare-lf"},
      {"bare CR in the reason", "HTTP/1.1 200 O\rK~~", "!bare-cr"},
      {"NUL in the reason", std::string("HTTP/1.1 200 O\0K~~", 18), "!nul"},
      {"obs-fold", kOk + "X: a~ b~~", "!obs-fold"},
      {"space before the colon", kOk + "Content-Length : 0~~", "!space-before-colon"},
      {"both", kOk + "Content-Length: 1~Transfer-Encoding: chunked~~0~~", "!cl-te"},
      {"two lengths", kOk + "Content-Length: 1~Content-Length: 2~~ab", "!content-length"},
      {"the same twice", kOk + "Content-Length: 1~Content-Length: 1~~a", "!content-length"},
      {"a list", kOk + "Content-Length: 1, 1~~a", "!content-length"},
      {"chunked, identity", kOk + "Transfer-Encoding: chunked, identity~~", "!transfer-encoding"},
      {"gzip", kOk + "Transfer-Encoding: gzip~~", "!transfer-encoding"},
      {"1.0 with chunked", "HTTP/1.0 200 OK~Transfer-Encoding: chunked~~0~~", "!te-1.0"},
      {"100 with a length", "HTTP/1.1 100 Continue~Content-Length: 1~~a", "!framing-in-1xx"},
      {"103 with chunked", "HTTP/1.1 103 X~Transfer-Encoding: chunked~~", "!framing-in-1xx"},
      {"101 with a length", "HTTP/1.1 101 X~Content-Length: 0~Upgrade: websocket~~",
       "!framing-in-1xx"},
      {"101 without upgrade", "HTTP/1.1 101 X~Connection: upgrade~~", "!upgrade"},
      {"101 without connection", "HTTP/1.1 101 X~Upgrade: websocket~~", "!upgrade"},
      {"204 with a length", "HTTP/1.1 204 X~Content-Length: 5~~hello", "!framing-in-204"},
      {"204 with chunked", "HTTP/1.1 204 X~Transfer-Encoding: chunked~~0~~", "!framing-in-204"},
      {"304 with chunked", "HTTP/1.1 304 X~Transfer-Encoding: chunked~~0~~", "!framing-in-304"},
      {"short", kOk + "Content-Length: 5~~abc", "200 \"OK\" 1.1 length=5 <abc>!truncated"},
      {"chunks cut short", chunked + "5~abc", chunked_head + " <abc>!truncated"},
      {"bad chunk", chunked + "zz~", chunked_head + "!chunk-size"},
      {"chunk extension", chunked + "1;x~a~0~~", chunked_head + "!chunk-extension"},
      {"bare LF in chunks", chunked + "1\na\n0\n\n", chunked_head + "!chunk-size"},
      {"too many fields", kOk + "A:~B:~C:~D:~E:~F:~G:~H:~I:~~", "!too-many-fields"},
      {"too large", kOk + "X: " + std::string(1024, 'a') + "~~", "!head-too-large"},
      {"cut in the head", "HTTP/1.1 200 O", "!partial-head"},
  };
  for (const Row& row : rows) check(row, "GET");
}

TEST(H1FramingTest, ResponsesByRequestMethod) {
  const Row head[] = {
      {"length of the whole", kOk + "Content-Length: 9~~", "200 \"OK\" 1.1 length=9 end"},
      {"chunked", kOk + "Transfer-Encoding: chunked~~", "200 \"OK\" 1.1 chunked end"},
      {"neither", kOk + "~", "200 \"OK\" 1.1 none end"},
      {"a body all the same", kOk + "Content-Length: 1~~a", "200 \"OK\" 1.1 length=1 end left=a"},
  };
  for (const Row& row : head) check(row, "HEAD");
  const Row connect[] = {
      {"framing counts for nothing", kOk + "Content-Length: 9~~x",
       "200 \"OK\" 1.1 none end left=x"},
      {"refusal with a body", "HTTP/1.1 403 No~Content-Length: 1~~x",
       "403 \"No\" 1.1 length=1 <x> end"},
  };
  for (const Row& row : connect) check(row, "CONNECT");
}

TEST(H1FramingTest, StatusForWhatIsRefused) {
  const std::pair<std::string, int> rows[] = {
      {"GET / HTTP/1.1~~", 400},
      {"GET / HTTP/1.2~Host: a~~", 505},
      {"PRI * HTTP/2.0~~", 505},
      {"GET / HTTP/1.1~Host: a~Expect: x~~", 417},
      {"GET /" + std::string(2000, 'a'), 414},
      {"GET / HTTP/1.1~Host: a~X: " + std::string(2000, 'a'), 431},
      {"GET / HTTP/1.1~Host: a~A:~B:~C:~D:~E:~F:~G:~H:~~", 431},
      {"GET / HTTP/1.1~Host: a~Transfer-Encoding: gzip~~", 400},
  };
  for (const auto& [input, want] : rows) {
    Transcript transcript(std::nullopt, small_limits());
    transcript.feed(lines(input));
    ASSERT_TRUE(transcript.error()) << input;
    EXPECT_EQ(status_for(*transcript.error()), want) << input;
  }
  EXPECT_EQ(status_for({Errc::timeout, Fault::client, false, "slow"}), 408);
  EXPECT_EQ(status_for({Errc::unsupported, Fault::client, false, "else"}), 501);
}

}  // namespace
}  // namespace weir

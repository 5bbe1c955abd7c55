#include "feeds/names/special_hosts.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace weir {
namespace {

SpecialHosts shipped() {
  SpecialHosts hosts;
  std::vector<Diagnostic> out;
  hosts.load_doh(WEIR_SOURCE_DIR "/conf/lists/doh-endpoints.txt", out);
  hosts.load_cloud(WEIR_SOURCE_DIR "/conf/lists/cloud-suffixes.txt", out);
  EXPECT_TRUE(out.empty()) << out.front().text();
  return hosts;
}

struct DohCase {
  std::string_view host, path;
  bool want;
};
const DohCase kDoh[] = {
    {"dns.google", "/resolve?name=example.com", true},
    {"dns.google", "", true},
    {"mozilla.cloudflare-dns.com", "/dns-query", true},
    {"abc123.dns.nextdns.io", "/", true},
    {"1.1.1.1", "/", true},
    {"2606:4700:4700::1111", "", true},
    {"1.1.1.4", "", false},
    {"example.com", "/dns-query", true},
    {"example.com", "/dns-query?dns=AAABAAABAAAAAAAAA3d3dw", true},
    {"example.com", "/dns-query/", true},
    {"example.com", "/dns-query/client1", true},
    {"example.com", "/x?a=1&dns=AAABAAABAAAAAAAAA3d3dw", true},
    {"example.com", "/x?dns=AAABAAABAAAAAAAAA3d3dw", true},
    {"example.com", "/x?nodns=AAABAAAB", false},
    {"example.com", "/x/dns=AAABAAAB", false},
    {"example.com", "/x?dns=1.1.1.1", false},
    {"example.com", "/dns-queryx", false},
    {"example.com", "/docs/dns-query", false},
    {"example.com", "/", false},
    {"example.com", "", false},
    {"google", "", false},
    {"notdns.google", "", false},
    {"evil-dns.google.example", "", false},
    {"", "", false},
};

TEST(SpecialHosts, DohEndpoints) {
  const SpecialHosts hosts = shipped();
  for (const DohCase& one : kDoh) {
    EXPECT_EQ(hosts.is_doh_endpoint(one.host, one.path), one.want) << one.host << one.path;
  }
}

struct CloudCase {
  std::string_view host, want;
};
const CloudCase kCloud[] = {
    {"someone.github.io", "github.io"},
    {"a.b.pages.dev", "pages.dev"},
    {"github.io", "github.io"},
    {"evil.web.app", "web.app"},
    {"bucket.s3.amazonaws.com", "s3.amazonaws.com"},
    {"anything.amazonaws.com", "amazonaws.com"},
    {"x.blob.core.windows.net", "blob.core.windows.net"},
    {"storage.googleapis.com", "storage.googleapis.com"},
    {"cdn.discordapp.com", "cdn.discordapp.com"},
    {"abcd.ngrok-free.app", "ngrok-free.app"},
    {"github.com", ""},
    {"discordapp.com", ""},
    {"example.co.uk", ""},
    {"example.com", ""},
    {"notamazonaws.com", ""},
    {"10.0.0.1", ""},
    {"::1", ""},
    {"", ""},
};

TEST(SpecialHosts, CloudSuffixes) {
  const SpecialHosts hosts = shipped();
  for (const CloudCase& one : kCloud) {
    EXPECT_EQ(hosts.cloud_suffix(one.host).value_or(""), one.want) << one.host;
  }
}

TEST(SpecialHosts, IpLiterals) {
  EXPECT_TRUE(is_address_host("10.0.0.1"));
  EXPECT_TRUE(is_address_host("2001:db8::1"));
  EXPECT_FALSE(is_address_host("10.0.0.1.example"));
  EXPECT_FALSE(is_address_host(""));
}

TEST(SpecialHosts, BadLinesHaveAPlaceAndCostOnlyThemselves) {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("weir-doh-" + std::to_string(::getpid()));
  std::ofstream(file) << "# comment\nDNS.example.  # kept\n\nnot a host\ncom\nlast.example";
  SpecialHosts hosts;
  std::vector<Diagnostic> out;
  hosts.load_doh(file, out);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0].text(), file.string() + ":4:1: 'not a host' is no host");
  EXPECT_EQ(out[1].line, 5);
  EXPECT_TRUE(hosts.is_doh_endpoint("dns.example", ""));
  EXPECT_TRUE(hosts.is_doh_endpoint("last.example", ""));
  EXPECT_FALSE(hosts.is_doh_endpoint("example.com", ""));
  std::filesystem::remove(file);
  hosts.load_cloud(file, out);
  EXPECT_EQ(out.size(), 3U);
}

}  // namespace
}  // namespace weir

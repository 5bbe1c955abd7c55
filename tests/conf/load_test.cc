#include "conf/load.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "conf/settings_table.h"

namespace weir {
namespace {

const std::string kShipped = std::string(WEIR_SOURCE_DIR) + "/conf/weir.yaml";

std::optional<Settings> read_settings(std::string_view text, std::vector<Diagnostic>& out,
                                      const std::string& file = "conf/weir.yaml") {
  Problems problems(file, out);
  const auto root = parse_yaml(text, problems);
  return root ? bind_settings(*root, problems) : std::nullopt;
}

std::string all_text(const std::vector<Diagnostic>& problems) {
  std::string text;
  for (const Diagnostic& problem : problems) text += problem.text() + "\n";
  return text;
}

// How many members an aggregate has: the most initializers that it takes.
struct AnyValue {
  template <class T>
  operator T() const;  // NOLINT: only in unevaluated contexts
};
template <class T, class... Values>
consteval std::size_t member_count() {
  if constexpr (requires { T{Values{}..., AnyValue{}}; }) {
    return member_count<T, Values..., AnyValue>();
  } else {
    return sizeof...(Values);
  }
}

std::size_t rows_in(std::string_view section) {
  return static_cast<std::size_t>(std::ranges::count(setting_rows(), section, section_of));
}

TEST(SettingsTable, HasARowForEveryMember) {
  EXPECT_EQ(rows_in("listen"), member_count<ListenSettings>());
  EXPECT_EQ(rows_in("limits"), member_count<LimitSettings>());
  EXPECT_EQ(rows_in("timeouts"), member_count<TimeoutSettings>());
  EXPECT_EQ(rows_in("tls"), member_count<TlsSettings>());
  EXPECT_EQ(rows_in("dns"), member_count<DnsSettings>());
  EXPECT_EQ(rows_in("auth"), member_count<AuthSettings>());
  EXPECT_EQ(rows_in("inspect"), member_count<InspectSettings>());
  EXPECT_EQ(rows_in("events"), member_count<EventSettings>());
  EXPECT_EQ(rows_in("log"), member_count<LogSettings>());
  EXPECT_EQ(rows_in("portal"), member_count<PortalSettings>());
  EXPECT_EQ(rows_in("names"), member_count<NameSettings>());
  EXPECT_EQ(rows_in("notice"), member_count<NoticeSettings>());
  EXPECT_EQ(rows_in("history"), member_count<HistorySettings>());
  EXPECT_EQ(rows_in("quarantine"), member_count<QuarantineSettings>());
  EXPECT_EQ(rows_in("notify"), member_count<NotifySettings>());
  EXPECT_EQ(rows_in("links"), member_count<LinkSettings>());
  EXPECT_EQ(rows_in("api"), member_count<ApiSettings>());
  EXPECT_EQ(rows_in("") + 17, member_count<Settings>());
}

TEST(SettingsTable, KeysAreUniqueAndHelpIsThere) {
  std::set<std::string_view> keys;
  for (const SettingRow& row : setting_rows()) {
    EXPECT_TRUE(keys.insert(row.key).second) << row.key;
    EXPECT_TRUE(row.help.ends_with('.')) << row.key;
    EXPECT_EQ(row.kind == SettingKind::word, !row.words.empty()) << row.key;
  }
}

// The shipped file, the struct and the table say the same.
TEST(ShippedSettings, AreTheDefaults) {
  std::vector<Diagnostic> problems;
  Problems own("conf/weir.yaml", problems);
  const auto root = load_yaml(kShipped, own);
  ASSERT_TRUE(root) << all_text(problems);
  const auto settings = bind_settings(*root, own);
  ASSERT_TRUE(settings) << all_text(problems);
  const Settings defaults;
  for (const SettingRow& row : setting_rows()) {
    EXPECT_EQ(setting_text(row, *settings), setting_text(row, defaults)) << row.key;
  }
}

TEST(ShippedSettings, ShowEverySetting) {
  std::vector<Diagnostic> problems;
  Problems own(kShipped, problems);
  const auto root = load_yaml(kShipped, own);
  ASSERT_TRUE(root);
  for (const SettingRow& row : setting_rows()) {
    const std::string_view section = section_of(row);
    const YamlNode* level = section.empty() ? &*root : root->find(section);
    ASSERT_NE(level, nullptr) << row.key;
    EXPECT_NE(level->find(name_of(row)), nullptr) << row.key << " is not shown";
  }
}

// Every row can be read back from what it writes, and reading changes that member.
TEST(SettingsTable, WrittenValuesReadBack) {
  Settings other;
  std::vector<Diagnostic> problems;
  const auto changed = read_settings(
      "threads: 3\nvia_name: w\nlisten: {proxy: ['[::1]:1', 'a.test:2'], admin: 'x.test:9'}\n"
      "tls: {aia_fetch: false, revocation: hard, crl_files: [a.crl, /b.crl]}\n"
      "dns: {servers: [1.2.3.4, '[::1]:53'], hosts: {A.test: [127.0.0.1, '::1']}}\n"
      "events: {output: syslog, syslog: 'udp://log.test:514?format=cef'}\nnotice: {contact: \"it's "
      "us\"}\n",
      problems, "weir.yaml");
  ASSERT_TRUE(changed) << all_text(problems);
  std::string written;
  std::string section;
  for (const SettingRow& row : setting_rows()) {
    if (section_of(row) != section) written += std::string(section = section_of(row)) + ":\n";
    written += (section.empty() ? "" : "  ") + std::string(name_of(row)) + ": " +
               setting_text(row, *changed) + "\n";
  }
  const auto again = read_settings(written, problems, "weir.yaml");
  ASSERT_TRUE(again) << all_text(problems) << written;
  for (const SettingRow& row : setting_rows()) {
    EXPECT_EQ(setting_text(row, *again), setting_text(row, *changed)) << row.key;
  }
  EXPECT_EQ(again->threads, 3U);
  EXPECT_EQ(again->dns.hosts.at(0).name, "a.test");
  EXPECT_EQ(again->notice.contact, "it's us");
  EXPECT_EQ(again->tls.crl_files, (std::vector<std::string>{"a.crl", "/b.crl"}));
}

TEST(LoadSettings, PathsAreSeenFromTheFolderOfTheFile) {
  std::vector<Diagnostic> problems;
  const auto settings =
      read_settings("policy_file: p.yaml\ninspect: {clamav_dir: /db, hash_files: [h]}\n", problems,
                    "/etc/weir/weir.yaml");
  ASSERT_TRUE(settings) << all_text(problems);
  EXPECT_EQ(settings->policy_file, "/etc/weir/p.yaml");
  EXPECT_EQ(settings->state_dir, "/etc/state");
  EXPECT_EQ(settings->inspect.rules_dir, "/etc/weir/rules");
  EXPECT_EQ(settings->inspect.clamav_dir, "/db");
  EXPECT_EQ(settings->inspect.hash_files, std::vector<std::string>{"/etc/weir/h"});
  EXPECT_EQ(settings->inspect.spool_dir, "");
  EXPECT_EQ(settings->auth.password_file, "");
}

TEST(LoadSettings, AnEmptyFileIsTheDefaults) {
  std::vector<Diagnostic> problems;
  const auto settings = read_settings("# nothing\nlimits:\n", problems);
  ASSERT_TRUE(settings) << all_text(problems);
  EXPECT_EQ(settings->policy_file, "conf/policy.yaml");
  EXPECT_EQ(settings->limits.header_count, 200U);
}

TEST(LoadSettings, SaysWhatIsWrongAndWhere) {
  struct Case {
    std::string_view input, want;
  };
  constexpr Case kCases[] = {
      {"threds: 2\n", "weir.yaml:1:1: unknown key 'threds' (did you mean 'threads'?)"},
      {"limits:\n  header_byts: 1KiB\n",
       "2:3: unknown key 'header_byts' in limits (did you mean 'header_bytes'?)"},
      {"header_bytes: 64KiB\n", "(did you mean 'limits.header_bytes'?)"},
      {"threads: many\n", "1:10: threads must be a whole number, not 'many'"},
      {"threads: -1\n", "must be a whole number"},
      {"threads: 5000\n", "threads is 5000, must be from 0 to 1024"},
      {"threads: [1]\n", "not a list"},
      {"threads:\n", "threads has no value"},
      {"limits: {header_bytes: 64}\n", "must be a size with its unit, like 64KiB, not '64'"},
      {"limits: {header_bytes: 64kb}\n", "(units: B, KiB, MiB, GiB, TiB)"},
      {"limits: {header_bytes: 1B}\n", "must be from 1KiB to 16MiB"},
      {"limits: {header_bytes: 99999999999TiB}\n", "must be a size"},
      {"limits: 7\n", "limits must be a map"},
      {"- a\n", "must be a map of settings"},
      {"timeouts: {dns: 5}\n", "must be a time with its unit, like 15s, not '5'"},
      {"timeouts: {dns: 2d}\n", "must be from 100ms to 1h"},
      {"tls: {leaf_lifetime: 3600500ms}\n", "must be whole seconds"},
      {"notify: {webhook: 'ftp://x/'}\n", "1:19: notify.webhook must be an http or https URL"},
      {"notify: {webhook: 'http://x/', webhook_header_file: h}\n", "a secret is not sent"},
      {"notify: {mail_server: 'x:25'}\n", "notify.mail_server must be smtp://"},
      {"notify: {mail_server: 'smtp://x'}\n", "notify.mail_from must be"},
      {"notify: {mail_server: 'smtp://x', mail_from: a@b, mail_to: 'a@b,c'}\n",
       "notify.mail_to must be"},
      {"notify: {mail_server: 'smtp://x', mail_from: a@b, mail_to: 'a@b,'}\n",
       "notify.mail_to must be"},
      {"tls: {revocation: sfot}\n",
       "must be one of off, soft, hard, not 'sfot' (did you mean 'soft'?)"},
      {"tls: {aia_fetch: yes}\n", "must be true or false, not 'yes'"},
      {"listen: {proxy: []}\n", "needs at least one host:port"},
      {"listen: {proxy: [8080]}\n", "'8080' is not host:port"},
      {"listen: {admin: 'a b:1'}\n", "is not host:port"},
      {"listen: {advertised_host: 'a b'}\n", "is no host name"},
      {"dns: {servers: [ns.test]}\n", "is not an address or address:port"},
      {"dns: {hosts: {'a b': [1.2.3.4]}}\n", "dns.hosts: "},
      {"dns: {hosts: {a.test: [x]}}\n", "'x' is no IP address"},
      {"dns: {hosts: {a.test: []}}\n", "no address for a.test"},
      {"dns: {hosts: {a.test: 1.2.3.4, A.TEST: 1.2.3.4}}\n", "a.test is there twice"},
      {"dns: {hosts: [a]}\n", "must map hosts to addresses"},
      {"dns:\n  positive_ttl_min: 2h\n", "2:21: dns.positive_ttl_min is above"},
      {"events: {output: syslog}\n", "names no server"},
      {"events: {syslog: 'http://x'}\n", "is none of udp://"},
      {"events: {syslog: 'udp://x:1?format=leef'}\n", "is none of udp://"},
      {"via_name: 'a b'\n", "via_name must be a single word"},
      {"notice: {contact: \"a\\nb\"}\n", "has control characters"},
      {"policy_file: ''\n", "must not be empty"},
      {"a: 1\na: 2\n", "2:1: duplicate key 'a'"},
      {"threads: 1\n---\nthreads: 2\n", "only one document"},
      {"threads: [\n", "weir.yaml:"},
      {"threads: &a 1\n? [x]\n: 2\n", "a key must be a word"},
      {"threads: !!int 1\n", "tags are not used here"},
  };
  for (const Case& test : kCases) {
    std::vector<Diagnostic> problems;
    EXPECT_FALSE(read_settings(test.input, problems, "weir.yaml")) << test.input;
    EXPECT_NE(all_text(problems).find(test.want), std::string::npos)
        << test.input << all_text(problems);
  }
}

TEST(LoadSettings, ReportsAllProblemsAtOnce) {
  std::vector<Diagnostic> problems;
  EXPECT_FALSE(read_settings("threads: x\nlimits: {tunnels: y}\nnope: 1\n", problems));
  EXPECT_EQ(problems.size(), 3U) << all_text(problems);
}

TEST(LoadSettings, AMissingFileIsNamed) {
  std::vector<Diagnostic> problems;
  EXPECT_FALSE(load_settings("/nonexistent/weir.yaml", problems));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].line, 0);
  EXPECT_NE(problems[0].text().find("/nonexistent/weir.yaml: cannot be read: "), std::string::npos);
}

}  // namespace
}  // namespace weir

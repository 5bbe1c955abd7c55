#include "conf/load.h"

#include <algorithm>

#include "conf/bind.h"
#include "conf/nearest_word.h"
#include "conf/settings_table.h"
#include "conf/text_file.h"
#include "core/net_addr.h"
#include "core/url.h"

namespace weir {
namespace {

using enum SettingKind;

bool is_endpoint(std::string_view text) {
  const auto parts = split_host_port(text);
  return parts && parts->port && canonical_host(parts->host);
}

bool is_server(std::string_view text) {
  const auto parts = split_host_port(text);
  return parts && IpAddress::parse(parts->host);
}

// The format that follows is the event log's to know, but a wrong one is said before it starts.
bool is_sink(std::string_view text) {
  for (const std::string_view format : {"?format=ocsf", "?format=ecs", "?format=cef"}) {
    if (!text.ends_with(format)) continue;
    text.remove_suffix(format.size());
    break;
  }
  if (text.starts_with("unix:///")) return text.size() < 108;
  if (!text.starts_with("udp://") && !text.starts_with("tcp://")) return false;
  return is_endpoint(text.substr(6));
}

bool is_printable(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

// One value of one setting, on its way from its node into its member.
class ValueReader {
 public:
  ValueReader(const SettingRow& row, const YamlNode& node, Problems& problems)
      : row_(row), node_(node), problems_(problems) {}

  void read_into(bool& value) { put(value, read_flag(node_, row_.key, problems_)); }
  void read_into(int& value) { read_number(value); }
  void read_into(std::uint32_t& value) { read_number(value); }
  void read_into(std::uint64_t& value) { read_number(value); }

  void read_into(Millis& value) {
    put(value, read_duration(node_, row_.key, Millis(row_.least), Millis(row_.most), problems_));
  }
  void read_into(Seconds& value) {
    Millis fine{-1};
    read_into(fine);
    if (fine < Millis(0)) return;
    value = std::chrono::duration_cast<Seconds>(fine);
    if (value != fine) fail(node_, "must be whole seconds");
  }

  void read_into(std::string& value) {
    if (row_.kind == word) {
      put(value, read_word(node_, row_.key, split_words(row_.words), problems_));
      return;
    }
    const auto text = read_text(node_, row_.key, problems_);
    if (!text || !check(*text, node_)) return;
    value = row_.kind == path ? resolved(*text) : *text;
  }

  void read_into(std::vector<std::string>& value) {
    value.clear();
    for (const YamlNode* item : read_list(node_, row_.key, problems_)) {
      if (!check(item->text, *item)) continue;
      value.push_back(row_.kind == paths ? resolved(item->text) : item->text);
    }
    if (row_.kind == endpoints && value.empty()) fail(node_, "needs at least one host:port");
  }

  void read_into(std::vector<HostsEntry>& value) {
    value.clear();
    if (node_.kind == YamlNode::Kind::null) return;
    if (node_.kind != YamlNode::Kind::map) return fail(node_, "must map hosts to addresses");
    for (const YamlEntry& entry : node_.entries) read_host(entry, value);
  }

 private:
  template <class T, class U>
  static void put(T& value, const std::optional<U>& read) {
    if (read) value = *read;
  }

  template <class T>
  void read_number(T& value) {
    const auto read = row_.kind == bytes
                          ? read_bytes(node_, row_.key, row_.least, row_.most, problems_)
                          : read_count(node_, row_.key, row_.least, row_.most, problems_);
    if (read) value = static_cast<T>(*read);  // the row's bounds fit the member
  }

  void read_host(const YamlEntry& entry, std::vector<HostsEntry>& value) {
    auto name = canonical_host(entry.key);
    if (!name) return problems_.error(entry.place, "dns.hosts: " + name.error().what);
    if (std::ranges::find(value, *name, &HostsEntry::name) != value.end()) {
      return problems_.error(entry.place, "dns.hosts: " + *name + " is there twice");
    }
    HostsEntry host{*name, {}};
    for (const YamlNode* item : read_list(entry.value, row_.key, problems_)) {
      if (!IpAddress::parse(item->text)) fail(*item, quoted(item->text) + " is no IP address");
      host.addresses.push_back(item->text);
    }
    if (host.addresses.empty()) problems_.error(entry.place, "dns.hosts: no address for " + *name);
    value.push_back(std::move(host));
  }

  // Whether one piece of text is of the row's kind.
  bool check(const std::string& text, const YamlNode& at) {
    if (!is_printable(text)) return fail(at, "has control characters"), false;
    const bool empty_is_fine = row_.kind == host || row_.kind == sink;
    if (text.empty() && empty_is_fine) return true;
    if (row_.kind == paths && text.empty()) return fail(at, "has an empty path"), false;
    if (row_.kind == host && !canonical_host(text)) return wrong(at, "no host name");
    if (row_.kind == endpoint && !is_endpoint(text)) return wrong(at, "not host:port");
    if (row_.kind == endpoints && !is_endpoint(text)) return wrong(at, "not host:port");
    if (row_.kind == servers && !is_server(text))
      return wrong(at, "not an address or address:port");
    if (row_.kind == sink && !is_sink(text)) {
      return wrong(at, "none of udp://host:port, tcp://host:port, unix:///path");
    }
    return true;
  }

  bool wrong(const YamlNode& at, std::string_view how) {
    fail(at, quoted(at.text) + " is " + std::string(how));
    return false;
  }
  void fail(const YamlNode& at, std::string_view what) {
    problems_.error(at.place, std::string(row_.key) + ": " + std::string(what));
  }
  std::string resolved(const std::string& text) const {
    return text.empty() ? text : beside(problems_.file(), text);
  }

  const SettingRow& row_;
  const YamlNode& node_;
  Problems& problems_;
};

class Binder {
 public:
  explicit Binder(Problems& problems) : problems_(problems) {}

  Settings bind(const YamlNode& root) {
    set_default_paths();
    bind_level(root, "", "");
    check_together(root);
    return std::move(settings_);
  }

 private:
  using Kind = YamlNode::Kind;

  void set_default_paths() {
    for (const SettingRow& row : setting_rows()) {
      if (row.kind != path) continue;
      std::string& value = *std::get<SettingIn<std::string>>(row.field)(settings_);
      const std::string relative = default_path_beside_config(value);
      if (!relative.empty()) value = beside(problems_.file(), relative);
    }
  }

  void bind_level(const YamlNode& node, std::string_view section, std::string_view what) {
    if (node.kind == Kind::null) return;  // all lines of it are comments
    if (node.kind != Kind::map) {
      return problems_.error(node.place, section.empty()
                                             ? "must be a map of settings"
                                             : std::string(what) + " must be a map of settings");
    }
    for (const YamlEntry& entry : node.entries) bind_entry(entry, section);
  }

  void bind_entry(const YamlEntry& entry, std::string_view section) {
    std::vector<std::string_view> known;
    for (const SettingRow& row : setting_rows()) {
      if (section_of(row) == section && name_of(row) == entry.key) return bind_row(row, entry);
      if (section_of(row) == section) known.push_back(name_of(row));
      if (!section.empty() || section_of(row).empty()) continue;
      if (section_of(row) == entry.key) return bind_level(entry.value, entry.key, entry.key);
      known.push_back(section_of(row));
    }
    unknown(entry, section, known);
  }

  void unknown(const YamlEntry& entry, std::string_view section,
               std::span<const std::string_view> known) {
    std::string hint = did_you_mean(entry.key, known);
    for (const SettingRow& row : setting_rows()) {
      if (hint.empty() && name_of(row) == entry.key) {
        hint = " (did you mean '" + std::string(row.key) + "'?)";
      }
    }
    const std::string where = section.empty() ? "" : " in " + std::string(section);
    problems_.error(entry.place, "unknown key " + quoted(entry.key) + where + hint);
  }

  void bind_row(const SettingRow& row, const YamlEntry& entry) {
    const bool may_be_empty = row.kind == hosts || row.kind == paths || row.kind == servers;
    if (entry.value.kind == Kind::null && !may_be_empty) {
      return problems_.error(entry.place, std::string(row.key) + " has no value");
    }
    ValueReader reader(row, entry.value, problems_);
    std::visit([&](auto field) { reader.read_into(*field(settings_)); }, row.field);
  }

  // What two settings must agree on.
  void check_together(const YamlNode& root) {
    if (settings_.dns.positive_ttl_min > settings_.dns.positive_ttl_max) {
      problems_.error(place(root, "dns", "positive_ttl_min"),
                      "dns.positive_ttl_min is above dns.positive_ttl_max");
    }
    if (settings_.events.output == "syslog" && settings_.events.syslog.empty()) {
      problems_.error(place(root, "events", "output"),
                      "events.output is syslog, but events.syslog names no server");
    }
    if (!std::ranges::all_of(settings_.via_name, is_token_char)) {
      problems_.error(place(root, "via_name", ""),
                      "via_name must be a single word (RFC 9110 token)");
    }
    if (settings_.state_dir.empty() || settings_.policy_file.empty()) {
      problems_.error(root.place, "state_dir and policy_file must not be empty");
    }
    check_notify(root);
  }

  void check_notify(const YamlNode& root) {
    const NotifySettings& notify = settings_.notify;
    const auto wrong = [&](std::string_view name, std::string_view what) {
      problems_.error(place(root, "notify", name),
                      "notify." + std::string(name) + std::string(what));
    };
    const bool secure = notify.webhook.starts_with("https://");
    if (!notify.webhook.empty() && !secure && !notify.webhook.starts_with("http://")) {
      wrong("webhook", " must be an http or https URL");
    } else if (!notify.webhook.empty() && !secure && !notify.webhook_header_file.empty()) {
      wrong("webhook", " must be https: a secret is not sent over http://");
    }
    if (notify.mail_server.empty()) return;
    if (!notify.mail_server.starts_with("smtp://") && !notify.mail_server.starts_with("smtps://")) {
      wrong("mail_server", " must be smtp://host:port or smtps://host:port");
    }
    if (!is_address(notify.mail_from)) wrong("mail_from", " must be a mail address");
    for (std::size_t at = 0; at <= notify.mail_to.size();) {
      const std::size_t comma = std::min(notify.mail_to.find(',', at), notify.mail_to.size());
      std::string_view one = std::string_view(notify.mail_to).substr(at, comma - at);
      while (one.starts_with(' ')) one.remove_prefix(1);
      if (!is_address(one)) return wrong("mail_to", " must be mail addresses, with commas between");
      at = comma + 1;
    }
  }

  static bool is_address(std::string_view text) {
    return text.find('@') != std::string_view::npos &&
           text.find_first_of(" <>\"") == std::string_view::npos;
  }

  static Place place(const YamlNode& root, std::string_view section, std::string_view name) {
    const YamlNode* outer = root.find(section);
    const YamlNode* inner = outer == nullptr || name.empty() ? outer : outer->find(name);
    return inner != nullptr ? inner->place : root.place;
  }

  static bool is_token_char(char c) {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || kMarks.find(c) != std::string_view::npos;
  }

  Problems& problems_;
  Settings settings_;
};

}  // namespace

std::optional<Settings> bind_settings(const YamlNode& root, Problems& problems) {
  const int before = problems.errors();
  Settings settings = Binder(problems).bind(root);
  if (problems.errors() > before) return std::nullopt;
  return settings;
}

std::optional<Settings> load_settings(const std::string& file, std::vector<Diagnostic>& out) {
  Problems problems(file, out);
  const auto root = load_yaml(file, problems);
  if (!root) return std::nullopt;
  return bind_settings(*root, problems);
}

}  // namespace weir

#include "feeds/names/brands.h"

#include <algorithm>
#include <array>

#include "conf/bind.h"
#include "conf/text_file.h"
#include "conf/yaml.h"
#include "core/url.h"
#include "feeds/idn.h"
#include "feeds/names/near_names.h"
#include "feeds/public_suffix.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 3> kFileKeys = {"brands", "lures", "innocent"};
constexpr std::array<std::string_view, 5> kBrandKeys = {"name", "words", "domains", "any_top",
                                                        "ordinary"};
constexpr std::size_t kMostBrands = 10'000;
constexpr std::size_t kMostDomainLabels = 4;

class BrandReader {
 public:
  explicit BrandReader(Problems& problems) : problems_(problems) {}

  Brands read(const YamlNode& root) {
    Brands all;
    if (!check_map(root, "the list of brands", kFileKeys, problems_)) return all;
    if (const YamlNode* node = root.find("brands")) read_brands(*node, all.brands);
    if (const YamlNode* node = root.find("lures")) all.lures = words(*node, "lures");
    if (const YamlNode* node = root.find("innocent")) all.innocent = domains(*node, "innocent");
    return all;
  }

 private:
  void read_brands(const YamlNode& node, std::vector<Brand>& into) {
    if (node.kind != YamlNode::Kind::list) {
      return problems_.error(node.place, "'brands' must be a list");
    }
    if (node.items.size() > kMostBrands) {
      return problems_.error(node.place, "at most " + std::to_string(kMostBrands) + " brands");
    }
    for (const YamlNode& item : node.items) into.push_back(brand(item));
  }

  Brand brand(const YamlNode& node) {
    Brand one;
    if (!check_map(node, "a brand", kBrandKeys, problems_)) return one;
    if (const YamlNode* value = node.find("name")) {
      one.name = word(*value, "name");
    } else {
      problems_.error(node.place, "a brand needs a 'name'");
    }
    if (const YamlNode* value = node.find("words")) one.words = words(*value, "words");
    if (const YamlNode* value = node.find("domains")) one.domains = domains(*value, "domains");
    if (one.domains.empty()) problems_.error(node.place, "a brand needs one of its own 'domains'");
    one.any_top = flag(node, "any_top");
    one.ordinary = flag(node, "ordinary");
    return one;
  }

  bool flag(const YamlNode& node, std::string_view key) {
    const YamlNode* value = node.find(key);
    return value != nullptr && read_flag(*value, key, problems_).value_or(false);
  }

  std::string word(const YamlNode& node, std::string_view what) {
    constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
    const std::string text = read_text(node, what, problems_).value_or("");
    if (text.size() < 2 || text.size() > kLongestName ||
        text.find_first_not_of(kLetters) != std::string::npos) {
      problems_.error(node.place, quoted(text) + " is no word of 2 to " +
                                      std::to_string(kLongestName) + " letters a-z and digits");
    }
    return text;
  }

  std::vector<std::string> words(const YamlNode& node, std::string_view what) {
    std::vector<std::string> all;
    for (const YamlNode* item : read_list(node, what, problems_)) all.push_back(word(*item, what));
    return all;
  }

  std::string domain(const YamlNode& node) {
    const auto ascii = host_to_ascii(node.text);
    const auto host = ascii ? canonical_host(*ascii) : Result<std::string>(ascii);
    if (!host || host->find('.') == std::string::npos || is_public_suffix(*host) ||
        static_cast<std::size_t>(std::ranges::count(*host, '.')) >= kMostDomainLabels) {
      problems_.error(node.place, quoted(node.text) + " is no domain that somebody registered");
      return {};
    }
    return *host;
  }

  std::vector<std::string> domains(const YamlNode& node, std::string_view what) {
    std::vector<std::string> all;
    for (const YamlNode* item : read_list(node, what, problems_)) all.push_back(domain(*item));
    return all;
  }

  Problems& problems_;
};

}  // namespace

std::optional<Brands> parse_brands(std::string_view text, Problems& problems) {
  const auto root = parse_yaml(text, problems);
  if (!root) return std::nullopt;
  Brands all = BrandReader(problems).read(*root);
  if (problems.errors() > 0) return std::nullopt;
  return all;
}

std::optional<Brands> load_brands(const std::string& file, std::vector<Diagnostic>& out) {
  Problems problems(file, out);
  const auto text = read_text_file(file, kMostYamlBytes);
  if (!text) {
    problems.error({}, text.error().what);
    return std::nullopt;
  }
  return parse_brands(*text, problems);
}

}  // namespace weir

#include "conf/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <map>
#include <streambuf>
#include <unordered_set>

#include "conf/text_file.h"
#include "core/escape.h"

namespace weir {
namespace {

constexpr std::size_t kDeepest = 32;
constexpr std::size_t kMostNodes = 1'000'000;
constexpr std::size_t kLongestKey = 256;

Place place_of(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

YamlNode node_at(const YAML::Mark& mark, YamlNode::Kind kind) {
  YamlNode node;
  node.kind = kind;
  node.place = place_of(mark);
  return node;
}

// Reads from memory without a copy.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // the get area is only read from
    setg(begin, begin, begin + text.size());
  }
};

// Builds the tree from the library's events. Whatever must not be is thrown as the library's own
// exception, which parse_yaml turns into a problem with its place.
class TreeBuilder : public YAML::EventHandler {
 public:
  YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "only one document may be in a file");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    finish(node_at(mark, YamlNode::Kind::null), anchor, 1, mark);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    if (value.find('\0') != std::string::npos) refuse(mark, "a NUL byte");
    const bool null = tag == "?" && (value.empty() || value == "~" || value == "null");
    YamlNode node = node_at(mark, null ? YamlNode::Kind::null : YamlNode::Kind::scalar);
    if (!null) node.text = value;
    finish(std::move(node), anchor, 1, mark);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) refuse(mark, "an alias inside of what it names");
    charge(mark, found->second.nodes);
    finish(YamlNode(found->second.node), YAML::NullAnchor, found->second.nodes, mark);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(YamlNode::Kind::list, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(YamlNode::Kind::map, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor;
    YAML::Mark mark;
    std::size_t nodes = 1;  // of the subtree so far
    bool has_key = false;   // of a map: the last entry waits for its value
    std::unordered_set<std::string> keys{};
  };
  struct Anchored {
    YamlNode node;
    std::size_t nodes;
  };

  [[noreturn]] static void refuse(const YAML::Mark& mark, const std::string& what) {
    throw YAML::ParserException(mark, what);
  }

  static void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, "tags are not used here");
  }

  void charge(const YAML::Mark& mark, std::size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > kMostNodes) refuse(mark, "too many values");
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() >= kDeepest) refuse(mark, "nested too deep");
    charge(mark, 1);
    open_.push_back({.node = node_at(mark, kind), .anchor = anchor, .mark = mark});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    finish(std::move(done.node), done.anchor, done.nodes, done.mark);
  }

  // A value is complete: it belongs to what is open around it, or is the whole document.
  void finish(YamlNode node, YAML::anchor_t anchor, std::size_t nodes, const YAML::Mark& mark) {
    if (anchor != YAML::NullAnchor) {
      charge(mark, nodes);
      anchors_.insert_or_assign(anchor, Anchored{node, nodes});
    }
    if (node.kind == YamlNode::Kind::scalar || node.kind == YamlNode::Kind::null) charge(mark, 1);
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    parent.nodes += nodes;
    if (parent.node.kind == YamlNode::Kind::list) {
      parent.node.items.push_back(std::move(node));
    } else if (parent.has_key) {
      parent.node.entries.back().value = std::move(node);
      parent.has_key = false;
    } else {
      add_key(parent, std::move(node), mark);
    }
  }

  static void add_key(Open& map, YamlNode key, const YAML::Mark& mark) {
    if (key.kind != YamlNode::Kind::scalar) refuse(mark, "a key must be a word");
    if (key.text.size() > kLongestKey) refuse(mark, "a key is too long");
    if (!map.keys.insert(key.text).second) {
      refuse(mark, "duplicate key '" + escape_for_log(key.text, 64) + "'");
    }
    map.node.entries.push_back({std::move(key.text), key.place, {}});
    map.has_key = true;
  }

  YamlNode root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

// The library's scanner takes other encodings on trust; ours is UTF-8 only.
Place first_bad_byte(std::string_view text) {
  Place place{1, 1};
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0 || text.front() == '\0') return place;
    place = text.front() == '\n' ? Place{place.line + 1, 1} : Place{place.line, place.column + 1};
    text.remove_prefix(length);
  }
  return {};
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &YamlEntry::key);
  return found == entries.end() ? nullptr : &found->value;
}

std::optional<YamlNode> parse_yaml(std::string_view text, Problems& problems) {
  if (text.size() > kMostYamlBytes) {
    problems.error({}, "larger than 4 MiB");
    return std::nullopt;
  }
  if (const Place bad = first_bad_byte(text); bad.line > 0) {
    problems.error(bad, "not UTF-8 text");
    return std::nullopt;
  }
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    TreeBuilder builder;
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take();
  } catch (const YAML::Exception& error) {
    problems.error(place_of(error.mark), error.msg);
  } catch (const std::exception& error) {  // the library's own limits
    problems.error({}, error.what());
  }
  return std::nullopt;
}

std::optional<YamlNode> load_yaml(const std::string& file, Problems& problems) {
  auto text = read_text_file(file, kMostYamlBytes);
  if (!text) {
    problems.error({}, "cannot be read: " + text.error().what);
    return std::nullopt;
  }
  return parse_yaml(*text, problems);
}

}  // namespace weir

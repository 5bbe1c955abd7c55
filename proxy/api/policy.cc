// POST /policy/explain, POST /policy/check
#include "policy/policy.h"

#include "conf/yaml.h"
#include "core/json_writer.h"
#include "proxy/api/handlers.h"
#include "proxy/api/query.h"
#include "proxy/explain_question.h"

namespace weir {
namespace {

constexpr unsigned kMostDepth = 64;  // of a tree that parse_yaml has bounded

void add_problem(JsonWriter& json, const Diagnostic& problem) {
  json.begin_object();
  json.member("line", problem.line);
  json.member("column", problem.column);
  json.member("message", problem.message);
  json.member("warning", problem.warning);
  json.end_object();
}

// Lists are read from the folder of the policy and below, so that nobody asks through the API what
// is in other files.
bool leaves_folder(std::string_view name) {
  if (name.starts_with('/')) return true;
  while (!name.empty()) {
    const std::size_t end = std::min(name.find('/'), name.size());
    if (name.substr(0, end) == "..") return true;
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return false;
}

// A list is named by '@' and its path.
void check_lists(const YamlNode& node, Problems& problems, unsigned depth) {
  if (depth > kMostDepth) return;
  if (node.text.starts_with('@') && leaves_folder(std::string_view(node.text).substr(1))) {
    problems.error(node.place, "through the API, lists are read below the policy's folder only");
  }
  for (const YamlNode& item : node.items) check_lists(item, problems, depth + 1);
  for (const YamlEntry& entry : node.entries) check_lists(entry.value, problems, depth + 1);
}

// What is wrong with the text, and when nothing is, the tests of the policy that fail.
std::vector<Diagnostic> check(const std::string& text, const std::string& file,
                              std::shared_ptr<const Policy>& policy, int& passed) {
  std::vector<Diagnostic> found;
  Problems problems(file, found);
  const auto root = parse_yaml(text, problems);
  if (root) check_lists(*root, problems, 0);
  if (problems.errors() != 0) return found;
  policy = Policy::parse(text, file, found);
  // What is said of a list names lines of it, and those belong to nobody but who runs the gateway.
  std::erase_if(found, [&](const Diagnostic& one) { return one.file != file; });
  if (!policy) return found;
  const auto failed = policy->self_test(passed);
  found.insert(found.end(), failed.begin(), failed.end());
  return found;
}

}  // namespace

ApiAnswer api_explain(const ApiRequest& request, ApiWorld& world) {
  if (const auto good = ApiQuery(request.query).done(); !good) {
    return api_problem(400, good.error().what);
  }
  ApiQuery members = ApiQuery::of_json(request.body);
  ExplainQuestion question;
  question.url = members.text("url");
  if (question.url.empty()) members.wrong("url", "is missing");
  for (const auto& [name, into] :
       {std::pair<std::string_view, std::string&>{"client", question.client},
        {"user", question.user},
        {"method", question.method},
        {"content_type", question.content_type},
        {"file_type", question.file_type},
        {"verdict", question.verdict},
        {"reason", question.reason},
        {"certificate_error", question.certificate_error}}) {
    if (std::string given = members.text(name); !given.empty()) into = std::move(given);
  }
  if (const auto good = members.done(); !good) return api_problem(400, good.error().what);
  const auto policy = world.policy();
  const auto index = world.index();
  auto text = explain_question(question, {*policy, *index, world.parts().names, world.now()}, true);
  if (!text) return api_problem(400, text.error().what);
  return api_json(std::move(*text));
}

ApiAnswer api_check_policy(const ApiRequest& request, ApiWorld& world) {
  if (const auto good = ApiQuery(request.query).done(); !good) {
    return api_problem(400, good.error().what);
  }
  std::shared_ptr<const Policy> policy;
  int passed = 0;
  const auto found = check(request.body, world.settings().policy_file, policy, passed);
  int errors = 0;
  for (const Diagnostic& one : found) errors += one.warning ? 0 : 1;
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  json.member("good", errors == 0);
  if (policy) json.member("version", policy->version());
  json.member("tests_passed", passed);
  json.begin_array("problems");
  for (const Diagnostic& one : found) add_problem(json, one);
  json.end_array();
  json.end_object();
  return api_json(body + "\n");
}

}  // namespace weir

// weir bypass-candidates: hosts whose clients refuse the minted certificate, as the running gateway
// has counted them.
#include <curl/curl.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

#include "conf/load.h"
#include "proxy/cli/commands.h"

namespace weir {
namespace {

std::size_t append(char* data, std::size_t size, std::size_t count, void* out) {
  constexpr std::size_t kMost = 16 * 1024 * 1024;
  auto& text = *static_cast<std::string*>(out);
  if (text.size() + size * count > kMost) return 0;
  text.append(data, size * count);
  return size * count;
}

int fetch(const std::string& config) {
  std::vector<Diagnostic> problems;
  const auto settings = load_settings(config, problems);
  print_problems(problems);
  if (!settings) return kProblem;
  // The gateway writes where it listens when it is ready.
  std::ifstream in(settings->state_dir + "/run.json");
  const std::string run(std::istreambuf_iterator<char>(in), {});
  constexpr std::string_view kKey = "\"admin\":\"";
  const auto at = run.find(kKey);
  if (at == std::string::npos) {
    std::cerr << "weir: the gateway is not running (no run.json in " << settings->state_dir
              << ")\n";
    return kTrouble;
  }
  const auto from = at + kKey.size();
  const std::string url =
      "http://" + run.substr(from, run.find('"', from) - from) + "/bypass-candidates";
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 &curl_easy_cleanup);
  std::string answer;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 10L);
  curl_easy_setopt(curl.get(), CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK) {
    std::cerr << "weir: " << url << ": " << curl_easy_strerror(code) << '\n';
    return kTrouble;
  }
  std::cout << answer;
  return 0;
}

}  // namespace

void add_bypass_candidates(CLI::App& cli, int& exit_code) {
  auto* command = cli.add_subcommand(
      "bypass-candidates",
      "hosts whose clients refuse the minted certificate (JSON), from the running gateway");
  auto config = std::make_shared<std::string>(default_config());
  command->add_option("-c,--config", *config, "settings file")->capture_default_str();
  command->callback([config, &exit_code] { exit_code = fetch(*config); });
}

}  // namespace weir

// weir verify-chain and passwd: the small tools.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "proxy/authenticator.h"
#include "proxy/cli/commands.h"
#include "proxy/tls/tls.h"
#include "proxy/tls/verify.h"

namespace weir {
namespace {

struct ChainQuestion {
  std::string chain, ca, host, time;
};

int judge(const ChainQuestion& question) {
  TlsSettings settings;
  settings.system_ca_file.clear();
  settings.extra_ca_files = {question.ca};
  const auto trust = load_trust(settings);
  auto chain = read_pem_chain(question.chain);
  if (!trust || !chain) {
    std::cerr << "weir: " << (trust ? chain.error().what : trust.error().what) << '\n';
    return kTrouble;
  }
  ChainInput input{.chain_der = std::move(*chain),
                   .host = question.host,
                   .now = SystemClock().wall(),
                   .stapled_ocsp = {}};
  if (!question.time.empty()) {
    std::int64_t seconds = 0;
    if (!CLI::detail::lexical_cast(question.time, seconds)) {
      std::cerr << "weir: --time takes seconds since 1970\n";
      return kUsage;
    }
    input.now = WallTime(std::chrono::seconds(seconds));
  }
  const ChainJudgement judgement = judge_chain(**trust, input);
  if (judgement.ok) {
    std::cout << "good\n";
    return 0;
  }
  std::cout << judgement.reason << ": " << judgement.detail << '\n';
  return kProblem;
}

int make_password(const std::string& user) {
  std::string password;
  if (::isatty(STDIN_FILENO) != 0) std::cerr << "password: ";
  std::getline(std::cin, password);
  const auto line = password_line(user, password);
  if (!line) {
    std::cerr << "weir: " << line.error().what << '\n';
    return kUsage;
  }
  std::cout << *line << '\n';
  return 0;
}

}  // namespace

void add_verify_chain(CLI::App& cli, int& exit_code) {
  auto* command = cli.add_subcommand(
      "verify-chain", "judge a certificate chain exactly as the gateway would, and say why");
  auto q = std::make_shared<ChainQuestion>();
  command->add_option("--chain", q->chain, "PEM: the leaf, then intermediates")->required();
  command->add_option("--ca", q->ca, "PEM: trusted roots")->required();
  command->add_option("--host", q->host, "the name it must be for")->required();
  command->add_option("--time", q->time, "at this moment (seconds since 1970; default now)");
  command->callback([q, &exit_code] { exit_code = judge(*q); });
}

void add_passwd(CLI::App& cli, int& exit_code) {
  auto* command = cli.add_subcommand(
      "passwd", "make a line for the password file; the password is read from standard input");
  auto user = std::make_shared<std::string>();
  command->add_option("user", *user, "user name")->required();
  command->callback([user, &exit_code] { exit_code = make_password(*user); });
}

}  // namespace weir

// weir ca: show, export and replace the CA. Whatever needs a CA's key, weir-sign does.
#include "proxy/tls/ca.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "conf/load.h"
#include "core/log.h"
#include "proxy/ca_files.h"
#include "proxy/cli/commands.h"
#include "proxy/tls/signer_process.h"

namespace weir {
namespace {

struct CaQuestion {
  std::string config = default_config();
  bool create = false;
  bool pem = false, der = false, all = false;              // export
  bool activate = false, finish = false, discard = false;  // rotate
  std::string name = "weir CA", organisation, chain_file;  // request, install
};

int say(const Error& error) {
  std::cerr << "weir: " << error.what << '\n';
  return kTrouble;
}

std::optional<Settings> settings_of(const CaQuestion& question) {
  std::vector<Diagnostic> problems;
  auto settings = load_settings(question.config, problems);
  print_problems(problems);
  return settings;
}

int ask_signer(std::vector<std::string> words) {
  const auto done = signer_act(helper_folder() + "/weir-sign", std::move(words));
  return done ? 0 : say(done.error());
}

void print_ca(const std::string& file, const CaCertificate& ca, std::string_view state) {
  std::cout << "file         " << std::filesystem::absolute(file).string() << "\nstate        "
            << state << "\nsubject      " << ca.subject << "\n";
  if (ca.issuer != ca.subject) std::cout << "issuer       " << ca.issuer << "\n";
  std::cout << "valid        " << iso_time(ca.not_before) << " to " << iso_time(ca.not_after)
            << "\nSHA-256      " << fingerprint_text(ca.sha256) << '\n';
}

int show_ca(const CaQuestion& question) {
  const auto settings = settings_of(question);
  if (!settings) return kProblem;
  const std::string& dir = settings->state_dir;
  if (question.create) {
    std::error_code ignored;
    std::filesystem::create_directories(dir, ignored);
    if (const int bad = ask_signer({"--create", dir})) return bad;
  }
  const auto cas = read_cas(dir);
  if (!cas) {
    std::cerr << "weir: " << cas.error().what << "\n(weir ca --create makes one)\n";
    return kTrouble;
  }
  print_ca(dir + "/ca.pem", cas->current, "in force");
  if (cas->next) {
    std::cout << '\n';
    print_ca(dir + "/ca-next.pem", *cas->next, "next, signs nothing yet");
  }
  if (cas->old) {
    std::cout << '\n';
    print_ca(dir + "/ca-old.pem", *cas->old, "old, signs nothing any more");
  }
  return 0;
}

int export_ca(const CaQuestion& question) {
  const auto settings = settings_of(question);
  if (!settings) return kProblem;
  const auto cas = read_cas(settings->state_dir);
  if (!cas) return say(cas.error());
  if (question.der && question.all) {
    std::cerr << "weir: DER holds one certificate; --all goes with --pem\n";
    return kUsage;
  }
  if (question.der) {
    std::cout << (cas->next ? *cas->next : cas->current).anchor_der;
  } else {
    std::cout << published_pem(*cas);
    if (question.all && cas->old) std::cout << cas->old->anchor_pem;
  }
  return 0;
}

int begin_rotation(const std::string& dir) {
  if (const int bad = ask_signer({"--next", dir})) return bad;
  const auto cas = read_cas(dir);
  if (!cas) return say(cas.error());
  print_ca(dir + "/ca-next.pem", *cas->next, "next, signs nothing yet");
  if (cas->next->chain_der.empty()) {
    std::cout << "\nThe CA in force may not certify another one: give the next one to all clients "
                 "first\n(weir ca export --pem, or ca.pem of the admin listener), then\n";
  } else {
    std::cout
        << "\nGive it to clients (weir ca export --pem, or ca.pem of the admin listener). Who "
           "trusts only the\none in force is served as well, until that expires. Then\n";
  }
  std::cout << "  weir ca rotate --activate\n";
  return 0;
}

int rotate_ca(const CaQuestion& question) {
  const auto settings = settings_of(question);
  if (!settings) return kProblem;
  const std::string& dir = settings->state_dir;
  if (question.activate + question.finish + question.discard > 1) {
    std::cerr << "weir: --activate, --finish or --discard, one at a time\n";
    return kUsage;
  }
  if (!question.activate && !question.finish && !question.discard) return begin_rotation(dir);
  const auto done = question.activate ? activate_next_ca(dir)
                    : question.finish ? finish_rotation(dir)
                                      : discard_next_ca(dir);
  if (!done) return say(done.error());
  std::cout << (question.activate
                    ? "The next CA is in force; a gateway that runs takes it within a "
                      "second.\nWhen all clients trust it: weir ca rotate --finish\n"
                : question.finish ? "The old CA and its key are gone.\n"
                                  : "The next CA is forgotten.\n");
  return 0;
}

int request_ca(const CaQuestion& question) {
  const auto settings = settings_of(question);
  if (!settings) return kProblem;
  const std::string& dir = settings->state_dir;
  std::error_code ignored;
  std::filesystem::create_directories(dir, ignored);
  if (const int bad = ask_signer(
          {"--request", dir, "--name", question.name, "--organisation", question.organisation})) {
    return bad;
  }
  std::ifstream in(dir + "/ca-request.pem");
  std::cout << std::string(std::istreambuf_iterator<char>(in), {});
  std::cerr << "Have the PKI sign this as an intermediate CA (CA:TRUE, keyCertSign), then\n"
               "  weir ca install CHAIN.pem\nwith the certificate and, behind it, its issuers.\n";
  return 0;
}

int install_ca(const CaQuestion& question) {
  const auto settings = settings_of(question);
  if (!settings) return kProblem;
  const std::string& dir = settings->state_dir;
  if (const int bad = ask_signer({"--install", dir, "--chain", question.chain_file})) return bad;
  std::error_code ignored;
  const bool first = !std::filesystem::exists(dir + "/ca.pem", ignored);
  if (first) {
    if (const auto done = activate_next_ca(dir); !done) return say(done.error());
  }
  const std::string file = dir + (first ? "/ca.pem" : "/ca-next.pem");
  const auto ca = read_ca(file);
  if (!ca) return say(ca.error());
  print_ca(file, *ca, first ? "in force" : "next, signs nothing yet");
  if (!first) std::cout << "\nPut it in force:  weir ca rotate --activate\n";
  return 0;
}

}  // namespace

void add_ca(CLI::App& cli, int& exit_code) {
  auto* ca = cli.add_subcommand("ca", "show the CA, export it, replace it");
  ca->require_subcommand(0, 1);
  auto q = std::make_shared<CaQuestion>();
  ca->add_option("-c,--config", q->config, "settings file")->capture_default_str();
  ca->add_flag("--create", q->create, "make one first (never overwrites)");
  ca->callback([=, &exit_code] {
    if (ca->get_subcommands().empty()) exit_code = show_ca(*q);
  });
  const auto add = [&](const char* name, const char* help, int (*run)(const CaQuestion&)) {
    auto* command = ca->add_subcommand(name, help);
    command->fallthrough();
    command->callback([=, &exit_code] { exit_code = run(*q); });
    return command;
  };
  add("show", "the CA in force, the next and the old one: file, subject, validity, fingerprint",
      show_ca);
  auto* exporting = add("export", "what clients are to trust, on standard output", export_ca);
  exporting->add_flag("--pem", q->pem, "in force and next (the default)");
  exporting->add_flag("--der", q->der, "one certificate: the next if there is one");
  exporting->add_flag("--all", q->all, "the old one, too");
  auto* rotate = add("rotate", "make the next CA; it signs nothing before --activate", rotate_ca);
  rotate->add_flag("--activate", q->activate, "put the next CA in force");
  rotate->add_flag("--finish", q->finish, "delete the old CA and its key");
  rotate->add_flag("--discard", q->discard, "forget the next CA");
  auto* request =
      add("request", "ask a company's PKI for an intermediate CA (PKCS#10, PEM)", request_ca);
  request->add_option("--name", q->name, "common name")->capture_default_str();
  request->add_option("--organisation", q->organisation, "organisation");
  auto* install = add("install", "take what the PKI answered, as the next CA", install_ca);
  install->add_option("chain", q->chain_file, "PEM: the certificate, then its issuers")->required();
}

}  // namespace weir

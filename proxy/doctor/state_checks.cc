// The policy, the state directory with its secrets, and the CA.
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "policy/policy.h"
#include "proxy/authenticator.h"
#include "proxy/doctor/doctor.h"
#include "proxy/run_program.h"
#include "proxy/tls/ca.h"
#include "proxy/tls/signer_process.h"
#include "sandbox_client/engine_list.h"

namespace weir {
namespace {

constexpr auto kCaNearEnd = std::chrono::days(60);

std::string problems_text(const std::vector<Diagnostic>& problems) {
  std::string out;
  for (const Diagnostic& problem : problems) out += (out.empty() ? "" : "; ") + problem.text();
  return out;
}

void look_at_lists(const Patient& patient, Checkup& checkup) {
  const Settings& settings = patient.settings;
  std::vector<Diagnostic> problems;
  if (!settings.sandbox_file.empty() && !load_sandbox_list(settings.sandbox_file, problems)) {
    checkup.error("sandboxes", problems_text(problems), "mend " + settings.sandbox_file);
  }
  if (settings.feeds_file.empty()) return;
  const auto end = run_program({patient.helper_dir + "/weir-feeds", "--list", settings.feeds_file,
                                "--folder", settings.state_dir + "/feeds", "check"});
  if (!end) {
    checkup.error("feeds", end.error().what, "install weir-feeds beside weir");
  } else if (end->status != 0) {
    checkup.error("feeds", end->output.substr(0, end->output.find('\n')),
                  "mend " + settings.feeds_file);
  }
}

struct stat about(const std::string& path, bool& there) {
  struct stat found{};
  there = ::lstat(path.c_str(), &found) == 0;
  return found;
}

// Files that nobody but their owner may read.
void look_at_secret(const std::string& path, const struct stat& folder, Checkup& checkup) {
  bool there = false;
  const struct stat file = about(path, there);
  if (!there) return;
  if ((file.st_mode & 077) != 0) {
    return checkup.error("secrets", path + ": others than its owner can read it",
                         "chmod 600 " + path + "; if others could log in here, replace the key");
  }
  if (file.st_uid != folder.st_uid) {
    return checkup.error(
        "secrets", path + ": belongs to another user than its folder",
        "chown --reference=" + std::filesystem::path(path).parent_path().string() + " " + path);
  }
  checkup.ok("secrets", path + ": for its owner only");
}

std::string mode_text(mode_t mode) {
  std::array<char, 8> digits{};
  std::snprintf(digits.data(), digits.size(), "%04o", static_cast<unsigned>(mode & 07777));
  return digits.data();
}

void look_at_validity(const CaCertificate& ca, const Patient& patient, Checkup& checkup) {
  const std::string& subject = ca.subject;
  if (ca.not_before > patient.now) {
    return checkup.error("ca", subject + " is not valid yet",
                         "look at the clock; the CA is from the future");
  }
  if (ca.not_after <= patient.now) {
    return checkup.error("ca", subject + " has expired",
                         "weir ca rotate, give the new CA to all clients, "
                         "weir ca rotate --activate");
  }
  const auto left =
      std::chrono::duration_cast<std::chrono::seconds>(ca.not_after - patient.now).count();
  const std::string found = subject + ", valid for " + age_in_words(left);
  if (ca.not_after - patient.now >= kCaNearEnd) return checkup.ok("ca", found);
  checkup.warn("ca", found,
               "weir ca rotate now, so that clients have the new CA in time; then "
               "weir ca rotate --activate");
}

// Starts a signer of our own: it reads the pair, checks it, signs once and enters its jail.
void try_signer(const Patient& patient, Checkup& checkup) {
  const std::string& dir = patient.settings.state_dir;
  if (::access((dir + "/ca.key").c_str(), R_OK) != 0 && errno == EACCES) {
    return checkup.warn("signer", "not tried: you may not read " + dir + "/ca.key",
                        "run weir doctor as the user who runs weir");
  }
  const SignerStart start{.program = patient.helper_dir + "/weir-sign",
                          .certificate_file = dir + "/ca.pem",
                          .key_file = dir + "/ca.key",
                          .crl_url = {},
                          .loops = 1,
                          .best_effort = false};
  const auto signer = SignerProcess::start(start, patient.settings.tls);
  if (signer) return checkup.ok("signer", "signs, and its jail is in force");
  SignerStart lenient = start;
  lenient.best_effort = true;
  if (!SignerProcess::start(lenient, patient.settings.tls)) {
    return checkup.error("signer", signer.error().what,
                         "mend or restore ca.pem and ca.key; weir ca shows the certificate");
  }
  const std::string found = "signs, but cannot be confined: " + signer.error().what;
  if (patient.settings.inspect.isolation == "best_effort") {
    return checkup.warn("signer", found, isolation_advice());
  }
  checkup.error("signer", found, isolation_advice());
}

}  // namespace

void look_at_policy(const Patient& patient, Checkup& checkup) {
  checkup.ok("settings", patient.config);
  const std::string& file = patient.settings.policy_file;
  std::vector<Diagnostic> problems;
  const auto policy = Policy::load(file, problems);
  if (!policy) {
    checkup.error("policy", problems_text(problems), "mend " + file + "; weir check says the same");
  } else {
    int passed = 0;
    const auto failures = policy->self_test(passed);
    if (failures.empty()) {
      checkup.ok("policy", file + ": " + std::to_string(passed) + " tests passed");
    } else {
      checkup.error("policy", problems_text(failures), "mend the rule or its test in " + file);
    }
  }
  look_at_lists(patient, checkup);
}

void look_at_state(const Patient& patient, Checkup& checkup) {
  const std::string& dir = patient.settings.state_dir;
  bool there = false;
  const struct stat folder = about(dir, there);
  if (!there) {
    return checkup.ok("state", dir + ": not there yet; the first start makes it");
  }
  const std::string owned =
      dir + ": uid " + std::to_string(folder.st_uid) + ", mode " + mode_text(folder.st_mode);
  if (!S_ISDIR(folder.st_mode)) {
    return checkup.error("state", dir + " is no directory", "set state_dir to one");
  }
  if ((folder.st_mode & 022) != 0) {
    checkup.error("state", owned + ": others can write there", "chmod 700 " + dir);
  } else if ((folder.st_mode & 055) != 0) {
    checkup.warn("state", owned + ": others can look into it", "chmod 700 " + dir);
  } else {
    checkup.ok("state", owned);
  }
  if (::geteuid() != 0 && ::geteuid() != folder.st_uid) {
    checkup.warn("state", "you are not the owner: some checks see less",
                 "run weir doctor as the user who runs weir");
  }
  const std::string& key = patient.settings.quarantine.key_file;
  for (const std::string& secret :
       {dir + "/ca.key", dir + "/ca-next.key", dir + "/ca-old.key", dir + "/ca-request.key",
        key.empty() ? dir + "/quarantine.key" : key}) {
    look_at_secret(secret, folder, checkup);
  }
}

void look_at_ca(const Patient& patient, Checkup& checkup) {
  const std::string file = patient.settings.state_dir + "/ca.pem";
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    return checkup.ok("ca", "none yet; the first start or weir ca --create makes it");
  }
  const auto ca = read_ca(file);
  if (!ca) {
    return checkup.error("ca", ca.error().what, "restore ca.pem and ca.key from a backup");
  }
  look_at_validity(*ca, patient, checkup);
  const std::string next = patient.settings.state_dir + "/ca-next.pem";
  if (std::filesystem::exists(next, ignored)) {
    checkup.ok("ca", "a next CA is there; weir ca rotate --activate puts it in force");
  }
  try_signer(patient, checkup);
}

}  // namespace weir

// weir-sign: holds the CA key and signs leaves for the gateway, which starts it. It reads its two
// files, gives up everything else, and then only answers on the descriptors it inherited (from 3).
//   weir-sign --ca FILE --key FILE --fds N [--lifetime S] [--backdate S] [--crl-url URL]
//            [--isolation best_effort]
//   weir-sign --create DIR      makes ca.pem and ca.key, and ends
//   weir-sign --next DIR        makes the CA that takes its place (ca_life.h), and ends
//   weir-sign --request DIR --name CN [--organisation O]       asks a company's PKI for one
//   weir-sign --install DIR --chain FILE                       takes what that answered
//   weir-sign [--help]          says what it is
// Exit: 0 the gateway went away, 1 it could not start, 2 it was sent nonsense.
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <map>
#include <optional>
#include <string>

#include "proxy/sign/ca_life.h"
#include "proxy/sign/confine.h"
#include "proxy/sign/leaf_signer.h"
#include "proxy/sign/server.h"
#include "proxy/tls/ca.h"

namespace {

using namespace weir;

constexpr int kFirstPeer = 3;
constexpr unsigned kMaxPeers = 256;

using Options = std::map<std::string, std::string>;

std::optional<Options> read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (!name.starts_with("--") || i + 1 >= argc) return std::nullopt;
    options[name.substr(2)] = argv[i + 1];
  }
  return options;
}

std::optional<std::uint32_t> number(const Options& options, const std::string& name,
                                    std::uint32_t otherwise) {
  const auto found = options.find(name);
  if (found == options.end()) return otherwise;
  std::uint32_t value = 0;
  const std::string& text = found->second;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (bad != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string text(const Options& options, const std::string& name) {
  const auto found = options.find(name);
  return found == options.end() ? "" : found->second;
}

int give_up(std::string_view problem) {
  std::fprintf(stderr, "weir-sign: %.*s\n", static_cast<int>(problem.size()), problem.data());
  return 1;
}

Result<LeafSigner> load_signer(const Options& options, const Clock& clock) {
  const auto lifetime = number(options, "lifetime", 30 * 24 * 3600);
  const auto backdate = number(options, "backdate", 24 * 3600);
  if (!lifetime || !backdate) return fail(Errc::invalid, Fault::config, "bad number of seconds");
  auto ca = load_ca_pair(text(options, "ca"), text(options, "key"), clock.wall());
  if (!ca) return pass(std::move(ca));
  SignerLimits limits;
  limits.lifetime = std::chrono::seconds(*lifetime);
  limits.backdate = std::chrono::seconds(*backdate);
  limits.crl_url = text(options, "crl-url");
  return LeafSigner::make(std::move(*ca), std::move(limits));
}

// Signs once before the jail closes, so that the library has loaded all that it loads on first use.
Result<void> warm_up(LeafSigner& signer, const Clock& clock) {
  const KeyPtr key(EVP_EC_gen("P-256"));
  if (!key) return openssl_failure("key generation");
  unsigned char* raw = nullptr;
  const int size = i2d_PUBKEY(key.get(), &raw);
  if (size <= 0) return openssl_failure("key encoding");
  const std::string spki(as_text({raw, static_cast<std::size_t>(size)}));
  OPENSSL_free(raw);
  auto leaf = signer.sign_leaf("warm-up.invalid", as_bytes(spki), clock.wall());
  if (!leaf) return pass(std::move(leaf));
  auto crl = signer.sign_crl(clock.wall());
  if (!crl) return pass(std::move(crl));
  return {};
}

// A reason the gateway can show, on every descriptor and on our own error output.
int refuse_start(const std::vector<UniqueFd>& peers, const Error& error) {
  for (const UniqueFd& peer : peers) {
    send_reply(peer.get(), {SignReply::Kind::error, 0, error.what.substr(0, 1024)});
  }
  return give_up(error.what);
}

int serve(const Options& options) {
  const auto count = number(options, "fds", 0);
  if (!count || *count == 0 || *count > kMaxPeers) return give_up("--fds must be 1 to 256");
  const unsigned descriptors = kFirstPeer + *count;
  ::close_range(descriptors, ~0U, 0);
  std::vector<UniqueFd> peers;
  for (unsigned i = 0; i < *count; ++i) peers.emplace_back(static_cast<int>(kFirstPeer + i));

  const bool best_effort = text(options, "isolation") == "best_effort";
  const SystemClock clock;
  auto signer = load_signer(options, clock);
  if (!signer) return refuse_start(peers, signer.error());
  if (auto warm = warm_up(*signer, clock); !warm) return refuse_start(peers, warm.error());
  if (auto jailed = confine_signer(descriptors, best_effort); !jailed)
    return refuse_start(peers, jailed.error());
  for (const UniqueFd& peer : peers) {
    send_reply(peer.get(), {SignReply::Kind::ready, 0, signer->ca_sha256()});
  }
  const ServerEnd end = serve_signer(*signer, peers, clock);
  return end == ServerEnd::closed ? 0 : 2;
}

int help() {
  std::fputs(
      "weir-sign holds the key of weir's CA and signs certificates for the hosts that clients ask "
      "for.\nweir starts it and talks to it over inherited sockets; there is nothing to run by "
      "hand. See docs/tls.md.\n",
      stdout);
  return 0;
}

// One act on the files of a CA; nothing when it is to serve.
std::optional<Result<void>> act(const Options& options) {
  const WallTime now = SystemClock().wall();
  if (options.contains("create")) return create_ca(text(options, "create"), now);
  if (options.contains("next")) return create_next_ca(text(options, "next"), now);
  if (options.contains("request")) {
    return create_ca_request(text(options, "request"), text(options, "name"),
                             text(options, "organisation"));
  }
  if (options.contains("install")) {
    return install_ca_chain(text(options, "install"), text(options, "chain"), now);
  }
  return std::nullopt;
}

int run(int argc, char** argv) {
  if (argc == 1 || (argc == 2 && std::string_view(argv[1]) == "--help")) return help();
  const auto options = read_options(argc, argv);
  if (!options || options->empty())
    return give_up("unknown arguments; weir-sign --help says what it is");
  const auto done = act(*options);
  if (!done) return serve(*options);
  return *done ? 0 : give_up(done->error().what);
}

}  // namespace

int main(int argc, char** argv) {
  // Without exit handlers: they are neither needed nor allowed in the jail.
  const int code = run(argc, argv);
  std::fflush(nullptr);
  ::_exit(code);
}

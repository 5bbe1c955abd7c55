#include "proxy/sign/ca_life.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "proxy/sign/leaf_signer.h"
#include "proxy/tls/ca_file.h"
#include "proxy/tls/ca_pair.h"
#include "proxy/tls/x509_build.h"

namespace weir {
namespace {

using RequestPtr = std::unique_ptr<X509_REQ, FreeWith<X509_REQ_free>>;
using StorePtr = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;
using VerifyPtr = std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;

struct FreeExtensions {
  void operator()(STACK_OF(X509_EXTENSION) * stack) const {
    sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free);
  }
};
using ExtensionStack = std::unique_ptr<STACK_OF(X509_EXTENSION), FreeExtensions>;

Result<void> want_none(const std::string& dir, const char* stem, std::string_view advice) {
  for (const char* end : {".pem", ".key"}) {
    const std::string file = dir + "/" + stem + end;
    if (::access(file.c_str(), F_OK) == 0) {
      return ca_file_error(file, "exists already; " + std::string(advice));
    }
  }
  return {};
}

constexpr std::string_view kNextIsThere =
    "weir ca rotate --activate puts it in force, weir ca rotate --discard forgets it";

Result<void> write_pair(const std::string& dir, const std::string& stem, EVP_PKEY* key,
                        const std::string& pem) {
  // The certificate is last: who sees it may rely on the key.
  if (auto done = write_new_key(dir + "/" + stem + ".key", key); !done) return done;
  auto done = write_new_file(dir + "/" + stem + ".pem", pem, 0644);
  if (!done) ::unlink((dir + "/" + stem + ".key").c_str());
  return done;
}

bool add_name(X509_NAME* name, int nid, const std::string& text) {
  return X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

bool add_wanted_extensions(X509_REQ* request) {
  constexpr std::array<std::pair<int, const char*>, 2> kWanted{{
      {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
      {NID_key_usage, "critical,keyCertSign,cRLSign"},
  }};
  const ExtensionStack stack(sk_X509_EXTENSION_new_null());
  if (!stack) return false;
  for (const auto& [nid, value] : kWanted) {
    ExtensionPtr made(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value));
    if (!made || sk_X509_EXTENSION_push(stack.get(), made.get()) <= 0) return false;
    static_cast<void>(made.release());
  }
  return X509_REQ_add_extensions(request, stack.get()) == 1;
}

std::string public_key_der(EVP_PKEY* key) {
  unsigned char* raw = nullptr;
  const int size = i2d_PUBKEY(key, &raw);
  const std::unique_ptr<unsigned char, FreeWith<[](void* p) { OPENSSL_free(p); }>> owner(raw);
  return size > 0 ? std::string(as_text({raw, static_cast<std::size_t>(size)})) : std::string();
}

Result<X509Ptr> trial_leaf(X509* ca, EVP_PKEY* ca_key, WallTime now) {
  EVP_PKEY_up_ref(ca_key);
  auto signer = LeafSigner::make({share(ca), KeyPtr(ca_key)}, {});
  if (!signer) return pass(std::move(signer));
  const KeyPtr key(EVP_EC_gen("P-256"));
  auto der = signer->sign_leaf("trial.invalid", as_bytes(public_key_der(key.get())), now);
  if (!der) return pass(std::move(der));
  return x509_from_der(as_bytes(*der));
}

// The last certificate is what clients trust; all before it come with the leaf.
Result<void> verify_as_a_client(const std::string& file, const std::vector<X509Ptr>& chain,
                                X509* leaf, WallTime now) {
  const StorePtr store(X509_STORE_new());
  const X509Stack sent(sk_X509_new_null());
  const VerifyPtr context(X509_STORE_CTX_new());
  if (!store || !sent || !context || X509_STORE_add_cert(store.get(), chain.back().get()) != 1) {
    return openssl_failure("chain");
  }
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    sk_X509_push(sent.get(), share(chain[i].get()).release());
  }
  if (X509_STORE_CTX_init(context.get(), store.get(), leaf, sent.get()) != 1) {
    return openssl_failure("chain");
  }
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  X509_STORE_CTX_set_time(context.get(), 0, to_time_t(now));
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_PARTIAL_CHAIN);
  if (X509_verify_cert(context.get()) == 1) return {};
  const int error = X509_STORE_CTX_get_error(context.get());
  const int depth = X509_STORE_CTX_get_error_depth(context.get());
  ERR_clear_error();
  return ca_file_error(file, std::string("no client would accept what it signs: ") +
                                 X509_verify_cert_error_string(error) +
                                 (depth > 0 ? ", certificate " + std::to_string(depth) : ""));
}

// Each certificate is there for the one before it.
Result<void> check_order(const std::string& file, const std::vector<X509Ptr>& chain) {
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    if (X509_check_issued(chain[i + 1].get(), chain[i].get()) == X509_V_OK) continue;
    return ca_file_error(file, "certificate " + std::to_string(i + 2) +
                                   " did not issue the one before it; the order is: ours first, "
                                   "then each issuer");
  }
  return {};
}

}  // namespace

Result<void> create_next_ca(const std::string& dir, WallTime now) {
  if (auto none = want_none(dir, "ca-next", kNextIsThere); !none) return none;
  const auto current = load_ca_pair(dir + "/ca.pem", dir + "/ca.key", now);
  if (!current) return std::unexpected(current.error());
  const auto next = make_root(now);
  if (!next) return std::unexpected(next.error());
  std::string pem = pem_of(next->cert.get());
  const auto cross = cross_certificate(*current, next->cert.get(), now);
  if (!cross && cross.error().code != Errc::unsupported) return std::unexpected(cross.error());
  if (cross) pem += pem_of(cross->get());
  return write_pair(dir, "ca-next", next->key.get(), pem);
}

Result<void> create_ca_request(const std::string& dir, const std::string& common_name,
                               const std::string& organisation) {
  if (common_name.empty()) return fail(Errc::invalid, Fault::config, "a CA needs a name");
  auto none = want_none(dir, "ca-request",
                        "that request waits for its answer (weir ca install); delete both files to "
                        "begin anew");
  if (!none) return none;
  const KeyPtr key(EVP_EC_gen("P-256"));
  const RequestPtr request(X509_REQ_new());
  if (!key || !request || X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
      X509_REQ_set_pubkey(request.get(), key.get()) != 1) {
    return openssl_failure("certificate request");
  }
  X509_NAME* name = X509_REQ_get_subject_name(request.get());
  if ((!organisation.empty() && !add_name(name, NID_organizationName, organisation)) ||
      !add_name(name, NID_commonName, common_name)) {
    ERR_clear_error();
    return fail(Errc::invalid, Fault::config, "the name does not fit: at most 64 characters");
  }
  if (!add_wanted_extensions(request.get()) ||
      X509_REQ_sign(request.get(), key.get(), EVP_sha256()) <= 0) {
    return openssl_failure("certificate request");
  }
  return write_pair(dir, "ca-request", key.get(), pem_of(request.get()));
}

Result<void> install_ca_chain(const std::string& dir, const std::string& chain_file, WallTime now) {
  if (auto none = want_none(dir, "ca-next", kNextIsThere); !none) return none;
  const std::string key_file = dir + "/ca-request.key";
  if (::access(key_file.c_str(), F_OK) != 0) {
    return ca_file_error(key_file, "not there: the key is made by weir ca request");
  }
  const auto chain = load_certificates(chain_file);
  if (!chain) return std::unexpected(chain.error());
  auto pair = load_ca_pair(chain_file, key_file, now);
  if (!pair) return pass(std::move(pair));
  if (wall_from_asn1(X509_get0_notBefore(pair->cert.get())) > now) {
    return ca_file_error(chain_file, "the certificate is not valid yet");
  }
  if (auto ordered = check_order(chain_file, *chain); !ordered) return ordered;
  auto leaf = trial_leaf(pair->cert.get(), pair->key.get(), now);
  if (!leaf) return pass(std::move(leaf));
  auto good = verify_as_a_client(chain_file, *chain, leaf->get(), now);
  if (!good) return good;
  std::string pem;
  for (const X509Ptr& cert : *chain) pem += pem_of(cert.get());
  if (auto done = write_pair(dir, "ca-next", pair->key.get(), pem); !done) return done;
  ::unlink(key_file.c_str());
  ::unlink((dir + "/ca-request.pem").c_str());
  return {};
}

}  // namespace weir

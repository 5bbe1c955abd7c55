#include "proxy/tls/ticket_keys.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include <algorithm>

#include "proxy/tls/openssl.h"

namespace weir {
namespace {

std::shared_ptr<const TicketKey> random_key() {
  auto key = std::make_shared<TicketKey>();
  for (auto fill : {std::pair(key->name.data(), key->name.size()),
                    std::pair(key->cipher.data(), key->cipher.size()),
                    std::pair(key->mac.data(), key->mac.size())}) {
    if (RAND_bytes(fill.first, static_cast<int>(fill.second)) != 1) return nullptr;
  }
  return key;
}

bool set_mac(EVP_MAC_CTX* mac, const TicketKey& key) {
  std::array<char, 7> digest{"SHA256"};
  auto secret = key.mac;
  const std::array<OSSL_PARAM, 3> parameters{
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, secret.data(), secret.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, parameters.data()) == 1;
}

// Answers of the callback (SSL_CTX_set_tlsext_ticket_key_evp_cb(3)).
constexpr int kFailed = -1;
constexpr int kUnknown = 0;
constexpr int kGood = 1;
constexpr int kRenew = 2;

int seal(const TicketKey& key, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
         EVP_MAC_CTX* mac) {
  std::ranges::copy(key.name, name);
  if (RAND_bytes(iv, 16) != 1) return kFailed;
  const bool ready =
      EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv) == 1;
  return ready && set_mac(mac, key) ? kGood : kFailed;
}

// A client should use a ticket of TLS 1.3 once (RFC 8446 C.4), and browsers do: each resumption
// must hand out the next one, or every second connection is a full handshake.
int open(const TicketRing& ring, bool single_use, const unsigned char* name,
         const unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
  for (std::size_t i = 0; i < ring.keys.size(); ++i) {
    const TicketKey* key = ring.keys[i].get();
    if (key == nullptr || !std::equal(key->name.begin(), key->name.end(), name)) continue;
    const bool ready = set_mac(mac, *key) && EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr,
                                                                key->cipher.data(), iv) == 1;
    if (!ready) return kFailed;
    return i == 0 && !single_use ? kGood : kRenew;
  }
  return kUnknown;
}

int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
              EVP_MAC_CTX* mac, int sealing) {
  const auto* keys = static_cast<const TicketKeys*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  const TicketRing ring = keys->ring();
  return sealing == 1 ? seal(*ring.keys[0], name, iv, cipher, mac)
                      : open(ring, SSL_version(ssl) >= TLS1_3_VERSION, name, iv, cipher, mac);
}

}  // namespace

TicketKeys::TicketKeys(Duration rotation, SteadyTime now, std::shared_ptr<const TicketKey> first)
    : rotation_(std::max<Duration>(rotation, std::chrono::minutes(1))), rotated_(now) {
  ring_.keys[0] = std::move(first);
}

Result<std::unique_ptr<TicketKeys>> TicketKeys::make(Duration rotation, SteadyTime now) {
  auto first = random_key();
  if (!first) return openssl_failure("ticket key");
  return std::make_unique<TicketKeys>(rotation, now, std::move(first));
}

void TicketKeys::rotate_if_due(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  const auto periods = (now - rotated_) / rotation_;
  if (periods <= 0) return;
  for (auto i = std::min<std::int64_t>(periods, TicketRing::kKeys); i > 0; --i) {
    auto fresh = random_key();
    if (!fresh) return;  // the old key goes on; tried again at the next call
    std::shift_right(ring_.keys.begin(), ring_.keys.end(), 1);
    ring_.keys[0] = std::move(fresh);
  }
  rotated_ += periods * rotation_;
}

TicketRing TicketKeys::ring() const {
  const std::lock_guard lock(mutex_);
  return ring_;
}

void TicketKeys::install(ssl_ctx_st* context) {
  SSL_CTX_set_app_data(context, this);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
}

}  // namespace weir

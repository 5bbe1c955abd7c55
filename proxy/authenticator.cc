#include "proxy/authenticator.h"

#include <crypt.h>

#include <array>
#include <atomic>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fstream>
#include <list>
#include <map>
#include <mutex>
#include <unordered_map>

#include "core/base64.h"
#include "core/digest.h"
#include "core/http_message.h"
#include "core/random.h"

namespace weir {
namespace {

constexpr auto kRemember = std::chrono::minutes(5);
constexpr std::size_t kRemembered = 10000;
constexpr std::size_t kMostWaiting = 256;
constexpr std::size_t kMostCredential = 1024;

using Users = std::map<std::string, std::string, std::less<>>;

// A hash nobody knows the password of: unknown users cost what known ones do.
std::string make_decoy() {
  auto line = password_line("decoy", "no one has this");
  return line ? line->substr(line->find(':') + 1) : "*";
}

bool password_matches(const std::string& password, const std::string& hash) {
  auto data = std::make_unique<crypt_data>();
  const char* computed = ::crypt_rn(password.c_str(), hash.c_str(), data.get(), sizeof(crypt_data));
  if (computed == nullptr) return false;
  const std::string_view text = computed;
  if (text.size() != hash.size()) return false;
  unsigned difference = 0;  // in constant time
  for (std::size_t i = 0; i < hash.size(); ++i) {
    difference |= static_cast<unsigned char>(text[i] ^ hash[i]);
  }
  return difference == 0;
}

Result<Users> read_users(const std::string& file) {
  std::ifstream in(file);
  if (!in) return fail(Errc::not_found, Fault::config, file + ": cannot be read");
  Users users;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const std::string_view text = trim(line);
    if (text.empty() || text.starts_with('#')) continue;
    const auto colon = text.find(':');
    const std::string hash(colon == std::string_view::npos ? "" : text.substr(colon + 1));
    const std::string where = file + ":" + std::to_string(number) + ": ";
    if (colon == 0 || hash.empty()) {
      return fail(Errc::invalid, Fault::config,
                  where + "expected user:hash (weir passwd makes one)");
    }
    // Only the slow ones: a list that leaks must not be a list of passwords.
    if (!hash.starts_with("$y$") && !hash.starts_with("$6$") && !hash.starts_with("$2b$") &&
        !hash.starts_with("$7$")) {
      return fail(Errc::invalid, Fault::config,
                  where + "not a modern hash (yescrypt, scrypt, bcrypt or SHA-512)");
    }
    users[std::string(text.substr(0, colon))] = hash;
  }
  return users;
}

struct Credential {
  std::string user, password;
};

std::optional<Credential> parse_basic(const std::string& value) {
  constexpr std::string_view kScheme = "basic ";
  if (value.size() > kMostCredential || value.size() < kScheme.size() ||
      !equals_ignore_case(std::string_view(value).substr(0, kScheme.size()), kScheme)) {
    return std::nullopt;
  }
  const auto decoded = base64_decode(trim(std::string_view(value).substr(kScheme.size())));
  if (!decoded || decoded->find('\0') != std::string::npos) return std::nullopt;
  const auto colon = decoded->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return Credential{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

}  // namespace

struct Authenticator::State {
  State(std::string path, const Clock& given) : file(std::move(path)), clock(given), pool(2) {
    SystemRandom().fill(salt);
    decoy = make_decoy();
  }

  std::string memory_key(const std::string& value) const {
    return sha256_hex(as_bytes(std::string(as_text(salt)) + value));
  }
  std::optional<std::string> recall(const std::string& key);
  void remember(const std::string& key, const std::string& user);
  std::optional<std::string> verify(const Credential& credential);

  std::string file;
  const Clock& clock;
  std::array<std::uint8_t, 32> salt{};
  std::string decoy;
  std::mutex mutex;
  Users users;
  struct Known {
    std::string user;
    SteadyTime until;
    std::list<std::string>::iterator order;
  };
  std::list<std::string> oldest_first;
  std::unordered_map<std::string, Known> known;
  std::atomic<std::size_t> waiting{0};
  boost::asio::thread_pool pool;  // last: joined first
};

std::optional<std::string> Authenticator::State::recall(const std::string& key) {
  const std::lock_guard lock(mutex);
  const auto found = known.find(key);
  if (found == known.end() || found->second.until < clock.steady()) return std::nullopt;
  return found->second.user;
}

void Authenticator::State::remember(const std::string& key, const std::string& user) {
  const std::lock_guard lock(mutex);
  if (const auto found = known.find(key); found != known.end()) {
    oldest_first.erase(found->second.order);
    known.erase(found);
  }
  if (known.size() >= kRemembered) {
    known.erase(oldest_first.front());
    oldest_first.pop_front();
  }
  oldest_first.push_back(key);
  known.emplace(key, Known{user, clock.steady() + kRemember, std::prev(oldest_first.end())});
}

std::optional<std::string> Authenticator::State::verify(const Credential& credential) {
  std::string hash = decoy;
  bool exists = false;
  {
    const std::lock_guard lock(mutex);
    if (const auto found = users.find(credential.user); found != users.end()) {
      hash = found->second;
      exists = true;
    }
  }
  const bool matches = password_matches(credential.password, hash);
  if (!exists || !matches) return std::nullopt;
  return credential.user;
}

Result<std::unique_ptr<Authenticator>> Authenticator::load(const std::string& file,
                                                           const Clock& clock) {
  auto users = read_users(file);
  if (!users) return pass(std::move(users));
  auto state = std::make_unique<State>(file, clock);
  state->users = std::move(*users);
  return std::unique_ptr<Authenticator>(new Authenticator(std::move(state)));
}

Authenticator::Authenticator(std::unique_ptr<State> state) : state_(std::move(state)) {}
Authenticator::~Authenticator() { state_->pool.join(); }

Result<void> Authenticator::reload() {
  auto users = read_users(state_->file);
  if (!users) return pass(std::move(users));
  const std::lock_guard lock(state_->mutex);
  state_->users = std::move(*users);
  state_->known.clear();  // a removed user must not live on in memory
  state_->oldest_first.clear();
  return {};
}

Co<Result<std::string>> Authenticator::check(const std::string* proxy_authorization) {
  if (proxy_authorization == nullptr) {
    co_return fail(Errc::denied, Fault::client, "no proxy credentials were given");
  }
  const auto credential = parse_basic(*proxy_authorization);
  if (!credential) co_return fail(Errc::denied, Fault::client, "the credentials cannot be read");
  const std::string key = state_->memory_key(*proxy_authorization);
  if (auto user = state_->recall(key)) co_return std::move(*user);
  if (state_->waiting.fetch_add(1) >= kMostWaiting) {
    state_->waiting.fetch_sub(1);
    co_return fail(Errc::denied, Fault::local, "too many passwords to check at once");
  }
  const auto home = co_await boost::asio::this_coro::executor;
  co_await boost::asio::post(
      boost::asio::bind_executor(state_->pool.get_executor(), boost::asio::use_awaitable));
  auto user = state_->verify(*credential);
  co_await boost::asio::post(boost::asio::bind_executor(home, boost::asio::use_awaitable));
  state_->waiting.fetch_sub(1);
  if (!user) co_return fail(Errc::denied, Fault::client, "unknown user or wrong password");
  state_->remember(key, *user);
  co_return std::move(*user);
}

Result<std::string> password_line(const std::string& user, const std::string& password) {
  if (user.empty() || user.find_first_of(":\n\r") != std::string::npos) {
    return fail(Errc::invalid, Fault::config, "a user name is not empty and has no colon");
  }
  if (password.empty() || password.size() > CRYPT_MAX_PASSPHRASE_SIZE - 1) {
    return fail(Errc::invalid, Fault::config, "the password is empty or too long");
  }
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  auto data = std::make_unique<crypt_data>();
  if (::crypt_gensalt_rn("$y$", 0, nullptr, 0, setting, sizeof setting) == nullptr) {
    return fail(Errc::internal, Fault::local, "crypt_gensalt failed");
  }
  const char* hash = ::crypt_rn(password.c_str(), setting, data.get(), sizeof(crypt_data));
  if (hash == nullptr) return fail(Errc::internal, Fault::local, "crypt failed");
  return user + ":" + hash;
}

}  // namespace weir

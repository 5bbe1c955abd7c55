// Basic proxy authentication (RFC 7617) over a password file of `user:hash` lines with modern
// crypt(5) hashes. Hashing costs milliseconds, so it runs on threads of its own; successes are
// remembered for five minutes under a keyed digest. check() from any loop.
#pragma once

#include <memory>
#include <string>

#include "core/clock.h"
#include "core/co.h"
#include "core/result.h"

namespace weir {

class Authenticator {
 public:
  // Errors name file and line.
  static Result<std::unique_ptr<Authenticator>> load(const std::string& file, const Clock& clock);
  ~Authenticator();

  // The user's name. denied: none given, unknown, or wrong (told apart in nothing but `what`).
  Co<Result<std::string>> check(const std::string* proxy_authorization);
  Result<void> reload();

 private:
  struct State;
  explicit Authenticator(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A line for the password file, yescrypt. Blocks for some milliseconds.
Result<std::string> password_line(const std::string& user, const std::string& password);

}  // namespace weir

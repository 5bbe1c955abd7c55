// Results as values. Everything that the network, a file, a feed, a scanner or a user can cause
// comes back as a Result; exceptions stay inside the one file that includes a throwing library.
// An Error says what happened, whose fault it is and whether another try can help.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace weir {

// What went wrong, coarse enough to switch on; the text in Error::what carries the detail.
enum class Errc : std::uint8_t {
  io,                   // a system call failed; what names it
  closed,               // the peer closed in an orderly way where more was not required
  truncated,            // the peer went away in the middle of something
  timeout,              // a deadline passed
  cancelled,            // we gave up on purpose (client gone, drain)
  malformed,            // the peer broke its protocol; never retried
  too_large,            // a limit on size or count
  unsupported,          // understood, but not spoken here
  refused,              // connection refused, or refused by our own rules
  unreachable,          // no route, network or host unreachable
  dns_failure,          // the name did not resolve
  address_denied,       // resolved, but every address is one that policy keeps us from
  tls_handshake,        // TLS failed before certificates mattered
  tls_certificate,      // the origin's certificate does not verify; what has the reason word first
  tls_client_rejected,  // the client refused our certificate (its alert says so)
  client_certificate_wanted,  // the origin asks for a client certificate
  busy,                       // a bounded queue or budget is full
  crashed,                    // a helper process died
  not_found,
  invalid,   // a configuration or argument is wrong
  denied,    // permission
  no_space,  // the spool or disk is full
  internal,  // a bug of ours that we noticed
};

enum class Fault : std::uint8_t { client, origin, local, config, helper };

struct Error {
  Errc code = Errc::internal;
  Fault fault = Fault::local;
  bool retryable = false;  // true: nothing was sent or received yet that forbids another try
  std::string what;        // for an administrator: thing, value, place; remote text is escaped
};

// A std::expected that may not be dropped on the floor.
template <class T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using Base = std::expected<T, Error>;
  using Base::Base;
  Result() = default;
  Result(Base base) : Base(std::move(base)) {}  // NOLINT(google-explicit-constructor): same thing
};

inline std::unexpected<Error> fail(Errc code, Fault fault, std::string what,
                                   bool retryable = false) {
  return std::unexpected(Error{code, fault, retryable, std::move(what)});
}

// Passes the error of one result on as the error of another.
template <class T>
std::unexpected<Error> pass(Result<T>&& failed) {
  return std::unexpected(std::move(failed).error());
}

std::string_view errc_name(Errc code);
std::string_view fault_name(Fault fault);

// "open /x: Permission denied" from errno; fault local.
Error errno_error(std::string_view call, int error_number);

}  // namespace weir

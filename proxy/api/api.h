// The JSON API of the admin listener (docs/api.md): who asks, which route, then the handler on a
// small pool of threads, with a bound on how many and how long. serve() on the loop of the admin
// listener; the rest on any thread. Whatever fails is an answer, never an open door.
#pragma once

#include <memory>

#include "proxy/admin_api.h"

namespace weir {

class Api {
 public:
  // A list of tokens that cannot be read is an error that names file, line and column.
  static Result<std::unique_ptr<Api>> make(AdminApiParts parts);
  ~Api();  // waits for the handlers that run; they are told to stop
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  // One exchange; false: the connection ends. The Host of the request was checked.
  Co<bool> serve(ClientStream& stream, Endpoint client);
  Result<> reload();  // the tokens; on an error the old ones stay
  void use_policy(std::shared_ptr<const Policy> policy);

 private:
  struct State;
  explicit Api(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

Result<AdminApi> make_admin_api(AdminApiParts parts);

}  // namespace weir

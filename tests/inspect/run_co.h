// Runs one coroutine to its end on an io_context of its own, on the calling thread.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "core/co.h"

namespace weir::test {

template <class T>
T run_co(Co<T> work) {
  boost::asio::io_context loop(1);
  std::optional<T> result;
  boost::asio::co_spawn(loop, std::move(work), [&result](std::exception_ptr failure, T value) {
    if (failure) std::rethrow_exception(failure);
    result = std::move(value);
  });
  loop.run();
  return std::move(*result);
}

}  // namespace weir::test

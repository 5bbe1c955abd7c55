// The completion token of every Asio operation that can fail: co_await yields a tuple that begins
// with the error code, so nothing throws. For .cc files only.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace weir {

inline constexpr boost::asio::as_tuple_t<boost::asio::use_awaitable_t<>> kAsTuple(
    boost::asio::use_awaitable);

}  // namespace weir

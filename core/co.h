// The coroutine type of the project. A Co<T> runs on the io_context of the loop that awaits it and
// stays on that thread. Reference parameters of a coroutine are owned by the awaiting caller.
// This is the only Asio header that a header of ours may include.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace weir {

template <class T>
using Co = boost::asio::awaitable<T>;

}  // namespace weir

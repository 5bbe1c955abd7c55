// Small questions about programs, paths and sockets that the tracer asks.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// A program that takes orders: a shell, or an interpreter that can be one.
bool is_shell(std::string_view program);

// Reading or running this asks whether the machine is a real one.
bool asks_for_machine(std::string_view path);

// "socket:[123]", the target of a descriptor's link: whether it is TCP's or UDP's, of this network
// namespace.
bool is_network_socket(std::string_view link);

}  // namespace weir

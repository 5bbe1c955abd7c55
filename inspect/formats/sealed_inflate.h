// Containers of a single member. One is a zlib or raw deflate stream (RFC 1950, RFC 1951) inside
// another file, given out as it is decompressed, with a few bytes before it if its format needs
// them. The memory is one window, whatever the stream says. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "inspect/formats/container.h"

namespace weir {

enum class DeflateCoat : std::uint8_t { zlib, raw };

struct InflateMember {
  std::string member;       // its name
  std::string format_word;  // of the container
  std::string before;       // bytes that come first
  ByteView packed;          // outlives the container
  DeflateCoat coat = DeflateCoat::zlib;
};
std::unique_ptr<Container> open_inflated(InflateMember what);

// One member that lies in the file as it is, in one or more pieces.
struct PlainMember {
  std::string member;
  std::string format_word;
  std::vector<ByteView> pieces;  // outlive the container
};
std::unique_ptr<Container> open_pieces(PlainMember what);

// `inner` reads from `storage`, which lives as long.
std::unique_ptr<Container> hold(std::unique_ptr<std::string> storage,
                                std::unique_ptr<Container> inner);

}  // namespace weir

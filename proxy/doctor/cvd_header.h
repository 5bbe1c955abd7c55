// The header of a ClamAV database file (.cvd, .cld): 512 bytes of ASCII, fields between colons, as
// the ClamAV manual describes them ("Creating signatures", the CVD format):
//   ClamAV-VDB:build time:version:signatures:functionality level:MD5:signature:builder:seconds
// Pure; any bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir {

inline constexpr std::size_t kCvdHeaderBytes = 512;

struct CvdHeader {
  std::uint32_t version = 0;
  std::uint64_t signatures = 0;
  std::uint64_t built = 0;  // Unix seconds; 0 = the file does not say
  bool operator==(const CvdHeader&) const = default;
};

// Nothing when it is no such header, or was cut.
std::optional<CvdHeader> parse_cvd_header(std::string_view head);

}  // namespace weir

// The protocol engine behind H2Session, private to it: creation and callbacks. Besides
// h2_session.cc the only file that sees the engine's interface.
#pragma once

#include <nghttp2/nghttp2.h>

#include "proxy/http/h2_session.h"

namespace weir {

inline constexpr std::size_t kH2FrameHeader = 9;
inline constexpr std::size_t kH2WorthwhileData = 1024;  // a DATA frame that is not a window game

// The caller owns the result; `owner` outlives it and gets its callbacks.
nghttp2_session* make_h2_engine(H2Role role, const LimitSettings& limits, H2Session& owner);

// Feeds the engine from the stream's outbox. The stream lives until the engine has closed it.
nghttp2_data_provider h2_body_of(H2Stream& stream);

}  // namespace weir

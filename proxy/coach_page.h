// The page on which a warned person decides, in English and Japanese. Pure.
#pragma once

#include <string>
#include <string_view>

#include "conf/settings.h"
#include "policy/policy.h"
#include "proxy/coach.h"
#include "proxy/refusal.h"

namespace weir {

inline constexpr std::size_t kLongestJustification = 500;  // bytes

struct CoachPage {
  std::string id;
  Warning warning;
  CoachRules rules;
  bool words_missing = false;  // a form came back without a justification
};
Page render_coach(const CoachPage& page, std::string_view accept_language,
                  const NoticeSettings& notice);

}  // namespace weir

// The words on the gateway's own pages, in English and Japanese, for people who do not run
// gateways.
#pragma once

#include <string_view>

#include "core/finding.h"
#include "proxy/refusal.h"

namespace weir {

enum class Language : std::uint8_t { english, japanese };

struct RefusalText {
  std::string_view title;
  std::string_view why;
  std::string_view next;  // what the person can do
};

const RefusalText& refusal_text(RefusalKind kind, Language language);

// Why it could not be inspected, as half a sentence; "" for Reason::none.
std::string_view reason_text(Reason reason, Language language);

struct PageLabels {
  std::string_view address, threat, format, rule, detail, event, contact, contact_hint, unlock,
      unlock_hint, coach;
};
const PageLabels& page_labels(Language language);

}  // namespace weir

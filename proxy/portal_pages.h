// The pages of the gateway's own site, in English and Japanese. Pure.
#pragma once

#include <string>
#include <string_view>

#include "conf/settings.h"
#include "proxy/kept_files.h"
#include "proxy/refusal.h"

namespace weir {

struct UnlockPage {
  std::string id;
  KeptFiles::View view;
  unsigned tries_left = 0;
};
// The form, or how it ended. When the file is open the page starts its download.
Page render_unlock(const UnlockPage& page, std::string_view accept_language,
                   const NoticeSettings& notice);

// Status, type and the fields that keep a page of the portal to itself; the body is complete.
// `leads_to`: another origin to which its form's answer redirects, which browsers hold against
// form-action too (CSP Level 3); "" = none.
// `script`: the one inline script that may run, and talk to this site; "" = none.
void finish_portal_page(Page& page, int status, std::string_view leads_to = {},
                        std::string_view script = {});

// 303, not to be kept by anybody.
Page redirect_to(std::string where);

// "812 bytes", "48 KiB".
std::string size_text(std::uint64_t bytes);

// What is said instead of a form.
enum class PortalNotice : std::uint8_t {
  home,        // 200
  unknown,     // 404: no such file, or no longer, or somebody else's
  busy,        // 409: a try or a download of this file is under way
  stale,       // 403: a form that is not ours or was used before
  too_fast,    // 429
  bad_form,    // 400
  bad_method,  // 405
  no_warning   // 404: a warning that is over, or somebody else's
};
Page render_notice(PortalNotice what, std::string_view accept_language,
                   const NoticeSettings& notice);

}  // namespace weir

// The page of a file that waits for a sandbox, in English and Japanese. Pure.
#pragma once

#include <string>
#include <string_view>

#include "conf/settings.h"
#include "proxy/kept_files.h"
#include "proxy/refusal.h"

namespace weir {

struct WaitPage {
  std::string id;
  KeptFiles::View view;
  Duration elapsed{};
};
// How long it has taken and usually takes, and a script that listens for the end; or the download,
// which starts by itself; or why there is none.
Page render_wait(const WaitPage& page, std::string_view accept_language,
                 const NoticeSettings& notice);

// "Checked for 12 seconds so far; files like this usually take about 40." For page and stream.
std::string wait_text(Duration elapsed, Duration usual, std::string_view accept_language);

}  // namespace weir

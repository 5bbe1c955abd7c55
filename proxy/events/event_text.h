// Events for people (a line, or all of one), and for spreadsheets. Everything remote is escaped.
// Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/events/event_view.h"

namespace weir {

// One line, with its newline.
std::string event_row(const EventView& event);
std::string event_csv(const EventView& event);
std::string event_csv_head();

// All that a line of the log tells, section by section; `links`: name and URL.
std::string event_page(std::string_view line,
                       const std::vector<std::pair<std::string_view, std::string>>& links);

}  // namespace weir

// Rows of the history for people, for programs and for spreadsheets, and the links into other
// tools. Everything in a row is remote text. Pure functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "conf/settings.h"
#include "sandbox_client/delivery_record.h"

namespace weir {

using NamedLinks = std::vector<std::pair<std::string_view, std::string>>;

// The URL of a template (LinkSettings), percent-encoded. "" when the row lacks what it names, or
// when the template names what there is not. `minutes`: before and after, for from_ms and to_ms.
std::string link_of(std::string_view url_template, const DeliveryRecord& row,
                    std::chrono::minutes minutes);
NamedLinks links_of(const LinkSettings& settings, const DeliveryRecord& row,
                    std::chrono::minutes minutes);

// One line each, with its newline. A row that was found by a file inside says so, and has the hash
// of the file that went.
std::string row_text(const DeliveryRecord& row);
std::string row_json(const DeliveryRecord& row, const NamedLinks& links = {});
std::string row_csv(const DeliveryRecord& row);
std::string csv_head();

}  // namespace weir

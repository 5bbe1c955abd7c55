// What the gateway's own pages have in common: in which form and language the client wants them,
// and how a page for people begins and ends. Pure.
#pragma once

#include <string>
#include <string_view>

#include "conf/settings.h"
#include "proxy/refusal_texts.h"

namespace weir {

enum class PageForm : std::uint8_t { html, json, text };

PageForm page_form_for(std::string_view accept);  // text for what is no browser
Language language_for(std::string_view accept_language);

// Hostile text, escaped for a terminal and cut, for showing.
std::string shortened(std::string_view text);
std::string shortened_name(std::string_view name);  // the same; letters of all scripts stay

// Up to the heading, which is in. `error`: coloured as trouble, not as a block.
std::string page_begin(Language language, std::string_view title, std::string_view css_class,
                       std::string_view more_head = {});
// A row of the list of facts; nothing for an empty value, which is escaped here.
void page_row(std::string& out, std::string_view label, std::string_view value,
              std::string_view css = {});
// Whom to ask, and the end.
std::string page_end(Language language, const NoticeSettings& notice);

}  // namespace weir

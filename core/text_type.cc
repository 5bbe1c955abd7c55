#include "core/text_type.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/http_message.h"

namespace weir {
namespace {

using enum FileType;

// What browsers look at.
constexpr std::size_t kTextHead = 1445;

// Bytes that WHATWG calls binary data.
constexpr std::array<bool, 256> kBinary = [] {
  std::array<bool, 256> binary{};
  for (std::size_t byte = 0; byte < 0x20; ++byte) {
    binary[byte] = byte <= 0x08 || byte == 0x0b || (byte >= 0x0e && byte != 0x1b);
  }
  return binary;
}();
bool is_binary(char c) { return kBinary[static_cast<unsigned char>(c)]; }

// The head as lower-case text in ASCII-compatible bytes, without its byte order mark. UTF-16 loses
// what is not ASCII: only markers matter here. Empty when it is not text.
std::string as_plain_text(std::string_view head) {
  if (head.starts_with("\xef\xbb\xbf")) head.remove_prefix(3);
  const bool little = head.starts_with("\xff\xfe");
  const bool wide = little || head.starts_with("\xfe\xff");
  std::string narrow;
  if (wide) {
    for (std::size_t i = 2; i + 1 < head.size(); i += 2) {
      const char high = head[little ? i + 1 : i];
      narrow += high == 0 ? head[little ? i : i + 1] : '?';
    }
    head = narrow;
  }
  if (std::ranges::any_of(head, is_binary)) return {};
  return to_lower(head);
}

struct Marker {
  std::string_view text;  // lower case
  FileType type;
};

// What a first line after "#!" runs.
constexpr Marker kInterpreters[] = {
    {"python", python},   {"perl", perl}, {"ruby", ruby},       {"node", javascript},
    {"deno", javascript}, {"php", php},   {"pwsh", powershell}, {"powershell", powershell},
};

// Tags that make browsers take unlabelled text for HTML; a space or ">" follows.
constexpr std::string_view kHtmlTags[] = {
    "<!doctype html", "<html", "<head",  "<script", "<iframe", "<h1",   "<div", "<font",
    "<table",         "<a",    "<style", "<title",  "<b",      "<body", "<br",  "<p",
    "<meta",          "<link"};

// Beginnings, after white space.
constexpr Marker kBeginnings[] = {
    {"<svg", svg},
    {"<!doctype svg", svg},
    {"<?php", php},
    {"@echo off", batch},
    {"@echo on", batch},
    {"rem ", batch},
    {"::", batch},
    {"setlocal", batch},
    {"@charset", css},
    {"@import", css},
    {":root", css},
    {"'use strict'", javascript},
    {"\"use strict\"", javascript},
    {"<job", vbscript},
    {"<package", vbscript},
    {"received: ", eml},
    {"return-path: ", eml},
    {"delivered-to: ", eml},
    {"mime-version: ", eml},
    {"from: ", eml},
    {"import os", python},
    {"import sys", python},
    {"option explicit", vbscript},
    {"on error resume next", vbscript},
};

// Words anywhere in the head, the surest first.
constexpr Marker kWords[] = {
    {"<hta:application", hta},
    {"wscript.createobject", vbscript},
    {"activexobject", javascript},
    {"createobject(", vbscript},
    {"new-object ", powershell},
    {"invoke-expression", powershell},
    {"invoke-webrequest", powershell},
    {"write-host", powershell},
    {"$psversiontable", powershell},
    {"-encodedcommand", powershell},
    {"function(", javascript},
    {"function (", javascript},
    {"document.getelement", javascript},
    {"document.write", javascript},
    {"document.create", javascript},
    {"document.cookie", javascript},
    {"window.location", javascript},
    {"window.on", javascript},
    {"window[", javascript},
    {"=>{", javascript},
    {"=> {", javascript},
    {"require(", javascript},
    {"module.exports", javascript},
    {"export default", javascript},
    {"console.log(", javascript},
    {"def __init__(", python},
    {"if __name__ ==", python},
};

FileType by_shebang(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  for (const Marker& one : kInterpreters) {
    if (line.find(one.text) != std::string_view::npos) return one.type;
  }
  return shell;
}

bool starts_as_html(std::string_view text) {
  if (text.starts_with("<!--")) return true;
  return std::ranges::any_of(kHtmlTags, [&](std::string_view tag) {
    if (!text.starts_with(tag)) return false;
    if (text.size() == tag.size()) return true;
    return std::string_view(" >\t\r\n\f/").find(text[tag.size()]) != std::string_view::npos;
  });
}

FileType xml_kind(std::string_view text) {
  if (text.find("<svg") != std::string_view::npos) return svg;
  if (text.find("<html") != std::string_view::npos) return html;
  return text.find("<job") != std::string_view::npos ? vbscript : xml;
}

bool starts_as_json(std::string_view text) {
  const auto inner = text.find_first_not_of(" \t\r\n", 1);
  if (inner == std::string_view::npos) return false;
  const char next = text[inner];
  if (text.front() == '{') return next == '"' || next == '}';
  return text.front() == '[' &&
         std::string_view("{[]\"-0123456789").find(next) != std::string_view::npos;
}

// A small hash of the two bytes that a word begins with: almost every position is passed over.
constexpr std::size_t kPairs = 1024;
constexpr std::size_t pair_of(char first, char second) {
  return (static_cast<unsigned char>(first) * 37U + static_cast<unsigned char>(second)) % kPairs;
}
constexpr std::array<bool, kPairs> kWordStarts = [] {
  std::array<bool, kPairs> starts{};
  for (const Marker& one : kWords) starts[pair_of(one.text[0], one.text[1])] = true;
  return starts;
}();

// The first row of the table that occurs, in one pass.
FileType by_words(std::string_view text) {
  std::size_t best = std::size(kWords);
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    if (!kWordStarts[pair_of(text[at], text[at + 1])]) continue;
    const std::string_view rest = text.substr(at);
    for (std::size_t i = 0; i < best; ++i) {
      const std::string_view word = kWords[i].text;
      if (word[0] == rest[0] && word[1] == rest[1] && rest.starts_with(word)) best = i;
    }
  }
  return best < std::size(kWords) ? kWords[best].type : unknown;
}

}  // namespace

FileType type_of_text(std::string_view head) {
  head = head.substr(0, kTextHead);
  const std::string lower = as_plain_text(head);
  const auto start = lower.find_first_not_of(" \t\r\n\f");
  if (start == std::string::npos) return lower.empty() ? unknown : text;
  const std::string_view text_from = std::string_view(lower).substr(start);
  if (text_from.starts_with("#!")) return by_shebang(text_from);
  const FileType worded = by_words(text_from);
  if (worded == hta) return hta;
  if (text_from.starts_with("<?xml")) return xml_kind(text_from);
  if (starts_as_html(text_from)) return html;
  if (starts_as_json(text_from)) return json;
  for (const Marker& one : kBeginnings) {
    if (text_from.starts_with(one.text)) return one.type;
  }
  return worded != unknown ? worded : text;
}

}  // namespace weir

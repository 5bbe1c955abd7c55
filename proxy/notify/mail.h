// One mail by SMTP (RFC 5321) through libcurl, which only mail.cc knows here. TLS is verified;
// "required" sends nothing without it, and a login is never sent in the clear unless TLS is "none".
// The login file is read each time. Blocks, bounded; a thread of its own.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "conf/settings.h"
#include "core/clock.h"
#include "core/result.h"

namespace weir {

struct Mail {
  std::string id;  // for Message-ID: the same when it is sent again
  WallTime made{};
  std::string subject, text;  // UTF-8
};

// The message as it is sent, RFC 5322 with lines that end in CRLF. Pure.
std::string mail_message(const NotifySettings& settings, const Mail& mail);

// "a@x.test, b@x.test" → both. The settings were checked.
std::vector<std::string> mail_addresses(std::string_view text);

// `stop`, when it becomes true, ends it.
Result<> send_mail(const NotifySettings& settings, const Mail& mail, const std::atomic<bool>& stop);

}  // namespace weir

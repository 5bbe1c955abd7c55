// What the local sandbox reads of a sample's making: a DNS query, a head of a file, a name; and the
// request of a client.
#include <cstdlib>

#include "sandbox_client/detonate/dns_message.h"
#include "sandbox_client/detonate/request.h"
#include "sandbox_client/detonate/sample_kind.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const weir::ByteView bytes(data, size);
  if (const auto question = weir::read_dns_question(bytes)) {
    if (question->end > size || question->name.size() > 253) abort();
    if (weir::answer_dns(bytes, *question, {198, 18, 0, 1}).size() > question->end + 16) abort();
  }
  const std::string name = weir::safe_name(weir::as_text(bytes));
  if (name.empty() || name[0] == '.' || name.find('/') != std::string::npos) abort();
  const auto there = [](const std::string&) { return true; };
  const weir::Launch launch = weir::plan_launch(bytes, weir::as_text(bytes), "/x", there);
  if (launch.argv.empty() == launch.reason.empty()) abort();
  if (const auto request = weir::parse_request(weir::as_text(bytes))) {
    if (request->seconds < 1 || request->seconds > weir::kMostSeconds) abort();
  }
  return 0;
}

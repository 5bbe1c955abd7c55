#include "sandbox_client/detonate/dns_message.h"

#include <algorithm>
#include <string_view>

namespace weir {
namespace {

constexpr std::size_t kHeadBytes = 12;
constexpr std::size_t kMostName = 253;
constexpr std::uint16_t kAddress = 1;

unsigned word(ByteView message, std::size_t at) { return 256U * message[at] + message[at + 1]; }

char name_char(std::uint8_t byte) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  const char small =
      byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : static_cast<char>(byte);
  return kPlain.find(small) == std::string_view::npos ? '?' : small;
}

}  // namespace

std::optional<DnsQuestion> read_dns_question(ByteView message) {
  constexpr unsigned kAnswer = 0x80;
  if (message.size() < kHeadBytes || (message[2] & kAnswer) != 0) return std::nullopt;
  if (word(message, 4) != 1) return std::nullopt;
  DnsQuestion question;
  std::size_t at = kHeadBytes;
  for (;;) {
    if (at >= message.size()) return std::nullopt;
    const std::size_t length = message[at++];
    if (length == 0) break;
    if (length > 63 || length > message.size() - at) return std::nullopt;
    if (!question.name.empty()) question.name += '.';
    for (const std::uint8_t byte : message.subspan(at, length)) question.name += name_char(byte);
    if (question.name.size() > kMostName) return std::nullopt;
    at += length;
  }
  if (message.size() - at < 4) return std::nullopt;
  question.type = static_cast<std::uint16_t>(word(message, at));
  question.end = at + 4;
  return question;
}

std::vector<std::uint8_t> answer_dns(ByteView message, const DnsQuestion& question,
                                     std::array<std::uint8_t, 4> address) {
  std::vector<std::uint8_t> answer(message.begin(),
                                   message.begin() + static_cast<std::ptrdiff_t>(question.end));
  const bool has_address = question.type == kAddress;
  answer[2] = static_cast<std::uint8_t>(0x84U | (message[2] & 0x01U));  // an answer with authority
  answer[3] = 0x80;  // recursion offered, no error
  std::fill(answer.begin() + 6, answer.begin() + 12, std::uint8_t{0});
  if (!has_address) return answer;
  answer[7] = 1;
  constexpr std::array<std::uint8_t, 12> kRecord{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4};
  answer.insert(answer.end(), kRecord.begin(), kRecord.end());
  answer.insert(answer.end(), address.begin(), address.end());
  return answer;
}

}  // namespace weir

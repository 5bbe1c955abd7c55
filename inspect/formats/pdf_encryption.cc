#include "inspect/formats/pdf_encryption.h"

#include <algorithm>
#include <array>

namespace weir {
namespace {

using Kind = PdfValue::Kind;

// A crypt filter (7.6.6): how it encrypts, and with how long a key.
struct Method {
  std::string word;  // "aes128", empty: not at all
  std::size_t key_bytes = 0;
  bool operator==(const Method&) const = default;
};

struct Methods {
  Method streams, strings, attachments;
  bool others = false;  // some stream may name a filter of its own
};

// Lengths are in bits; some writers meant bytes.
std::size_t key_bytes_of(std::int64_t length, std::size_t otherwise) {
  if (length >= 40 && length <= 256) return static_cast<std::size_t>(length / 8);
  return length >= 5 && length <= 32 ? static_cast<std::size_t>(length) : otherwise;
}

Method rc4(std::size_t key_bytes) {
  return {key_bytes <= 5 ? "rc4-40" : "rc4-128", std::min<std::size_t>(key_bytes, 16)};
}

Method method_of_filter(const PdfValue& filter, const PdfValue& encrypt) {
  const std::string_view how = filter.name_of("CFM");
  if (how == "AESV2") return {"aes128", 16};
  if (how == "AESV3") return {"aes256", 32};
  if (how == "AESV4") return {"aes256-gcm", 32};
  if (how == "V2") {
    const auto length =
        filter.number_of("Length").value_or(encrypt.number_of("Length").value_or(0));
    return rc4(key_bytes_of(length, 16));
  }
  return how.empty() || how == "None" ? Method{} : Method{"unknown", 16};
}

Method method_of(const PdfStructure& structure, const PdfValue& encrypt, std::string_view filter) {
  if (filter.empty() || filter == "Identity") return {};
  const PdfValue* filters = encrypt.find("CF");
  const auto all = filters == nullptr ? std::nullopt : structure.resolve(*filters);
  const PdfValue* one = all ? all->find(filter) : nullptr;
  const auto resolved = one == nullptr ? std::nullopt : structure.resolve(*one);
  // A filter that is not there: the readers' answer is to read it as plain.
  return resolved ? method_of_filter(*resolved, encrypt) : Method{};
}

bool is_used_by_single_streams(const PdfStructure& structure, const PdfValue& encrypt) {
  const PdfValue* filters = encrypt.find("CF");
  const auto all = filters == nullptr ? std::nullopt : structure.resolve(*filters);
  if (!all) return false;
  return std::ranges::any_of(all->keys, [&](const std::string& filter) {
    return !method_of(structure, encrypt, filter).word.empty();
  });
}

Methods methods_of(const PdfValue& encrypt, const PdfStructure& structure) {
  const std::int64_t version = encrypt.number_of("V").value_or(0);
  if (version < 4) {
    const auto length = encrypt.number_of("Length").value_or(40);
    const Method one = version < 2 ? rc4(5) : rc4(key_bytes_of(length, 5));
    return {one, one, one, false};
  }
  Methods methods;
  methods.streams = method_of(structure, encrypt, encrypt.name_of("StmF"));
  methods.strings = method_of(structure, encrypt, encrypt.name_of("StrF"));
  const std::string_view embedded = encrypt.name_of("EFF");
  methods.attachments =
      embedded.empty() ? methods.streams : method_of(structure, encrypt, embedded);
  methods.others = is_used_by_single_streams(structure, encrypt);
  return methods;
}

// "EBX_HANDLER" becomes "ebx-handler".
std::string handler_word(std::string_view name) {
  std::string word;
  for (const char c : name.substr(0, 32)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool capital = c >= 'A' && c <= 'Z';
    word += letter ? c : capital ? static_cast<char>(c - 'A' + 'a') : '-';
  }
  return word.empty() ? "unnamed" : word;
}

bool is_standard(std::string_view filter, const PdfValue& encrypt) {
  // Writers that leave the handler's name out mean the standard one.
  return filter == "Standard" || (filter.empty() && encrypt.find("U") != nullptr);
}

bool is_public_key(std::string_view filter, const PdfValue& encrypt) {
  return filter == "Adobe.PubSec" || encrypt.name_of("SubFilter").starts_with("adbe.pkcs7");
}

PdfEncryption of_methods(const Methods& methods, bool opens, const std::string& word) {
  const bool all = !methods.streams.word.empty();
  const bool some = !methods.strings.word.empty() || !methods.attachments.word.empty();
  if (!all && !some && !methods.others) return {};
  if (opens) return {PdfLock::open, "pdf-" + word};
  if (all) return {PdfLock::closed, "pdf-" + word};
  const bool strings_only = !methods.strings.word.empty() && methods.attachments.word.empty();
  return {PdfLock::attachments, "pdf-" + word + (strings_only ? "-strings" : "-attachments")};
}

const Method& telling(const Methods& methods) {
  if (!methods.streams.word.empty()) return methods.streams;
  return methods.attachments.word.empty() ? methods.strings : methods.attachments;
}

}  // namespace

PdfEncryption pdf_encryption(const PdfValue& encrypt, std::string_view id,
                             const PdfStructure& structure) {
  const std::string_view filter = encrypt.name_of("Filter");
  const Methods methods = methods_of(encrypt, structure);
  if (is_public_key(filter, encrypt)) return of_methods(methods, false, "pubsec");
  if (!is_standard(filter, encrypt)) {
    return {PdfLock::closed, "pdf-handler-" + handler_word(filter)};
  }
  const std::int64_t version = encrypt.number_of("V").value_or(0);
  if (version < 1 || version == 3 || version > 6) {
    return {PdfLock::closed, "pdf-handler-standard-v" + std::to_string(version)};
  }
  const Method& method = telling(methods);
  const std::string word = method.word.empty() ? "crypt-filter" : method.word;
  bool opens = false;
  for (const std::size_t key_bytes : {method.key_bytes, std::size_t{16}, std::size_t{5}}) {
    opens = opens || pdf_opens_with_nothing(encrypt, id, key_bytes);
  }
  return of_methods(methods, opens, word);
}

}  // namespace weir

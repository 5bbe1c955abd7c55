#include "inspect/formats/cms_kind.h"

#include <algorithm>
#include <string_view>

#include "inspect/formats/cms_ber.h"

namespace weir {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kPkcs7 = "\x2A\x86\x48\x86\xF7\x0D\x01\x07"sv;  // 1.2.840.113549.1.7
constexpr std::string_view kSmimeCt = "\x2A\x86\x48\x86\xF7\x0D\x01\x09\x10\x01"sv;  // …1.9.16.1
constexpr std::string_view kPkcs5 = "\x2A\x86\x48\x86\xF7\x0D\x01\x05"sv;            // …1.5
constexpr std::string_view kPkcs12Pbe = "\x2A\x86\x48\x86\xF7\x0D\x01\x0C\x01"sv;    // …1.12.1

struct Arc {
  std::uint8_t last;
  CmsKind kind;
};
constexpr Arc kPkcs7Arcs[] = {
    {1, CmsKind::data},      {2, CmsKind::signed_data},
    {3, CmsKind::enveloped}, {4, CmsKind::signed_and_enveloped},
    {5, CmsKind::digested},  {6, CmsKind::encrypted},
};
constexpr Arc kSmimeArcs[] = {
    {2, CmsKind::authenticated}, {9, CmsKind::compressed}, {23, CmsKind::auth_enveloped}};

CmsKind kind_of_oid(ByteView oid) {
  const std::string_view text = as_text(oid);
  const auto find = [&](std::string_view prefix, const auto& arcs) {
    if (text.size() != prefix.size() + 1 || !text.starts_with(prefix)) return CmsKind::none;
    const auto arc = std::ranges::find(arcs, oid.back(), &Arc::last);
    return arc == std::end(arcs) ? CmsKind::none : arc->kind;
  };
  const CmsKind kind = find(kPkcs7, kPkcs7Arcs);
  return kind != CmsKind::none ? kind : find(kSmimeCt, kSmimeArcs);
}

bool is_password_scheme(ByteView oid) {
  const std::string_view text = as_text(oid);
  return text.starts_with(kPkcs5) || text.starts_with(kPkcs12Pbe);
}

// SEQUENCE { AlgorithmIdentifier, OCTET STRING }
bool is_encrypted_key(Cursor in) {
  const auto algorithm = next_ber(in, BerTag::kSequence);
  if (!algorithm || algorithm->indefinite) return false;
  Cursor inner(algorithm->content);
  const auto oid = next_ber(inner, BerTag::kOid);
  return oid && is_password_scheme(oid->content) && next_ber(in, BerTag::kOctets);
}

// SEQUENCE { INTEGER 3, ContentInfo, … }
bool is_store(Cursor in) {
  const auto version = next_ber(in, BerTag::kInteger);
  if (!version || version->content.size() != 1 || version->content[0] != 3) return false;
  const auto safe = next_ber(in, BerTag::kSequence);
  if (!safe) return false;
  Cursor inner(safe->content);
  const auto oid = next_ber(inner, BerTag::kOid);
  return oid && kind_of_oid(oid->content) != CmsKind::none;
}

CmsInfo read_content_info(Cursor in) {
  const auto oid = next_ber(in, BerTag::kOid);
  if (!oid) return {};
  const CmsKind kind = kind_of_oid(oid->content);
  if (kind == CmsKind::none) return {};
  const auto explicit_content = next_ber(in, BerTag::kContext0);
  if (!explicit_content) return kind == CmsKind::data ? CmsInfo{kind} : CmsInfo{};
  if (kind == CmsKind::data) return {kind, explicit_content->content};
  Cursor inner(explicit_content->content);
  const auto sequence = next_ber(inner, BerTag::kSequence);
  return sequence ? CmsInfo{kind, sequence->content} : CmsInfo{};
}

}  // namespace

CmsInfo read_cms(ByteView der) {
  Cursor in(der);
  const auto outer = next_ber(in, BerTag::kSequence);
  if (!outer) return {};
  const Cursor content(outer->content);
  if (is_store(content)) return {CmsKind::pkcs12, outer->content};
  if (is_encrypted_key(content)) return {CmsKind::pkcs8_encrypted, outer->content};
  return read_content_info(content);
}

CmsInner inner_of(const CmsInfo& info) {
  const bool has_set = info.kind == CmsKind::signed_data;
  if (!has_set && info.kind != CmsKind::digested && info.kind != CmsKind::compressed) return {};
  Cursor in(info.content);
  if (!next_ber(in, BerTag::kInteger)) return {};
  if (!skip_ber(in)) return {};  // digestAlgorithms, or the one algorithm
  const auto encapsulated = next_ber(in, BerTag::kSequence);
  if (!encapsulated) return {};
  Cursor inner(encapsulated->content);
  const auto oid = next_ber(inner, BerTag::kOid);
  if (!oid) return {};
  CmsInner found{kind_of_oid(oid->content)};
  if (const auto content = next_ber(inner, BerTag::kContext0)) found.content = content->content;
  return found;
}

}  // namespace weir

// examine_pdf_signs: first the file's text is passed over for the names that signs can come from,
// that of its object streams (ISO 32000-2, 7.5.7) too. Most documents have none of them and are
// done; only the others are read with libqpdf.
#include <algorithm>
#include <array>
#include <string_view>

#include "core/escape.h"
#include "inspect/formats/pdf_file.h"
#include "inspect/formats/pdf_inflate.h"
#include "inspect/formats/pdf_qpdf.h"
#include "inspect/formats/pdf_structure.h"

namespace weir {
namespace {

constexpr std::size_t kMostPassed = 64U << 20, kMostObjectStream = 4U << 20;
constexpr std::size_t kMostUnpacked = 64U << 20;

// Names that a sign can come from.
constexpr std::string_view kTelling[] = {"JavaScript", "JS",         "Launch",      "RichMedia",
                                         "SubmitForm", "OpenAction", "JBIG2Decode", "EmbeddedFile",
                                         "EF",         "XFA",        "AA",          "EP"};
// Those that nobody has a reason to write with escapes.
constexpr std::string_view kPlain[] = {
    "JavaScript",   "JS",     "Launch",  "RichMedia", "SubmitForm", "OpenAction",
    "AA",           "Action", "Encrypt", "XFA",       "URI",        "Catalog",
    "EmbeddedFile", "ObjStm", "Filter",  "Type",      "FlateDecode"};

struct Findings {
  bool telling = false, object_streams = false, encrypted = false, disguised = false;
  std::size_t unpacked = 0;
};

// A name as it is written, and as it is meant.
struct Name {
  std::string_view raw;
  std::string meant;
};
Name name_at(std::string_view text, std::size_t at) {
  constexpr std::size_t kLongest = 64;
  std::size_t end = at;
  while (end < text.size() && end - at < kLongest && is_pdf_regular(text[end])) ++end;
  Name name{text.substr(at, end - at), {}};
  if (name.raw.find('#') == std::string_view::npos) return name;
  for (std::size_t i = 0; i < name.raw.size(); ++i) {
    const bool escape = name.raw[i] == '#' && i + 2 < name.raw.size() &&
                        hex_digit(name.raw[i + 1]) >= 0 && hex_digit(name.raw[i + 2]) >= 0;
    name.meant +=
        escape ? static_cast<char>(hex_digit(name.raw[i + 1]) * 16 + hex_digit(name.raw[i + 2]))
               : name.raw[i];
    if (escape) i += 2;
  }
  return name;
}

bool is_one_of(std::span<const std::string_view> list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

void unpack_object_stream(std::string_view text, std::size_t at, Findings& findings);

void take_name(std::string_view text, std::size_t at, bool inner, Findings& findings) {
  const Name name = name_at(text, at);
  const std::string_view meant = name.meant.empty() ? name.raw : std::string_view(name.meant);
  if (!name.meant.empty() && is_one_of(kPlain, meant)) findings.disguised = true;
  // Opening at a page is what most documents ask for.
  const bool at_page = meant == "OpenAction" && at + name.raw.size() < text.size() &&
                       PdfReader(as_bytes(text), at + name.raw.size()).keyword("[");
  if (is_one_of(kTelling, meant) && !at_page) findings.telling = true;
  findings.encrypted = findings.encrypted || meant == "Encrypt";
  if (meant != "ObjStm" || inner) return;
  findings.object_streams = true;
  unpack_object_stream(text, at, findings);
}

void pass_over(std::string_view text, bool inner, Findings& findings) {
  for (auto at = text.find('/'); at != text.npos; at = text.find('/', at + 1)) {
    take_name(text, at + 1, inner, findings);
  }
}

// `at` is behind the slash of /ObjStm. What has other filters than the usual one counts as telling.
void unpack_object_stream(std::string_view text, std::size_t at, Findings& findings) {
  if (findings.telling || findings.unpacked >= kMostUnpacked) return;
  const std::size_t back = std::min<std::size_t>(at, 1024);
  const std::string_view before = text.substr(at - back, back);
  const auto object = before.rfind("obj");
  PdfReader reader(as_bytes(text), object == before.npos ? at : at - back + object + 3);
  const auto dictionary = reader.value();
  if (!dictionary || !reader.keyword("stream")) {
    findings.telling = true;
    return;
  }
  std::size_t data = reader.position();
  if (data < text.size() && text[data] == '\r') ++data;
  if (data < text.size() && text[data] == '\n') ++data;
  const std::string unpacked =
      pdf_stream_data(*dictionary, as_bytes(text.substr(data)), kMostObjectStream);
  findings.unpacked += unpacked.size();
  if (unpacked.empty()) findings.telling = true;
  pass_over(unpacked, true, findings);
}

// Attachments that run when they are opened.
struct Runnable {
  FileType type;
  std::uint8_t score;
};
constexpr Runnable kRunnables[] = {
    {FileType::pe, 50},         {FileType::lnk, 60},   {FileType::hta, 60},
    {FileType::vbscript, 50},   {FileType::batch, 40}, {FileType::powershell, 30},
    {FileType::javascript, 30}, {FileType::jar, 30},   {FileType::chm, 30},
};
std::uint8_t weight_of_name(std::string_view name) {
  const auto found = std::ranges::find(kRunnables, type_by_extension(name), &Runnable::type);
  return found == std::end(kRunnables) ? std::uint8_t{0} : found->score;
}

void add_library_signs(ByteView file, Remarks& remarks) {
  auto how = PdfOpening::opened;
  const auto document = open_pdf_document(as_text(file), "", how);
  if (!document) return;
  document->collect({.hides_something = nullptr, .embedded_name = weight_of_name});
  for (const PdfSign& sign : document->signs()) remarks.sign(sign.name, sign.score, sign.detail);
}

// Trailers that disagree about what the document is: each viewer may show another one.
void judge_trailers(const Subject& file, Remarks& remarks) {
  const PdfStructure structure(file.bytes);
  if (structure.repaired()) return;
  std::int64_t root = -1;
  for (const PdfValue& trailer : structure.trailers()) {
    const PdfValue* one = trailer.find("Root");
    if (one == nullptr || !one->is(PdfValue::Kind::reference)) continue;
    if (root >= 0 && one->number != root) return remarks.sign("pdf-several-roots", 5);
    root = one->number;
  }
}

}  // namespace

void examine_pdf_signs(const Subject& file, Remarks& remarks) {
  const auto header = pdf_header(file.bytes);
  if (!header || (file.type != FileType::pdf && file.type != FileType::unknown)) return;
  if (*header > 0) remarks.sign("pdf-late-header", 0, std::to_string(*header));
  judge_trailers(file, remarks);
  Findings findings;
  const std::string_view text = as_text(file.bytes);
  pass_over(text.substr(0, kMostPassed), false, findings);
  if (text.size() > kMostPassed) {
    const std::size_t rest =
        std::max(kMostPassed, text.size() - std::min(text.size(), kMostPassed));
    pass_over(text.substr(rest), false, findings);
  }
  if (findings.disguised) remarks.sign("pdf-disguised-names", 40);
  const bool hidden = findings.object_streams && findings.encrypted;
  if (findings.telling || hidden) add_library_signs(file.bytes, remarks);
}

}  // namespace weir

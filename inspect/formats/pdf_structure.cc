#include "inspect/formats/pdf_structure.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "core/cursor.h"
#include "inspect/formats/pdf_inflate.h"

namespace weir {
namespace {

using Kind = PdfValue::Kind;

constexpr std::size_t kHeaderWithin = 1024, kStartWithin = 64 * 1024;
constexpr std::size_t kMostXrefStream = 64U << 20, kMostRuns = 4096;
constexpr std::size_t kEntry = 20;  // of a cross-reference table, 7.5.4

bool is_trailer(const PdfValue& value) {
  return value.is(Kind::dictionary) &&
         (value.find("Root") != nullptr || value.find("Size") != nullptr);
}

// The widths of the fields of a cross-reference stream, 7.5.8.2.
struct Widths {
  std::uint64_t type = 0, offset = 0, generation = 0;
  std::uint64_t all() const { return type + offset + generation; }
};
std::optional<Widths> widths_of(const PdfValue& dictionary) {
  const PdfValue* list = dictionary.find("W");
  if (list == nullptr || list->items.size() < 3) return std::nullopt;
  for (const PdfValue& item : list->items) {
    if (!item.is(Kind::number) || item.number < 0 || item.number > 8) return std::nullopt;
  }
  const auto at = [&](std::size_t i) { return static_cast<std::uint64_t>(list->items[i].number); };
  const Widths widths{at(0), at(1), at(2)};
  if (widths.all() == 0) return std::nullopt;
  return widths;
}

// Which row of a cross-reference stream describes an object.
std::optional<std::uint64_t> row_of(const PdfValue& dictionary, std::uint64_t number) {
  const PdfValue* index = dictionary.find("Index");
  if (index == nullptr || !index->is(Kind::array)) return number;
  std::uint64_t row = 0;
  for (std::size_t i = 0; i + 1 < index->items.size(); i += 2) {
    if (index->items[i].number < 0 || index->items[i + 1].number < 0) return std::nullopt;
    const auto first = static_cast<std::uint64_t>(index->items[i].number);
    const auto count = static_cast<std::uint64_t>(index->items[i + 1].number);
    if (number >= first && number - first < count) return row + (number - first);
    if (count > kMostXrefStream) return std::nullopt;
    row += count;
  }
  return std::nullopt;
}

std::uint64_t field(Cursor& in, std::uint64_t width, std::uint64_t missing) {
  if (width == 0) return missing;
  std::uint64_t value = 0;
  for (const std::uint8_t byte : in.take(width)) value = value << 8 | byte;
  return value;
}

// Behind the word "stream" and its line end.
std::size_t data_after(std::string_view text, std::size_t at) {
  if (at < text.size() && text[at] == '\r') ++at;
  if (at < text.size() && text[at] == '\n') ++at;
  return std::min(at, text.size());
}

}  // namespace

std::optional<std::size_t> pdf_header(ByteView file) {
  const std::string_view head = as_text(file.first(std::min(file.size(), kHeaderWithin + 5)));
  const auto found = head.find("%PDF-");
  if (found == head.npos) return std::nullopt;
  // A program that knows PDFs by these bytes is none: even with object streams there is an object.
  if (found > 0 && as_text(file).find(" obj", found) == head.npos) return std::nullopt;
  return found;
}

PdfStructure::PdfStructure(ByteView file) : file_(file), header_(pdf_header(file)) {
  if (!header_) return;
  const auto start = start_of_chain();
  if (start && follow_chain(*start)) return;
  repair();
}

std::optional<std::uint64_t> PdfStructure::start_of_chain() const {
  const std::size_t from = file_.size() - std::min(file_.size(), kStartWithin);
  const std::string_view tail = as_text(file_.subspan(from));
  constexpr std::string_view kWord = "startxref";
  const auto found = tail.rfind(kWord);
  if (found == tail.npos) return std::nullopt;
  return PdfReader(file_, from + found + kWord.size()).integer();
}

// False when the newest section cannot be read, or an older one that it names.
bool PdfStructure::follow_chain(std::uint64_t at) {
  while (seen_.size() < kMostSections) {
    if (!seen_.insert(at).second) return true;  // a circle: all of it has been read
    auto trailer = read_section(at);
    if (!trailer) return false;
    const bool good = follow_hybrid(*trailer);
    const auto before = trailer->number_of("Prev");
    trailers_.push_back(std::move(*trailer));
    if (!good) return false;
    // The first section of a linearized file may say 0.
    if (!before || *before <= 0) return true;
    at = static_cast<std::uint64_t>(*before);
  }
  return true;
}

// 7.5.8.4: a table with a stream beside it for readers that understand it.
bool PdfStructure::follow_hybrid(const PdfValue& trailer) {
  const auto at = trailer.number_of("XRefStm");
  if (!at || *at <= 0 || !seen_.insert(static_cast<std::uint64_t>(*at)).second) return true;
  return read_section(static_cast<std::uint64_t>(*at)).has_value();
}

// Offsets count from the header; some writers count from the file's start.
std::optional<PdfValue> PdfStructure::read_section(std::uint64_t offset) {
  for (const std::size_t base : {*header_, std::size_t{0}}) {
    if (offset >= file_.size() - std::min(base, file_.size())) continue;
    PdfReader reader(file_, static_cast<std::size_t>(offset) + base);
    PdfReader behind = reader;
    auto trailer = behind.keyword("xref") ? read_table(behind) : read_stream_section(reader);
    if (trailer) return trailer;
    if (base == 0) break;
  }
  return std::nullopt;
}

std::optional<PdfValue> PdfStructure::read_table(PdfReader reader) {
  Section section;
  while (!reader.keyword("trailer")) {
    const auto first = reader.integer(), count = reader.integer();
    if (!first || !count || section.runs.size() >= kMostRuns) return std::nullopt;
    reader.skip_blanks();
    const std::size_t at = reader.position();
    if (*count > (file_.size() - std::min(at, file_.size())) / (kEntry - 1)) return std::nullopt;
    section.runs.push_back({*first, *count, at});
    // Some writers end the entries with one character instead of two.
    std::size_t behind = at + static_cast<std::size_t>(*count) * kEntry;
    if (behind > file_.size() || behind < 3) return std::nullopt;
    const std::string_view end = as_text(file_.subspan(behind - 3, 3));
    if (*count > 0 && end.find_first_not_of("nf \r\n") != end.npos) {
      behind = at + static_cast<std::size_t>(*count) * (kEntry - 1);
      section.runs.pop_back();  // cannot be looked up by arithmetic; a search will do
    }
    reader = PdfReader(file_, behind);
  }
  auto trailer = reader.value();
  if (!trailer || !trailer->is(Kind::dictionary)) return std::nullopt;
  sections_.push_back(std::move(section));
  return trailer;
}

std::optional<PdfValue> PdfStructure::read_stream_section(PdfReader reader) {
  if (!reader.integer() || !reader.integer() || !reader.keyword("obj")) return std::nullopt;
  auto dictionary = reader.value();
  if (!dictionary || dictionary->name_of("Type") != "XRef") return std::nullopt;
  if (!reader.keyword("stream")) return std::nullopt;
  const std::size_t data = data_after(as_text(file_), reader.position());
  sections_.push_back({{}, Stream{*dictionary, data}});
  return dictionary;
}

void PdfStructure::add_trailer(PdfValue trailer) {
  if (trailers_.size() < kMostSections && is_trailer(trailer)) {
    trailers_.push_back(std::move(trailer));
  }
}

void PdfStructure::repair() {
  repaired_ = true;
  if (file_.size() <= 2 * kMostScanned) return repair_in(0, file_.size());
  repair_in(file_.size() - kMostScanned, file_.size());
  repair_in(0, kMostScanned);
}

void PdfStructure::repair_in(std::size_t from, std::size_t to) {
  const std::string_view text = as_text(file_.subspan(from, to - from));
  constexpr std::string_view kTrailer = "trailer", kXref = "/XRef";
  std::size_t budget = kMostSections;
  for (auto at = text.find(kTrailer); at != text.npos && budget > 0; --budget) {
    auto trailer = PdfReader(file_, from + at + kTrailer.size()).value();
    if (trailer) add_trailer(std::move(*trailer));
    at = text.find(kTrailer, at + 1);
  }
  for (auto at = text.find(kXref); at != text.npos && budget > 0; --budget) {
    // The dictionary begins before it, a little way behind "obj".
    const std::size_t back = std::min<std::size_t>(at, 2048);
    const std::string_view before = text.substr(at - back, back);
    const auto object = before.rfind("obj");
    if (object != before.npos) {
      auto dictionary = PdfReader(file_, from + at - back + object + 3).value();
      if (dictionary && dictionary->name_of("Type") == "XRef") add_trailer(std::move(*dictionary));
    }
    at = text.find(kXref, at + 1);
  }
}

std::optional<PdfValue> PdfStructure::resolve(const PdfValue& value) const {
  if (!value.is(Kind::reference)) return value;
  if (!repaired_) {
    for (const Section& section : sections_) {
      const auto offset = offset_in(section, static_cast<std::uint64_t>(value.number));
      if (!offset) continue;
      if (auto object = object_of(*offset, value)) return object;
      break;
    }
  }
  return search_object(value);
}

std::optional<PdfValue> PdfStructure::object_of(std::uint64_t offset,
                                                const PdfValue& reference) const {
  for (const std::size_t base : {*header_, std::size_t{0}}) {
    if (offset >= file_.size() - base) continue;
    if (auto object = object_at(static_cast<std::size_t>(offset) + base, reference)) return object;
  }
  return std::nullopt;
}

std::optional<PdfValue> PdfStructure::object_at(std::size_t at, const PdfValue& reference) const {
  PdfReader reader(file_, at);
  const auto number = reader.integer(), generation = reader.integer();
  if (!number || !generation || !reader.keyword("obj")) return std::nullopt;
  if (*number != static_cast<std::uint64_t>(reference.number)) return std::nullopt;
  return reader.value();
}

std::optional<std::uint64_t> PdfStructure::offset_in(const Section& section,
                                                     std::uint64_t number) const {
  for (const Run& run : section.runs) {
    if (number < run.first || number - run.first >= run.count) continue;
    const std::size_t at = run.at + static_cast<std::size_t>(number - run.first) * kEntry;
    return PdfReader(file_, at).integer();
  }
  return section.stream ? offset_in(*section.stream, number) : std::nullopt;
}

std::optional<std::uint64_t> PdfStructure::offset_in(const Stream& stream,
                                                     std::uint64_t number) const {
  const auto widths = widths_of(stream.dictionary);
  const auto row = row_of(stream.dictionary, number);
  if (!widths || !row || *row > kMostXrefStream / widths->all()) return std::nullopt;
  const std::size_t from = static_cast<std::size_t>(*row * widths->all());
  const std::string data =
      pdf_stream_data(stream.dictionary, file_.subspan(stream.data), kMostXrefStream);
  if (from >= data.size()) return std::nullopt;
  Cursor in(as_bytes(data).subspan(from));
  const std::uint64_t type = field(in, widths->type, 1);
  const std::uint64_t offset = field(in, widths->offset, 0);
  // Type 2 lies in an object stream, where no encryption dictionary may be (7.5.7).
  if (in.failed() || type != 1) return std::nullopt;
  return offset;
}

// The last one in the file, or near its end or start.
std::optional<PdfValue> PdfStructure::search_object(const PdfValue& reference) const {
  const std::string wanted =
      std::to_string(reference.number) + " " + std::to_string(reference.generation) + " obj";
  const std::size_t tail = std::min(file_.size(), kMostScanned);
  for (const ByteView part : {file_.last(tail), file_.first(tail)}) {
    const std::string_view text = as_text(part);
    const auto base = static_cast<std::size_t>(part.data() - file_.data());
    std::size_t tries = 64;
    for (auto at = text.rfind(wanted); at != text.npos && tries > 0; --tries) {
      const bool whole = at == 0 || text[at - 1] < '0' || text[at - 1] > '9';
      auto object = whole ? object_at(base + at, reference) : std::nullopt;
      if (object) return object;
      if (at == 0) break;
      at = text.rfind(wanted, at - 1);
    }
  }
  return std::nullopt;
}

}  // namespace weir

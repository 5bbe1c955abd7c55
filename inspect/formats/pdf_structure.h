// Where a PDF says what it is: the header, the trailers of its cross-reference sections and streams
// (ISO 32000-2, 7.5), newest first, and single objects looked up through them. Follows the chain
// from the end of the file: incremental updates, hybrids, linearized files; a broken one is
// repaired as viewers do, by looking for trailers in the first and last kMostScanned bytes. Reads
// no more than that and the sections. Keeps a view of the file. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "core/bytes.h"
#include "inspect/formats/pdf_value.h"

namespace weir {

// Whether there is a header within the first KiB, and where.
std::optional<std::size_t> pdf_header(ByteView file);

class PdfStructure {
 public:
  explicit PdfStructure(ByteView file);

  bool is_pdf() const { return header_.has_value(); }
  std::size_t header() const { return header_.value_or(0); }
  // Newest first; of a repaired file in no order that means anything.
  const std::vector<PdfValue>& trailers() const { return trailers_; }
  bool repaired() const { return repaired_; }
  // The value itself, or what a reference leads to; nullopt when that is not there.
  std::optional<PdfValue> resolve(const PdfValue& value) const;

 private:
  static constexpr std::size_t kMostScanned = 16U << 20;
  static constexpr std::size_t kMostSections = 512;

  // A run of a cross-reference table whose entries have 20 bytes each.
  struct Run {
    std::uint64_t first = 0, count = 0;
    std::size_t at = 0;
  };
  // A cross-reference stream: where its data is, and how it is packed.
  struct Stream {
    PdfValue dictionary;
    std::size_t data = 0;
  };
  struct Section {
    std::vector<Run> runs;
    std::optional<Stream> stream;
  };

  std::optional<std::uint64_t> start_of_chain() const;
  bool follow_chain(std::uint64_t at);
  std::optional<PdfValue> read_section(std::uint64_t offset);
  std::optional<PdfValue> read_table(PdfReader reader);
  std::optional<PdfValue> read_stream_section(PdfReader reader);
  bool follow_hybrid(const PdfValue& trailer);
  void repair();
  void repair_in(std::size_t from, std::size_t to);
  void add_trailer(PdfValue trailer);

  std::optional<PdfValue> object_at(std::size_t at, const PdfValue& reference) const;
  std::optional<PdfValue> object_of(std::uint64_t offset, const PdfValue& reference) const;
  std::optional<std::uint64_t> offset_in(const Section& section, std::uint64_t number) const;
  std::optional<std::uint64_t> offset_in(const Stream& stream, std::uint64_t number) const;
  std::optional<PdfValue> search_object(const PdfValue& reference) const;

  ByteView file_;
  std::optional<std::size_t> header_;
  std::vector<PdfValue> trailers_;
  std::vector<Section> sections_;
  std::set<std::uint64_t> seen_;
  bool repaired_ = false;
};

}  // namespace weir

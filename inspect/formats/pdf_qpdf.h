// PDFs through libqpdf, whose headers do not compile with clang and libstdc++ 12 as C++20 or later
// (a class that holds a vector of itself). So this header and the pdf_qpdf*.cc behind it are C++17
// and know nothing of the rest of weir; what they must decide with it is asked through PdfJudge.
// Nothing is thrown: whatever libqpdf throws ends in pdf_qpdf.cc. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

enum class PdfOpening : std::uint8_t { opened, needs_password, unsupported, damaged };

struct PdfSign {
  std::string name, detail;
  std::uint8_t score = 0;
};

struct PdfJudge {
  // Whether the decoded head of a stream shows something that hides there; null: none is read.
  bool (*hides_something)(std::string_view head) = nullptr;
  // The weight of an attachment's name; 0: an ordinary one.
  std::uint8_t (*embedded_name)(std::string_view name) = nullptr;
};

class PdfDocument {
 public:
  virtual ~PdfDocument() = default;

  // Looks at every object once: what the document carries beside its pages, and its signs. False
  // when libqpdf gave up; what was found until then is kept.
  virtual bool collect(const PdfJudge& judge) = 0;
  virtual bool too_many() const = 0;
  virtual const std::vector<PdfSign>& signs() const = 0;

  virtual std::size_t items() const = 0;
  virtual const std::string& name(std::size_t item) const = 0;
  // Up to `most` decoded bytes from `skip` on; `whole` is false when they end because the data is
  // broken.
  virtual std::string piece(std::size_t item, std::uint64_t skip, std::size_t most,
                            bool& whole) = 0;
  // The file without its encryption, if it has at most `most` bytes.
  virtual std::optional<std::string> decrypted(std::size_t most) = 0;
};

// `file` outlives the document; null but for PdfOpening::opened.
std::unique_ptr<PdfDocument> open_pdf_document(std::string_view file, const std::string& password,
                                               PdfOpening& how);

}  // namespace weir

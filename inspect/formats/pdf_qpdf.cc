#include "inspect/formats/pdf_qpdf.h"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include "inspect/formats/pdf_qpdf_walk.h"
// What the walk's header defines first, these need too.
#include <qpdf/Pipeline.hh>
#include <qpdf/QPDFExc.hh>
#include <qpdf/QPDFWriter.hh>

namespace weir {
namespace {

// Keeps what is written, up to a bound.
class Sink final : public Pipeline {
 public:
  explicit Sink(std::size_t most) : Pipeline("sink", nullptr), most_(most) {}
  void write(unsigned char const* data, std::size_t size) override {
    if (size > most_ - out.size()) throw std::length_error("too large");
    out.append(reinterpret_cast<const char*>(data), size);
  }
  void finish() override {}
  std::string out;

 private:
  std::size_t most_;
};

PdfOpening opening_of(const QPDFExc& failure) {
  switch (failure.getErrorCode()) {
    case qpdf_e_password: return PdfOpening::needs_password;
    case qpdf_e_unsupported: return PdfOpening::unsupported;
    default: return PdfOpening::damaged;
  }
}

class Document final : public PdfDocument {
 public:
  explicit Document(std::unique_ptr<QPDF> pdf) : pdf_(std::move(pdf)), walk_(*pdf_) {}

  bool collect(const PdfJudge& judge) override {
    try {
      walk_.collect(judge);
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  bool too_many() const override { return walk_.too_many(); }
  const std::vector<PdfSign>& signs() const override { return walk_.signs(); }
  std::size_t items() const override { return walk_.items().size(); }
  const std::string& name(std::size_t item) const override { return walk_.items()[item].name; }

  std::string piece(std::size_t item, std::uint64_t skip, std::size_t most, bool& whole) override {
    const PdfItem& one = walk_.items()[item];
    whole = true;
    if (!one.stream.isInitialized()) {
      const auto from = std::min<std::uint64_t>(skip, one.text.size());
      return one.text.substr(static_cast<std::size_t>(from), most);
    }
    try {
      return pdf_piece(one.stream, skip, most, whole);
    } catch (const std::exception&) {
      whole = false;
      return {};
    }
  }

  std::optional<std::string> decrypted(std::size_t most) override {
    try {
      Sink sink(most);
      QPDFWriter writer(*pdf_);
      writer.setOutputPipeline(&sink);
      writer.setPreserveEncryption(false);
      writer.setStreamDataMode(qpdf_s_preserve);
      writer.setStaticID(true);
      writer.write();
      return std::move(sink.out);
    } catch (const std::exception&) {
      return std::nullopt;
    }
  }

 private:
  std::unique_ptr<QPDF> pdf_;
  PdfWalk walk_;
};

}  // namespace

std::unique_ptr<PdfDocument> open_pdf_document(std::string_view file, const std::string& password,
                                               PdfOpening& how) {
  try {
    auto pdf = std::make_unique<QPDF>();
    pdf->setSuppressWarnings(true);
    pdf->processMemoryFile("file", file.data(), file.size(), password.c_str());
    how = PdfOpening::opened;
    return std::make_unique<Document>(std::move(pdf));
  } catch (const QPDFExc& failure) {
    how = opening_of(failure);
  } catch (const std::exception&) {
    how = PdfOpening::damaged;
  }
  return nullptr;
}

}  // namespace weir

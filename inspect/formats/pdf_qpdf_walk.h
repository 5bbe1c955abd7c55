// One walk over all objects of an opened PDF: files, scripts, forms, streams that are something
// else than they seem, and the signs. Internal to pdf_qpdf*.cc, C++17 as they are; what libqpdf
// throws passes through. One thread.
#pragma once

#define POINTERHOLDER_TRANSITION 4
#include <map>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFObjectHandle.hh>
#include <set>
#include <string>
#include <vector>

#include "inspect/formats/pdf_qpdf.h"

namespace weir {

struct PdfItem {
  std::string name;
  QPDFObjectHandle stream;  // or nothing, then:
  std::string text;
};

class PdfWalk {
 public:
  static constexpr std::size_t kMostObjects = 1'000'000, kMostItems = 100'000, kMostSigns = 32;

  explicit PdfWalk(QPDF& pdf) : pdf_(pdf) {}

  void collect(const PdfJudge& judge);
  bool too_many() const { return too_many_; }
  const std::vector<PdfItem>& items() const { return items_; }
  const std::vector<PdfSign>& signs() const { return signs_; }

 private:
  using Map = std::map<std::string, QPDFObjectHandle>;

  void visit(QPDFObjectHandle object, int depth);
  void visit_dictionary(const Map& entries);
  void visit_action(const Map& entries);
  void visit_opening(QPDFObjectHandle root);
  void look_into_streams();
  void judge_opening(QPDFObjectHandle action, int depth);
  void judge_launch(const Map& entries);
  void judge_filters(const QPDFObjectHandle& stream);
  void judge_script(const std::string& script);
  void add_files(const Map& filespec);
  void add_script(QPDFObjectHandle script);
  void add_form(QPDFObjectHandle form);
  void add_stream(std::string name, const QPDFObjectHandle& stream);
  void sign(const char* name, std::uint8_t score, const std::string& detail = {});

  QPDF& pdf_;
  PdfJudge judge_;
  bool too_many_ = false;
  std::vector<PdfItem> items_;
  std::vector<QPDFObjectHandle> streams_;
  std::set<QPDFObjGen> taken_;
  std::size_t scripts_ = 0;
  std::vector<PdfSign> signs_;
};

// Up to `most` decoded bytes from `skip` on; `whole` is false when the data is broken before that.
std::string pdf_piece(QPDFObjectHandle stream, std::uint64_t skip, std::size_t most, bool& whole);

}  // namespace weir

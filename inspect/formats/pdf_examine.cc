#include <algorithm>
#include <optional>

#include "inspect/formats/pdf_encryption.h"
#include "inspect/formats/pdf_file.h"
#include "inspect/formats/pdf_structure.h"

namespace weir {
namespace {

std::string id_of(const PdfValue& trailer, const PdfStructure& structure) {
  const PdfValue* id = trailer.find("ID");
  const auto list = id == nullptr ? std::nullopt : structure.resolve(*id);
  if (!list || list->items.empty()) return {};
  const auto first = structure.resolve(list->items.front());
  return first ? first->text : std::string();
}

std::optional<PdfEncryption> encryption_of(const PdfValue& trailer, const PdfStructure& structure) {
  const PdfValue* entry = trailer.find("Encrypt");
  if (entry == nullptr || entry->is(PdfValue::Kind::null)) return std::nullopt;
  const auto encrypt = structure.resolve(*entry);
  if (!encrypt || !encrypt->is(PdfValue::Kind::dictionary)) return std::nullopt;
  return pdf_encryption(*encrypt, id_of(trailer, structure), structure);
}

// The newest trailer counts; when the chain is broken, the worst of those that lie about.
PdfEncryption worst_of(const PdfStructure& structure) {
  constexpr std::size_t kMostTried = 16;
  std::size_t tried = 0;
  PdfEncryption worst;
  for (const PdfValue& trailer : structure.trailers()) {
    if (auto one = encryption_of(trailer, structure); one && one->lock >= worst.lock) {
      worst = std::move(*one);
    }
    if (!structure.repaired() || ++tried == kMostTried) break;
  }
  return worst;
}

}  // namespace

void examine_pdf(const Subject& file, Remarks& remarks) {
  if (!pdf_header(file.bytes)) return;
  const PdfStructure structure(file.bytes);
  // An archive or a mail whose first entry is a PDF is not itself one.
  if (structure.repaired() && file.type != FileType::pdf && file.type != FileType::unknown) return;
  const PdfEncryption encryption = worst_of(structure);
  switch (encryption.lock) {
    case PdfLock::none: return;
    case PdfLock::open: return remarks.sign("pdf-owner-password", 0, encryption.name);
    case PdfLock::attachments:
      return remarks.unseen(Reason::partly_encrypted, encryption.name, "attachments only");
    case PdfLock::closed: return remarks.unseen(Reason::encrypted, encryption.name);
  }
}

}  // namespace weir

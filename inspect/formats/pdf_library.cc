// open_pdf: what pdf_qpdf.h finds, as a container.
#include <algorithm>
#include <utility>

#include "inspect/formats/pdf_file.h"
#include "inspect/formats/pdf_qpdf.h"
#include "inspect/formats/pdf_structure.h"

namespace weir {
namespace {

constexpr std::size_t kFirstPiece = 1U << 20, kMostPiece = 64U << 20;

Reason reason_of(PdfOpening how, bool begins_like_one) {
  switch (how) {
    case PdfOpening::opened: return Reason::none;
    case PdfOpening::needs_password: return Reason::encrypted;
    case PdfOpening::unsupported: return begins_like_one ? Reason::unsupported : Reason::none;
    case PdfOpening::damaged: return begins_like_one ? Reason::corrupt : Reason::none;
  }
  return Reason::none;
}

// What may hide in a stream that the document does not call a file.
bool hides_something(std::string_view head) {
  switch (family_of(type_by_magic(as_bytes(head)))) {
    case FileFamily::executable:
    case FileFamily::archive:
    case FileFamily::document: return true;
    case FileFamily::script: return head.starts_with("#!") || head.starts_with("<");
    default: return false;
  }
}

// A decoded member piece by piece. libqpdf pushes a stream from its start, so that each piece is
// a pass of its own; they grow, so that few are needed.
class PdfMembers final : public Container {
 public:
  explicit PdfMembers(std::unique_ptr<PdfDocument> document) : document_(std::move(document)) {
    if (document_->too_many()) problem_ = Reason::too_many;
  }

  std::optional<Member> next() override {
    if (next_ == document_->items()) return std::nullopt;
    item_ = next_++;
    given_ = 0;
    piece_size_ = kFirstPiece;
    done_ = false;
    member_problem_ = Reason::none;
    return Member{document_->name(item_), true, false};
  }

  ByteView read() override {
    if (next_ == 0 || done_) return {};
    bool whole = false;
    piece_ = document_->piece(item_, given_, piece_size_, whole);
    done_ = piece_.size() < piece_size_;
    if (!whole) member_problem_ = Reason::corrupt;
    given_ += piece_.size();
    piece_size_ = std::min(piece_size_ * 2, kMostPiece);
    return as_bytes(piece_);
  }

  Reason problem() const override { return problem_; }
  Reason member_problem() const override { return member_problem_; }
  std::string format_word() const override { return "pdf"; }

 private:
  std::unique_ptr<PdfDocument> document_;
  std::size_t next_ = 0, item_ = 0, piece_size_ = kFirstPiece;
  std::uint64_t given_ = 0;
  bool done_ = false;
  std::string piece_;
  Reason problem_ = Reason::none, member_problem_ = Reason::none;
};

std::unique_ptr<Container> members_of(std::unique_ptr<PdfDocument> document, Reason& problem) {
  if (!document->collect({.hides_something = hides_something, .embedded_name = nullptr}) &&
      document->items() == 0) {
    problem = Reason::corrupt;
    return nullptr;
  }
  return std::make_unique<PdfMembers>(std::move(document));
}

// The one member of a file that needed a password: itself without encryption.
class Unlocked final : public Container {
 public:
  explicit Unlocked(std::string bytes) : bytes_(std::move(bytes)) {}
  std::optional<Member> next() override {
    if (std::exchange(named_, true)) return std::nullopt;
    return Member{"unlocked.pdf", true, false};
  }
  ByteView read() override { return std::exchange(given_, true) ? ByteView() : as_bytes(bytes_); }
  std::string format_word() const override { return "pdf"; }

 private:
  std::string bytes_;
  bool named_ = false, given_ = false;
};

std::unique_ptr<Container> unlocked(PdfDocument& document, std::size_t size, Reason& problem) {
  constexpr std::size_t kMargin = 16U << 20;
  auto bytes = document.decrypted(size * 2 + kMargin);
  problem = bytes ? Reason::none : Reason::corrupt;
  if (!bytes) return nullptr;
  return std::make_unique<Unlocked>(std::move(*bytes));
}

}  // namespace

std::unique_ptr<Container> open_pdf(const Subject& file, Reason& problem) {
  return open_pdf(file, {}, problem);
}

std::unique_ptr<Container> open_pdf(const Subject& file, std::span<const std::string> passwords,
                                    Reason& problem) {
  if (!pdf_header(file.bytes)) return nullptr;
  auto how = PdfOpening::opened;
  auto document = open_pdf_document(as_text(file.bytes), "", how);
  problem = reason_of(how, file.type == FileType::pdf);
  if (document) return members_of(std::move(document), problem);
  if (how != PdfOpening::needs_password) return nullptr;
  for (const std::string& password : passwords) {
    document = open_pdf_document(as_text(file.bytes), password, how);
    if (document) return unlocked(*document, file.bytes.size(), problem);
  }
  return nullptr;
}

}  // namespace weir

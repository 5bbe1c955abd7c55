// The members of an Office file as a Container: a list of names, and for each a source of pieces
// that is made when it is asked for. Sources may point into the file, which outlives them. One
// thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "inspect/formats/container.h"

namespace weir {

class PieceSource {
 public:
  virtual ~PieceSource() = default;
  // The next piece, valid until the next call; empty at the end or when it cannot go on.
  virtual ByteView next() = 0;
  virtual Reason problem() const { return Reason::none; }
};

// Bytes that somebody else holds, or that the source holds itself.
class BytesSource : public PieceSource {
 public:
  explicit BytesSource(ByteView bytes) : left_(bytes) {}
  explicit BytesSource(std::vector<std::uint8_t> bytes) : own_(std::move(bytes)), left_(own_) {}
  explicit BytesSource(Reason problem) : problem_(problem) {}
  BytesSource(const BytesSource&) = delete;
  BytesSource& operator=(const BytesSource&) = delete;
  ByteView next() override { return std::exchange(left_, {}); }
  Reason problem() const override { return problem_; }

 private:
  std::vector<std::uint8_t> own_;
  ByteView left_;
  Reason problem_ = Reason::none;
};

struct OfficeMember {
  std::string name;
  std::function<std::unique_ptr<PieceSource>()> open;
};

class MemberList : public Container {
 public:
  // `keep` lives as long as the list: what the sources refer to.
  MemberList(std::string word, std::vector<OfficeMember> members,
             std::shared_ptr<const void> keep = nullptr, Reason problem = Reason::none)
      : keep_(std::move(keep)),
        word_(std::move(word)),
        members_(std::move(members)),
        problem_(problem) {}

  std::optional<Member> next() override {
    source_.reset();
    if (at_ >= members_.size()) return std::nullopt;
    return Member{members_[at_++].name, true, false};
  }
  ByteView read() override {
    if (at_ == 0) return {};
    if (!source_) source_ = members_[at_ - 1].open();
    return source_->next();
  }
  Reason problem() const override { return at_ >= members_.size() ? problem_ : Reason::none; }
  Reason member_problem() const override { return source_ ? source_->problem() : Reason::none; }
  std::string format_word() const override { return word_; }

 private:
  std::shared_ptr<const void> keep_;
  std::string word_;
  std::vector<OfficeMember> members_;
  Reason problem_;
  std::size_t at_ = 0;
  std::unique_ptr<PieceSource> source_;
};

// A name for a path: control characters, '/' and '\' become "\xNN"; the rest of UTF-8 stays.
std::string member_name_part(std::string_view name);

}  // namespace weir

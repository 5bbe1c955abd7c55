#include "inspect/formats/sealed_inflate.h"

// zlib only reads what it is given; this lets its header say so.
#define ZLIB_CONST
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <vector>

namespace weir {
namespace {

class Inflater {
 public:
  Inflater(ByteView packed, DeflateCoat coat) : left_(packed) {
    ready_ = inflateInit2(&stream_, coat == DeflateCoat::raw ? -MAX_WBITS : MAX_WBITS) == Z_OK;
  }
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  ByteView read() {
    if (!ready_ || done_) return {};
    stream_.next_out = out_.data();
    stream_.avail_out = static_cast<uInt>(out_.size());
    const std::size_t given = std::min<std::size_t>(left_.size(), std::numeric_limits<uInt>::max());
    stream_.next_in = left_.data();
    stream_.avail_in = static_cast<uInt>(given);
    const int result = inflate(&stream_, Z_NO_FLUSH);
    left_ = left_.subspan(given - stream_.avail_in);
    const std::size_t made = out_.size() - stream_.avail_out;
    if (result == Z_STREAM_END) {
      done_ = true;
    } else if (result != Z_OK || made == 0) {
      done_ = true;
      problem_ = result == Z_BUF_ERROR || result == Z_OK ? Reason::truncated : Reason::corrupt;
    }
    return ByteView(out_).first(made);
  }
  Reason problem() const { return ready_ ? problem_ : Reason::engine_down; }

 private:
  z_stream stream_{};
  ByteView left_;
  std::array<std::uint8_t, 64 * 1024> out_{};
  bool ready_ = false, done_ = false;
  Reason problem_ = Reason::none;
};

class Inflated final : public Container {
 public:
  explicit Inflated(InflateMember what)
      : what_(std::move(what)), inflater_(what_.packed, what_.coat) {}

  std::optional<Member> next() override {
    if (std::exchange(given_, true)) return std::nullopt;
    return Member{what_.member, true, false};
  }
  ByteView read() override {
    if (!std::exchange(began_, true) && !what_.before.empty()) return as_bytes(what_.before);
    return inflater_.read();
  }
  Reason member_problem() const override { return inflater_.problem(); }
  std::string format_word() const override { return what_.format_word; }

 private:
  InflateMember what_;
  Inflater inflater_;
  bool given_ = false, began_ = false;
};

class Pieces final : public Container {
 public:
  explicit Pieces(PlainMember what) : what_(std::move(what)) {
    std::erase_if(what_.pieces, [](ByteView piece) { return piece.empty(); });
  }
  std::optional<Member> next() override {
    if (std::exchange(given_, true)) return std::nullopt;
    return Member{what_.member, true, false};
  }
  ByteView read() override { return at_ < what_.pieces.size() ? what_.pieces[at_++] : ByteView(); }
  std::string format_word() const override { return what_.format_word; }

 private:
  PlainMember what_;
  std::size_t at_ = 0;
  bool given_ = false;
};

// What was decoded lives as long as the container that reads it.
class Held final : public Container {
 public:
  Held(std::unique_ptr<std::string> storage, std::unique_ptr<Container> inner)
      : storage_(std::move(storage)), inner_(std::move(inner)) {}

  std::optional<Member> next() override { return inner_->next(); }
  ByteView read() override { return inner_->read(); }
  Reason problem() const override { return inner_->problem(); }
  Reason member_problem() const override { return inner_->member_problem(); }
  std::string format_word() const override { return inner_->format_word(); }

 private:
  std::unique_ptr<std::string> storage_;
  std::unique_ptr<Container> inner_;
};

}  // namespace

std::unique_ptr<Container> hold(std::unique_ptr<std::string> storage,
                                std::unique_ptr<Container> inner) {
  if (!inner) return nullptr;
  return std::make_unique<Held>(std::move(storage), std::move(inner));
}

std::unique_ptr<Container> open_inflated(InflateMember what) {
  return std::make_unique<Inflated>(std::move(what));
}

std::unique_ptr<Container> open_pieces(PlainMember what) {
  return std::make_unique<Pieces>(std::move(what));
}

}  // namespace weir

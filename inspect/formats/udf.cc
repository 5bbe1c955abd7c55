#include "inspect/formats/udf.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "inspect/formats/udf_volume.h"

namespace weir {
namespace {

constexpr std::size_t kMostDirectories = 100'000, kLongestPath = 4096;

// Every directory once, however many entries lead to it.
class UdfFiles final : public Container {
 public:
  explicit UdfFiles(UdfVolume volume) : volume_(std::move(volume)) {
    pending_.push_back({"", volume_.root()});
    seen_.insert(volume_.root());
  }

  std::optional<Member> next() override {
    while (at_ == entries_.size()) {
      if (pending_.empty()) return std::nullopt;
      enter();
    }
    const UdfEntry& entry = entries_[at_++];
    const std::string path = path_ + entry.name;
    node_ = volume_.read_node(entry.place);
    extent_ = 0;
    done_ = 0;
    if (!entry.directory) return Member{path, true, false};
    remember(path + "/", entry.place);
    return Member{path, false, false};
  }

  ByteView read() override {
    while (node_ && extent_ < node_->extents.size()) {
      const ByteView piece = volume_.piece(node_->extents[extent_], done_, 1U << 20);
      done_ += piece.size();
      if (!piece.empty()) return piece;
      ++extent_;
      done_ = 0;
    }
    return {};
  }
  Reason problem() const override { return problem_; }
  Reason member_problem() const override {
    return node_ && node_->whole ? Reason::none : Reason::corrupt;
  }
  std::string format_word() const override { return "udf"; }

 private:
  struct Directory {
    std::string path;
    UdfPlace place;
  };

  void enter() {
    Directory directory = std::move(pending_.back());
    pending_.pop_back();
    const auto node = volume_.read_node(directory.place);
    if (!node || !node->whole) problem_ = Reason::corrupt;
    entries_ = node ? volume_.read_directory(*node) : std::vector<UdfEntry>();
    path_ = std::move(directory.path);
    at_ = 0;
  }
  void remember(std::string path, UdfPlace place) {
    if (seen_.size() >= kMostDirectories || path.size() > kLongestPath) {
      problem_ = Reason::too_many;
    } else if (seen_.insert(place).second) {
      pending_.push_back({std::move(path), place});
    }
  }

  UdfVolume volume_;
  std::vector<Directory> pending_;
  std::set<UdfPlace> seen_;
  std::vector<UdfEntry> entries_;
  std::string path_;
  std::size_t at_ = 0, extent_ = 0;
  std::uint64_t done_ = 0;
  std::optional<UdfNode> node_;
  Reason problem_ = Reason::none;
};

}  // namespace

std::unique_ptr<Container> open_udf(const Subject& file, Reason&) {
  auto volume = UdfVolume::of_file(file.bytes);
  if (!volume) return nullptr;  // examine_disk_image says so
  return std::make_unique<UdfFiles>(std::move(*volume));
}

}  // namespace weir

// open_disk_image: walks the directories of each FAT volume without recursion, every directory once
// however many entries lead to it, and hands files out as runs of clusters.
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "inspect/formats/disk_bytes.h"
#include "inspect/formats/disk_fat.h"
#include "inspect/formats/disk_image.h"
#include "inspect/formats/disk_volumes.h"

namespace weir {
namespace {

constexpr std::size_t kMostDirectories = 100'000, kLongestPath = 4096;
constexpr std::uint64_t kMostRun = 1U << 20;

// The bytes of one file.
class FatFile {
 public:
  FatFile() = default;
  FatFile(const FatVolume& volume, const FatEntry& entry)
      : volume_(&volume), cluster_(entry.cluster), left_(entry.size) {
    if (entry.size > volume.size()) fail();
  }

  ByteView read(const DiskBytes& disk) {
    if (run_left_ == 0) next_run();
    const ByteView piece = disk.piece(run_at_, static_cast<std::size_t>(run_left_));
    if (piece.empty() && run_left_ > 0) fail();
    run_at_ += piece.size();
    run_left_ -= std::min<std::uint64_t>(run_left_, piece.size());
    return piece;
  }
  Reason problem() const { return problem_; }

 private:
  void fail() {
    problem_ = Reason::corrupt;
    left_ = run_left_ = 0;
  }
  // Clusters that follow each other on the disk, together.
  void next_run() {
    if (left_ == 0) return;
    if (!volume_->has_cluster(cluster_)) return fail();
    run_at_ = volume_->place_of(cluster_);
    std::uint32_t last = cluster_;
    std::uint64_t size = volume_->cluster_size();
    cluster_ = volume_->after(last);
    while (cluster_ == last + 1 && size < kMostRun && size < left_) {
      last = cluster_;
      size += volume_->cluster_size();
      cluster_ = volume_->after(last);
    }
    run_left_ = std::min(size, left_);
    left_ -= run_left_;
  }

  const FatVolume* volume_ = nullptr;
  std::uint32_t cluster_ = 0;
  std::uint64_t left_ = 0, run_at_ = 0, run_left_ = 0;
  Reason problem_ = Reason::none;
};

class FatDisk final : public Container {
 public:
  FatDisk(const DiskBytes& disk, std::vector<std::pair<std::string, FatVolume>> volumes)
      : disk_(disk), volumes_(std::move(volumes)) {
    for (std::size_t i = volumes_.size(); i > 0; --i) {
      pending_.push_back({volumes_[i - 1].first, i - 1, 0});
    }
  }

  std::optional<Member> next() override {
    while (at_ == entries_.size()) {
      if (pending_.empty()) return std::nullopt;
      enter(std::exchange(pending_.back(), {}));
    }
    const FatEntry& entry = entries_[at_++];
    const FatVolume& volume = volumes_[current_.volume].second;
    const std::string path = current_.path + entry.name;
    if (entry.directory) {
      remember({path + "/", current_.volume, entry.cluster});
      return Member{path, false, false};
    }
    file_ = FatFile(volume, entry);
    return Member{path, true, false};
  }
  ByteView read() override { return file_.read(disk_); }
  Reason problem() const override { return problem_; }
  Reason member_problem() const override { return file_.problem(); }
  std::string format_word() const override {
    const std::string_view word = disk_word(disk_.layout());
    return word == "disk" ? "fat" : std::string(word) + "+fat";
  }

 private:
  struct Directory {
    std::string path;
    std::size_t volume = 0;
    std::uint32_t cluster = 0;
  };

  void enter(Directory directory) {
    pending_.pop_back();
    current_ = std::move(directory);
    entries_ = volumes_[current_.volume].second.read_directory(current_.cluster);
    at_ = 0;
  }
  void remember(Directory directory) {
    if (directory.cluster == 0) return;
    if (seen_.size() >= kMostDirectories || directory.path.size() > kLongestPath) {
      problem_ = Reason::too_many;
      return;
    }
    if (!seen_.emplace(directory.volume, directory.cluster).second) return;
    pending_.push_back(std::move(directory));
  }

  DiskBytes disk_;
  std::vector<std::pair<std::string, FatVolume>> volumes_;
  std::vector<Directory> pending_;
  std::set<std::pair<std::size_t, std::uint32_t>> seen_;
  Directory current_;
  std::vector<FatEntry> entries_;
  std::size_t at_ = 0;
  FatFile file_;
  Reason problem_ = Reason::none;
};

}  // namespace

std::unique_ptr<Container> open_disk_image(const Subject& file, Reason&) {
  const auto disk = DiskBytes::of_file(file.bytes);
  if (!disk) return nullptr;  // examine_disk_image says so
  std::vector<std::pair<std::string, FatVolume>> volumes;
  for (const DiskVolume& found : read_volumes(*disk)) {
    if (found.file_system != "fat") continue;
    const auto volume = FatVolume::at(*disk, found.offset, found.size);
    const std::string prefix =
        found.number == 0 ? "" : "partition-" + std::to_string(found.number) + "/";
    if (volume) volumes.emplace_back(prefix, *volume);
  }
  if (volumes.empty()) return nullptr;
  return std::make_unique<FatDisk>(*disk, std::move(volumes));
}

}  // namespace weir

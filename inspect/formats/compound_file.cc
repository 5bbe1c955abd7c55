#include "inspect/formats/compound_file.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "core/cursor.h"
#include "core/utf16.h"

namespace weir {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic{0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1};
constexpr std::size_t kHeaderBytes = 512, kDirectoryEntryBytes = 128, kNameBytes = 64;
constexpr std::size_t kDifatAt = 76;
constexpr unsigned kMiniShift = 6;
constexpr std::uint32_t kNoEntry = 0xffffffff;
enum ObjectType : std::uint8_t { kStorage = 1, kStream = 2, kRoot = 5 };

struct Links {
  std::uint32_t left = kNoEntry, right = kNoEntry, child = kNoEntry;
};

Links links_of(ByteView entry) {
  Cursor in(entry);
  in.skip(68);
  return {in.u32le(), in.u32le(), in.u32le()};
}

std::uint8_t type_of(ByteView entry) { return entry.size() > 66 ? entry[66] : 0; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool before_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::lexicographical_compare(a, b, {}, lower, lower);
}

}  // namespace

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash + 1);
}

bool CompoundFile::has_magic(ByteView file) {
  return file.size() >= kMagic.size() && std::ranges::equal(file.first(kMagic.size()), kMagic);
}

std::optional<CompoundFile> CompoundFile::open(ByteView file, Reason& problem) {
  if (!has_magic(file)) return std::nullopt;
  CompoundFile opened(file);
  const Reason found = opened.load();
  if (found == Reason::none) return opened;
  problem = found;
  return std::nullopt;
}

// 2.2: the header.
Reason CompoundFile::load() {
  if (file_.size() < kHeaderBytes) return Reason::truncated;
  Cursor in(file_);
  in.skip(30);
  shift_ = in.u16le();
  const unsigned mini_shift = in.u16le();
  if ((shift_ != 9 && shift_ != 12) || mini_shift != kMiniShift) return Reason::corrupt;
  in.skip(6 + 4 + 4);
  const std::uint32_t directory = in.u32le();
  in.skip(4);
  mini_cutoff_ = in.u32le();
  const std::uint32_t mini_fat = in.u32le();
  in.skip(4);
  const std::uint32_t difat = in.u32le();
  const std::uint64_t sector = std::uint64_t{1} << shift_;
  sectors_ = (file_.size() + sector - 1) / sector - 1;  // the header is as long as a sector
  load_fat(file_.subspan(kDifatAt, kHeaderBytes - kDifatAt), difat);
  if (fat_.empty()) {
    const std::uint32_t first = Cursor(file_.subspan(kDifatAt)).u32le();
    return first < kEnd ? Reason::truncated : Reason::corrupt;
  }
  mini_fat_ = chain(mini_fat, sectors_);
  return load_directory(directory);
}

// 2.5: where the sectors of the allocation table are; never more than the file can need.
void CompoundFile::load_fat(ByteView header_difat, std::uint32_t difat) {
  const std::uint64_t per_sector = std::uint64_t{1} << (shift_ - 2);
  const std::uint64_t needed = (sectors_ + per_sector - 1) / per_sector;
  const auto take = [&](ByteView numbers) {
    for (Cursor in(numbers); in.remaining() >= 4 && fat_.size() < needed;) {
      const std::uint32_t sector = in.u32le();
      if (sector >= sectors_) return;
      fat_.push_back(sector);
    }
  };
  take(header_difat);
  const std::uint64_t numbers = (per_sector - 1) * 4;
  for (std::uint64_t steps = 0; difat < sectors_ && steps < needed; ++steps) {
    take(at(difat, 0, numbers));
    const ByteView next = at(difat, numbers, 4);
    difat = next.size() == 4 ? Cursor(next).u32le() : kEnd;
  }
}

ByteView CompoundFile::at(std::uint32_t sector, std::uint64_t offset, std::uint64_t most) const {
  const std::uint64_t begin = ((std::uint64_t{sector} + 1) << shift_) + offset;
  if (sector >= sectors_ || begin >= file_.size()) return {};
  return file_.subspan(begin, std::min<std::uint64_t>(most, file_.size() - begin));
}

std::uint32_t CompoundFile::after(std::uint32_t sector) const {
  const std::uint64_t block = sector >> (shift_ - 2);
  if (block >= fat_.size()) return kEnd;
  const std::uint64_t within = sector & ((1U << (shift_ - 2)) - 1);
  const ByteView number = at(fat_[block], within * 4, 4);
  return number.size() == 4 ? Cursor(number).u32le() : kEnd;
}

std::uint32_t CompoundFile::mini_after(std::uint32_t sector) const {
  const std::uint64_t block = sector >> (shift_ - 2);
  if (block >= mini_fat_.size()) return kEnd;
  const std::uint64_t within = sector & ((1U << (shift_ - 2)) - 1);
  const ByteView number = at(mini_fat_[block], within * 4, 4);
  return number.size() == 4 ? Cursor(number).u32le() : kEnd;
}

std::vector<std::uint32_t> CompoundFile::chain(std::uint32_t start, std::uint64_t most) const {
  std::vector<std::uint32_t> sectors;
  most = std::min(most, sectors_);
  for (std::uint32_t at = start; at < sectors_ && sectors.size() < most; at = after(at)) {
    sectors.push_back(at);
  }
  return sectors;
}

// 2.6: the directory, an array of entries that make up a tree of trees.
Reason CompoundFile::load_directory(std::uint32_t start) {
  if (start >= sectors_) return start < kEnd ? Reason::truncated : Reason::corrupt;
  const auto sectors = chain(start, kMostEntries * kDirectoryEntryBytes >> shift_);
  const ByteView root = directory_entry(sectors, 0);
  if (root.empty()) return Reason::truncated;
  if (type_of(root) != kRoot) return Reason::corrupt;
  entries_.push_back(parse_entry(root, ""));
  entries_[0].path.clear();
  const std::uint64_t sector = std::uint64_t{1} << shift_;
  mini_stream_ = chain(entries_[0].start, entries_[0].size / sector + 1);
  walk_tree(sectors);
  return streams_overlap() ? Reason::corrupt : Reason::none;
}

// Streams are apart from each other; some writers leave rubbish in a size, but only an attacker
// gives the same sectors to very many streams, so that reading them all would never end.
bool CompoundFile::streams_overlap() const {
  std::uint64_t sum = 0;
  for (const Entry& entry : entries_) {
    if (entry.stream) sum += std::min<std::uint64_t>(entry.size, file_.size());
  }
  return sum > kMostOverlap * file_.size();
}

ByteView CompoundFile::directory_entry(const std::vector<std::uint32_t>& sectors,
                                       std::uint32_t index) const {
  const unsigned per_sector_shift = shift_ - 7;
  const std::uint32_t block = index >> per_sector_shift;
  if (block >= sectors.size()) return {};
  const std::uint32_t within = index & ((1U << per_sector_shift) - 1);
  const ByteView entry = at(sectors[block], within * kDirectoryEntryBytes, kDirectoryEntryBytes);
  return entry.size() == kDirectoryEntryBytes ? entry : ByteView();
}

CompoundFile::Entry CompoundFile::parse_entry(ByteView bytes, const std::string& parent) const {
  Cursor in(bytes);
  const ByteView name = in.take(kNameBytes);
  const std::size_t length = std::clamp<std::size_t>(in.u16le(), 2, kNameBytes) - 2;
  Entry entry;
  entry.name = utf8_from_utf16le(name.first(length));
  entry.path = parent.empty() ? entry.name : parent + "/" + entry.name;
  entry.stream = in.u8() == kStream;
  in.seek(116);
  entry.start = in.u32le();
  entry.size = in.u64le();
  if (shift_ == 9) entry.size &= 0xffffffff;  // 2.6.1: version 3 writers may leave rubbish there
  return entry;
}

void CompoundFile::walk_tree(const std::vector<std::uint32_t>& sectors) {
  struct Visit {
    std::uint32_t index;
    std::size_t parent, depth;
  };
  std::vector<bool> seen(sectors.size() << (shift_ - 7));
  seen[0] = true;
  std::vector<Visit> todo{{links_of(directory_entry(sectors, 0)).child, 0, 1}};
  while (!todo.empty() && entries_.size() < kMostEntries) {
    const Visit visit = todo.back();
    todo.pop_back();
    if (visit.index >= seen.size() || seen[visit.index]) continue;
    seen[visit.index] = true;
    const ByteView bytes = directory_entry(sectors, visit.index);
    if (bytes.empty()) continue;
    const Links links = links_of(bytes);
    todo.push_back({links.right, visit.parent, visit.depth});
    todo.push_back({links.left, visit.parent, visit.depth});
    if (type_of(bytes) != kStream && type_of(bytes) != kStorage) continue;
    entries_.push_back(parse_entry(bytes, entries_[visit.parent].path));
    if (!entries_.back().stream && visit.depth < kMostDepth) {
      todo.push_back({links.child, entries_.size() - 1, visit.depth + 1});
    }
  }
  by_path_.resize(entries_.size());
  std::iota(by_path_.begin(), by_path_.end(), 0U);
  const auto path_of = [this](std::uint32_t i) { return std::string_view(entries_[i].path); };
  std::ranges::sort(by_path_, before_ignoring_case, path_of);
  add_orphans(sectors, seen);
}

void CompoundFile::add_orphans(const std::vector<std::uint32_t>& sectors,
                               const std::vector<bool>& seen) {
  for (std::uint32_t i = 0; i < seen.size() && entries_.size() < kMostEntries; ++i) {
    if (seen[i]) continue;
    const ByteView bytes = directory_entry(sectors, i);
    if (type_of(bytes) != kStream) continue;
    entries_.push_back(parse_entry(bytes, ""));
    entries_.back().orphan = true;
  }
}

const CompoundFile::Entry* CompoundFile::find(std::string_view path, bool stream) const {
  const auto path_of = [this](std::uint32_t i) { return std::string_view(entries_[i].path); };
  const auto range = std::ranges::equal_range(by_path_, path, before_ignoring_case, path_of);
  for (const std::uint32_t i : range) {
    if (entries_[i].stream == stream) return &entries_[i];
  }
  return nullptr;
}

std::vector<std::uint8_t> CompoundFile::read(const Entry& entry, std::size_t most) const {
  std::vector<std::uint8_t> bytes;
  CompoundStream stream(*this, entry);
  while (bytes.size() < most) {
    const ByteView piece = stream.next(most - bytes.size());
    if (piece.empty()) break;
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  }
  return bytes;
}

CompoundStream::CompoundStream(const CompoundFile& file, const CompoundFile::Entry& entry)
    : file_(file),
      mini_(entry.size < file.mini_cutoff_),
      sector_(entry.start),
      left_(entry.stream ? entry.size : 0) {}

ByteView CompoundStream::next(std::size_t most) {
  if (left_ == 0 || most == 0 || problem_ != Reason::none) return {};
  most = static_cast<std::size_t>(std::min<std::uint64_t>(most, left_));
  const bool exists = sector_ < CompoundFile::kEnd;
  const ByteView piece = mini_ ? mini_sector(most) : run(most);
  left_ -= piece.size();
  if (mini_) {
    within_ += piece.size();
    if (within_ == std::size_t{1} << kMiniShift) {
      sector_ = file_.mini_after(sector_);
      within_ = 0;
    }
  }
  given_ += piece.size();
  if (piece.empty()) problem_ = exists ? Reason::truncated : Reason::corrupt;
  if (given_ > file_.file_.size()) problem_ = Reason::corrupt;  // its chain goes round
  return piece;
}

// Sectors that lie side by side are one piece.
ByteView CompoundStream::run(std::size_t most) {
  const std::uint64_t sector = std::uint64_t{1} << file_.shift_;
  const std::uint32_t first = sector_;
  const std::uint64_t begin = within_, end = begin + most;
  std::uint64_t reached = sector;
  while (reached < end) {
    const std::uint32_t next = file_.after(sector_);
    if (next != sector_ + 1) break;
    sector_ = next;
    reached += sector;
  }
  const std::uint64_t stop = std::min(reached, end);
  const ByteView piece = file_.at(first, begin, stop - begin);
  within_ = static_cast<std::size_t>(stop - (reached - sector));
  if (within_ == sector) {
    sector_ = file_.after(sector_);
    within_ = 0;
  }
  return piece;
}

ByteView CompoundStream::mini_sector(std::size_t most) {
  const std::uint64_t place = (std::uint64_t{sector_} << kMiniShift) + within_;
  const std::uint64_t block = place >> file_.shift_;
  if (block >= file_.mini_stream_.size()) return {};
  const std::uint64_t offset = place & ((std::uint64_t{1} << file_.shift_) - 1);
  const std::uint64_t rest = (std::uint64_t{1} << kMiniShift) - within_;
  return file_.at(file_.mini_stream_[block], offset, std::min<std::uint64_t>(rest, most));
}

}  // namespace weir

#include "inspect/formats/chm.h"

#include <mspack.h>

#include <algorithm>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace weir {
namespace {

// libmspack's idea of a system, over memory: one input, one output. The library hands back the
// pointer to `base`, which is the first member.
struct Memory {
  mspack_system base{};
  ByteView input;
  std::vector<std::uint8_t> output;
  bool too_large = false;
};

// What the library calls an open file.
struct OpenFile {
  Memory* memory = nullptr;
  std::size_t at = 0;
  bool writes = false;
};

OpenFile* file_of(mspack_file* file) { return reinterpret_cast<OpenFile*>(file); }

mspack_file* open_file(mspack_system* self, const char*, int mode) {
  auto file = std::make_unique<OpenFile>();
  file->memory = reinterpret_cast<Memory*>(self);
  file->writes = mode == MSPACK_SYS_OPEN_WRITE;
  return reinterpret_cast<mspack_file*>(file.release());
}

void close_file(mspack_file* file) { const std::unique_ptr<OpenFile> owned(file_of(file)); }

// Bytes 24 to 55 hold two identifiers that the library insists on and that some writers get wrong,
// while Windows opens their files: it is shown the right ones.
constexpr std::size_t kIdentifiersAt = 24;
constexpr std::uint8_t kIdentifiers[] = {
    0x10, 0xFD, 0x01, 0x7C, 0xAA, 0x7B, 0xD0, 0x11, 0x9E, 0x0C, 0x00, 0xA0, 0xC9, 0x22, 0xE6, 0xEC,
    0x11, 0xFD, 0x01, 0x7C, 0xAA, 0x7B, 0xD0, 0x11, 0x9E, 0x0C, 0x00, 0xA0, 0xC9, 0x22, 0xE6, 0xEC};

void put_identifiers(MutableBytes out, std::size_t at) {
  for (std::size_t i = 0; i < std::size(kIdentifiers); ++i) {
    const std::size_t place = kIdentifiersAt + i;
    if (place >= at && place - at < out.size()) out[place - at] = kIdentifiers[i];
  }
}

int read_file(mspack_file* handle, void* out, int size) {
  OpenFile& file = *file_of(handle);
  const ByteView input = file.memory->input;
  if (size < 0 || file.writes || file.at > input.size()) return -1;
  const std::size_t taken =
      std::min<std::size_t>(static_cast<std::size_t>(size), input.size() - file.at);
  if (taken > 0) std::memcpy(out, input.data() + file.at, taken);
  put_identifiers({static_cast<std::uint8_t*>(out), taken}, file.at);
  file.at += taken;
  return static_cast<int>(taken);
}

int write_file(mspack_file* handle, void* bytes, int size) {
  OpenFile& file = *file_of(handle);
  if (size < 0 || !file.writes) return -1;
  std::vector<std::uint8_t>& output = file.memory->output;
  if (output.size() + static_cast<std::size_t>(size) > kLargestChmMember) {
    file.memory->too_large = true;
    return -1;
  }
  const auto* const from = static_cast<const std::uint8_t*>(bytes);
  output.insert(output.end(), from, from + size);
  file.at += static_cast<std::size_t>(size);
  return size;
}

int seek_file(mspack_file* handle, off_t offset, int mode) {
  OpenFile& file = *file_of(handle);
  const auto size = static_cast<off_t>(file.memory->input.size());
  const off_t base = mode == MSPACK_SYS_SEEK_START ? 0
                     : mode == MSPACK_SYS_SEEK_END ? size
                                                   : static_cast<off_t>(file.at);
  off_t to = 0;
  if (__builtin_add_overflow(base, offset, &to) || to < 0 || to > size) return -1;
  file.at = static_cast<std::size_t>(to);
  return 0;
}

off_t tell_file(mspack_file* handle) { return static_cast<off_t>(file_of(handle)->at); }

void ignore_message(mspack_file*, const char*, ...) {}
void* take_memory(mspack_system*, std::size_t size) { return std::malloc(size); }  // NOLINT
void give_memory(void* memory) { std::free(memory); }                              // NOLINT
void copy_memory(void* from, void* to, std::size_t size) { std::memcpy(to, from, size); }

struct DestroyChm {
  void operator()(mschm_decompressor* chm) const { mspack_destroy_chm_decompressor(chm); }
};

class Chm final : public Container {
 public:
  explicit Chm(ByteView file) {
    memory_.input = file;
    memory_.base = {open_file,      close_file,  read_file,   write_file,  seek_file, tell_file,
                    ignore_message, take_memory, give_memory, copy_memory, nullptr};
    chm_.reset(mspack_create_chm_decompressor(&memory_.base));
    if (chm_) header_ = chm_->open(chm_.get(), "file");
    if (header_ == nullptr) return;
    for (mschmd_file* file_in = header_->files; file_in != nullptr; file_in = file_in->next) {
      files_.push_back(file_in);
    }
    // Decompression runs forward: in this order every block is unpacked once.
    std::ranges::sort(files_, {},
                      [](const mschmd_file* f) { return std::pair(f->section->id, f->offset); });
  }
  ~Chm() override {
    if (header_ != nullptr) chm_->close(chm_.get(), header_);
  }
  Chm(const Chm&) = delete;
  Chm& operator=(const Chm&) = delete;

  bool opened() const { return header_ != nullptr; }

  std::optional<Member> next() override {
    memory_.output.clear();
    member_problem_ = Reason::none;
    if (at_ == files_.size()) return std::nullopt;
    current_ = files_[at_++];
    std::string name(current_->filename);
    const bool folder = name.ends_with('/');
    while (name.starts_with('/')) name.erase(0, 1);
    return Member{name, !folder, false};
  }
  ByteView read() override {
    if (current_ == nullptr) return {};
    memory_.too_large = false;
    const int failed = chm_->extract(chm_.get(), std::exchange(current_, nullptr), "member");
    if (failed != MSPACK_ERR_OK) {
      member_problem_ = memory_.too_large ? Reason::too_large : Reason::corrupt;
    }
    return memory_.output;
  }
  Reason member_problem() const override { return member_problem_; }
  std::string format_word() const override { return "chm"; }

 private:
  Memory memory_;
  std::unique_ptr<mschm_decompressor, DestroyChm> chm_;
  mschmd_header* header_ = nullptr;
  std::vector<mschmd_file*> files_;
  std::size_t at_ = 0;
  mschmd_file* current_ = nullptr;
  Reason member_problem_ = Reason::none;
};

}  // namespace

std::unique_ptr<Container> open_chm(const Subject& file, Reason& problem) {
  if (!as_text(file.bytes).starts_with("ITSF")) return nullptr;
  auto chm = std::make_unique<Chm>(file.bytes);
  if (chm->opened()) return chm;
  problem = Reason::corrupt;
  return nullptr;
}

}  // namespace weir

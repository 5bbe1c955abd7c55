#include "inspect/formats/ole_open.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "core/cursor.h"
#include "core/escape.h"
#include "inspect/formats/compound_file.h"
#include "inspect/formats/office_encrypted.h"
#include "inspect/formats/office_members.h"
#include "inspect/formats/ole_package.h"
#include "inspect/formats/outlook_message.h"
#include "inspect/formats/vba_project.h"

namespace weir {
namespace {

constexpr std::size_t kMostModule = 64U << 20, kMostSource = 256U << 20, kPackageHead = 4096;

using Entry = CompoundFile::Entry;

// A stream, or the part of it that counts.
class StreamSource : public PieceSource {
 public:
  StreamSource(const CompoundFile& file, const Entry& entry, std::uint64_t skip = 0,
               std::uint64_t most = UINT64_MAX)
      : stream_(file, entry), skip_(skip), left_(most) {}

  ByteView next() override {
    while (skip_ > 0) {
      const ByteView passed = stream_.next(std::min<std::uint64_t>(skip_, 1U << 20));
      if (passed.empty()) return {};
      skip_ -= passed.size();
    }
    const ByteView piece = stream_.next(std::min<std::uint64_t>(left_, 1U << 20));
    left_ -= piece.size();
    return piece;
  }
  Reason problem() const override { return stream_.problem(); }

 private:
  CompoundStream stream_;
  std::uint64_t skip_, left_;
};

std::string member_name(const Entry& entry) {
  std::string name;
  std::string_view rest = entry.path;
  while (true) {
    const std::size_t slash = rest.find('/');
    const std::string part = msi_stream_name(rest.substr(0, slash));
    name += part.starts_with('!') ? part : member_name_part(part);
    if (slash == std::string_view::npos) return entry.orphan ? "[orphan]/" + name : name;
    name += '/';
    rest.remove_prefix(slash + 1);
  }
}

// Makes the list: what has a decoded form is given as that, and all else as it is.
class OleLister {
 public:
  explicit OleLister(const CompoundFile& file) : file_(file) {}

  std::vector<OfficeMember> list() {
    for (const VbaModule& module : vba_modules(file_)) add_module(module);
    for (const MessageAttachment& attachment : message_attachments(file_)) {
      add_stream(*attachment.content, attachment.name);
    }
    for (const Entry& entry : file_.entries()) {
      if (!entry.stream || given_.contains(&entry) || is_ciphertext(entry)) continue;
      if (!add_package(entry)) add_stream(entry, member_name(entry));
    }
    return std::move(members_);
  }

 private:
  // A locked workbook: what it says is told of the whole file, and open_office_encrypted gives it
  // once it is open. By itself it would look like a second lock, which no password lifts.
  bool is_ciphertext(const Entry& entry) const {
    if (entry.orphan) return false;
    const auto lock = lock_of_binary(file_, entry);
    return lock && lock->kind == BinaryKind::xls;
  }

  void add_module(const VbaModule& module) {
    if (!tried_.insert(module.stream).second) return;
    const std::vector<std::uint8_t> bytes = file_.read(*module.stream, kMostModule);
    const std::size_t at = std::min<std::size_t>(module.source_at, bytes.size());
    if (!vba_decompress(ByteView(bytes).subspan(at), 1)) return;
    given_.insert(module.stream);
    const auto open = [&file = file_, stream = module.stream, at] {
      const std::vector<std::uint8_t> packed = file.read(*stream, kMostModule);
      auto source = vba_decompress(ByteView(packed).subspan(at), kMostSource);
      return std::make_unique<BytesSource>(std::move(*source));
    };
    members_.push_back({"VBA/" + member_name_part(module.name) + ".bas", open});
  }

  bool add_package(const Entry& entry) {
    if (!same_ignoring_case(entry.name,
                            "\x01"
                            "Ole10Native")) {
      return false;
    }
    const std::vector<std::uint8_t> head = file_.read(entry, kPackageHead);
    const auto package = read_package(head, true);
    if (!package) return false;
    const std::string name = package->name.empty() ? member_name(entry) : package->name;
    const auto open = [&file = file_, &entry, at = package->at, size = package->size] {
      return std::make_unique<StreamSource>(file, entry, at, size);
    };
    members_.push_back({name, open});
    return true;
  }

  void add_stream(const Entry& entry, std::string name) {
    given_.insert(&entry);
    const auto open = [&file = file_, &entry] {
      return std::make_unique<StreamSource>(file, entry);
    };
    members_.push_back({std::move(name), open});
  }

  const CompoundFile& file_;
  std::set<const Entry*> tried_, given_;
  std::vector<OfficeMember> members_;
};

std::uint32_t code_unit(std::string_view sequence) {
  if (sequence.size() != 3) return 0;
  const auto bits = [&](std::size_t i) { return static_cast<unsigned>(sequence[i]) & 0x3fU; };
  return (static_cast<unsigned>(sequence[0]) & 0x0fU) << 12 | bits(1) << 6 | bits(2);
}

}  // namespace

std::string msi_stream_name(std::string_view name) {
  constexpr std::string_view kAlphabet =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";
  constexpr std::uint32_t kPairs = 0x3800, kSingles = 0x4800, kTable = 0x4840;
  std::string out;
  while (!name.empty()) {
    const std::size_t length = std::max<std::size_t>(1, utf8_length(name));
    const std::string_view sequence = name.substr(0, length);
    const std::uint32_t unit = code_unit(sequence);
    if (unit >= kPairs && unit < kSingles) {
      out += kAlphabet[(unit - kPairs) & 0x3f];
      out += kAlphabet[(unit - kPairs) >> 6];
    } else if (unit >= kSingles && unit < kTable) {
      out += kAlphabet[unit - kSingles];
    } else if (unit == kTable) {
      out += '!';
    } else {
      out += sequence;
    }
    name.remove_prefix(length);
  }
  return out;
}

std::unique_ptr<Container> open_ole(const Subject& subject, Reason& problem) {
  auto opened = CompoundFile::open(subject.bytes, problem);
  if (!opened) return nullptr;
  const auto file = std::make_shared<const CompoundFile>(std::move(*opened));
  return std::make_unique<MemberList>("ole", OleLister(*file).list(), file);
}

}  // namespace weir

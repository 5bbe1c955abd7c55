#include "inspect/formats/seven_zip_rewrite.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>

namespace weir {
namespace {

constexpr std::uint8_t kEnd = 0, kPackInfo = 6, kUnpackInfo = 7, kSize = 9, kCrc = 10, kFolder = 11,
                       kUnpackSizes = 12;

// The numbers of the format, as read_seven_zip_number reads them.
void append_number(std::string& out, std::uint64_t value) {
  for (unsigned bytes = 0; bytes < 8; ++bytes) {
    if (value >> (7 * (bytes + 1)) != 0) continue;
    const unsigned mark = 0xff00U >> bytes & 0xffU;
    out += static_cast<char>(mark | static_cast<unsigned>(value >> (8 * bytes)));
    for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
    return;
  }
  out += '\xff';
  for (unsigned i = 0; i < 8; ++i) out += static_cast<char>(value >> (8 * i));
}

void append_u32(std::string& out, std::uint64_t value) {
  for (unsigned i = 0; i < 4; ++i) out += static_cast<char>(value >> (8 * i));
}

std::uint32_t crc_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

// One folder, from which the encryption is taken coder by coder.
class FolderRewriter {
 public:
  explicit FolderRewriter(SevenZipFolder folder) : folder_(std::move(folder)) {}

  bool take_out_all() {
    while (true) {
      std::uint64_t input = 0, output = 0;
      std::size_t at = 0;
      for (; at < folder_.coders.size(); ++at) {
        if (folder_.coders[at].method == SevenZipMethod::kAes) break;
        input += folder_.coders[at].inputs, output += folder_.coders[at].outputs;
      }
      if (at == folder_.coders.size()) return true;
      if (!take_out(at, input, output)) return false;
    }
  }

  // For the packed stream at `index`, once all is taken out.
  struct Decryption {
    std::optional<SevenZipLock> lock;
    std::uint64_t plain = 0;
  };
  const std::vector<Decryption>& decryptions() const { return decryptions_; }
  const SevenZipFolder& folder() const { return folder_; }

  SevenZipCoder reader_of(std::size_t index) const {
    std::uint64_t first = 0;
    for (const SevenZipCoder& coder : folder_.coders) {
      if (folder_.packed_inputs[index] < first + coder.inputs) return coder;
      first += coder.inputs;
    }
    return {.id = {}, .properties = {}};
  }

  void write(std::string& out) const {
    append_number(out, folder_.coders.size());
    for (const SevenZipCoder& coder : folder_.coders) write_coder(out, coder);
    for (const SevenZipBond& bond : folder_.bonds) {
      append_number(out, bond.input);
      append_number(out, bond.output);
    }
    for (std::size_t i = 0; folder_.packed_inputs.size() > 1 && i < folder_.packed_inputs.size();
         ++i) {
      append_number(out, folder_.packed_inputs[i]);
    }
  }

 private:
  bool take_out(std::size_t at, std::uint64_t input, std::uint64_t output) {
    decryptions_.resize(folder_.packed_inputs.size());
    const SevenZipCoder coder = folder_.coders[at];
    const auto packed = std::ranges::find(folder_.packed_inputs, input);
    auto lock = read_seven_zip_lock(coder.properties);
    if (!lock || coder.inputs != 1 || coder.outputs != 1 || output >= folder_.unpacked.size() ||
        packed == folder_.packed_inputs.end()) {
      return false;
    }
    const auto index = static_cast<std::size_t>(packed - folder_.packed_inputs.begin());
    if (decryptions_[index].lock) return false;  // encrypted twice
    decryptions_[index] = {std::move(lock), folder_.unpacked[output]};
    const auto bond = std::ranges::find(folder_.bonds, output, &SevenZipBond::output);
    if (bond == folder_.bonds.end()) {
      if (folder_.coders.size() != 1) return false;
      folder_.coders[at] =
          SevenZipCoder{.method = SevenZipMethod::kCopy, .id = kCopyId, .properties = {}};
      return true;
    }
    *packed = bond->input;
    folder_.bonds.erase(bond);
    folder_.coders.erase(folder_.coders.begin() + static_cast<std::ptrdiff_t>(at));
    folder_.unpacked.erase(folder_.unpacked.begin() + static_cast<std::ptrdiff_t>(output));
    for (SevenZipBond& other : folder_.bonds) {
      if (other.input > input) --other.input;
      if (other.output > output) --other.output;
    }
    for (std::uint64_t& other : folder_.packed_inputs) {
      if (other > input) --other;
    }
    return true;
  }

  static void write_coder(std::string& out, const SevenZipCoder& coder) {
    const bool complex = coder.inputs != 1 || coder.outputs != 1;
    const bool properties = !coder.properties.empty();
    out += static_cast<char>(coder.id.size() | (complex ? 0x10U : 0U) | (properties ? 0x20U : 0U));
    out += as_text(coder.id);
    if (complex) {
      append_number(out, coder.inputs);
      append_number(out, coder.outputs);
    }
    if (properties) {
      append_number(out, coder.properties.size());
      out += as_text(coder.properties);
    }
  }

  static constexpr std::array<std::uint8_t, 1> kCopyId{0};
  SevenZipFolder folder_;
  std::vector<Decryption> decryptions_;
};

// The packed streams of one folder, from `next` on; false when they are not all there.
bool add_streams(const FolderRewriter& folder, std::size_t number, const SevenZipStreams& streams,
                 ByteView& body, SevenZipPlain& plain) {
  for (std::size_t i = 0; i < folder.folder().packed_inputs.size(); ++i) {
    const std::size_t next = plain.streams.size();
    if (next >= streams.packed.size() || streams.packed[next] > body.size()) return false;
    SevenZipPackedStream stream;
    stream.bytes = body.first(static_cast<std::size_t>(streams.packed[next]));
    body = body.subspan(stream.bytes.size());
    stream.plain = stream.bytes.size();
    stream.folder = number;
    stream.reader = folder.reader_of(i);
    if (i < folder.decryptions().size() && folder.decryptions()[i].lock) {
      stream.lock = folder.decryptions()[i].lock;
      stream.plain = folder.decryptions()[i].plain;
      if (stream.plain > stream.bytes.size()) return false;
    }
    plain.streams.push_back(std::move(stream));
  }
  return true;
}

void write_pack_info(std::string& out, const std::vector<SevenZipPackedStream>& streams) {
  out += static_cast<char>(kPackInfo);
  append_number(out, 0);
  append_number(out, streams.size());
  out += static_cast<char>(kSize);
  for (const SevenZipPackedStream& stream : streams) append_number(out, stream.plain);
  out += static_cast<char>(kEnd);
}

void write_unpack_info(std::string& out, const std::vector<FolderRewriter>& folders) {
  out += static_cast<char>(kUnpackInfo);
  out += static_cast<char>(kFolder);
  append_number(out, folders.size());
  out += '\0';  // the folders follow here
  for (const FolderRewriter& each : folders) each.write(out);
  out += static_cast<char>(kUnpackSizes);
  for (const FolderRewriter& each : folders) {
    for (const std::uint64_t size : each.folder().unpacked) append_number(out, size);
  }
  const bool any = std::ranges::any_of(
      folders, [](const FolderRewriter& each) { return each.folder().crc.has_value(); });
  if (any) {
    out += static_cast<char>(kCrc);
    out += '\0';  // not all are defined: which ones follows as bits
    std::string bits((folders.size() + 7) / 8, '\0');
    for (std::size_t i = 0; i < folders.size(); ++i) {
      if (folders[i].folder().crc) bits[i / 8] = static_cast<char>(bits[i / 8] | 0x80 >> (i % 8));
    }
    out += bits;
    for (const FolderRewriter& each : folders) {
      if (each.folder().crc) append_u32(out, *each.folder().crc);
    }
  }
  out += static_cast<char>(kEnd);
}

}  // namespace

std::optional<SevenZipPlain> without_encryption(ByteView header, ByteView body) {
  const auto streams = read_seven_zip_streams(header);
  const bool whole = streams && seven_zip_header_kind(header) == SevenZipHeaderKind::plain &&
                     !streams->folders.empty() && streams->packed_at <= body.size() &&
                     streams->begin < streams->end;
  if (!whole) return std::nullopt;
  SevenZipPlain plain;
  ByteView left = body.subspan(static_cast<std::size_t>(streams->packed_at));
  std::vector<FolderRewriter> folders;
  for (const SevenZipFolder& folder : streams->folders) {
    folders.emplace_back(folder);
    if (!folders.back().take_out_all()) return std::nullopt;
    if (!add_streams(folders.back(), folders.size() - 1, *streams, left, plain)) {
      return std::nullopt;
    }
  }
  plain.header = as_text(header.first(streams->begin));
  write_pack_info(plain.header, plain.streams);
  write_unpack_info(plain.header, folders);
  plain.header += as_text(header.subspan(streams->end));
  return plain;
}

std::string seven_zip_start(std::uint64_t packed, std::string_view header) {
  std::string fields;
  for (unsigned i = 0; i < 8; ++i) fields += static_cast<char>(packed >> (8 * i));
  for (unsigned i = 0; i < 8; ++i) {
    fields += static_cast<char>(std::uint64_t{header.size()} >> (8 * i));
  }
  append_u32(fields, crc_of(header));
  std::string start("7z\xBC\xAF\x27\x1C\0\x04", 8);
  append_u32(start, crc_of(fields));
  return start + fields;
}

}  // namespace weir

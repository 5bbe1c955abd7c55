#include "feeds/update/unpack.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <vector>

#include "core/escape.h"

namespace weir {
namespace {

constexpr std::size_t kPiece = 64 * 1024;
constexpr int kMostLayers = 1;  // a .gz inside a .gz is no feed

struct FreeArchive {
  void operator()(archive* in) const { archive_read_free(in); }
};

std::unexpected<Error> damaged(archive* in) {
  const char* said = archive_error_string(in);
  return fail(Errc::malformed, Fault::origin,
              "damaged: " + escape_for_terminal(said == nullptr ? "?" : said));
}

Result<std::unique_ptr<archive, FreeArchive>> open(const std::string& path) {
  std::unique_ptr<archive, FreeArchive> in(archive_read_new());
  if (!in) return fail(Errc::internal, Fault::local, "libarchive cannot be set up");
  archive_read_support_filter_gzip(in.get());
  archive_read_support_filter_bzip2(in.get());
  archive_read_support_filter_xz(in.get());
  archive_read_support_filter_zstd(in.get());
  archive_read_support_format_raw(in.get());
  archive_read_support_format_empty(in.get());
  if (archive_read_open_filename(in.get(), path.c_str(), kPiece) != ARCHIVE_OK) {
    return damaged(in.get());
  }
  if (archive_filter_count(in.get()) > kMostLayers + 1) {  // itself counts
    return fail(Errc::malformed, Fault::origin, "packed more than once");
  }
  return in;
}

}  // namespace

Result<void> unpack_file(const std::string& path, std::uint64_t max_bytes,
                         const std::function<Result<void>(ByteView)>& sink) {
  auto in = open(path);
  if (!in) return pass(std::move(in));
  archive_entry* entry = nullptr;
  const int found = archive_read_next_header(in->get(), &entry);
  if (found == ARCHIVE_EOF) return {};
  if (found != ARCHIVE_OK) return damaged(in->get());
  std::vector<std::uint8_t> piece(kPiece);
  for (std::uint64_t total = 0;;) {
    const auto got = archive_read_data(in->get(), piece.data(), piece.size());
    if (got < 0) return damaged(in->get());
    if (got == 0) return {};
    total += static_cast<std::uint64_t>(got);
    if (total > max_bytes) {
      return fail(Errc::too_large, Fault::origin,
                  "more than " + std::to_string(max_bytes) + " bytes unpacked");
    }
    if (auto taken = sink(ByteView(piece).first(static_cast<std::size_t>(got))); !taken) {
      return taken;
    }
  }
}

}  // namespace weir

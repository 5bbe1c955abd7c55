#include "feeds/update/pull.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/digest.h"
#include "core/fd.h"
#include "feeds/update/minisign.h"
#include "feeds/update/unpack.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostSmall = 64 * 1024;       // a digest, a signature
constexpr std::uint64_t kMostManifest = 64ULL << 20;  // some hundred bytes for each event
constexpr std::uint64_t kMostPage = 64ULL << 20;      // of TAXII objects
constexpr std::size_t kMostPages = 10'000;
constexpr std::size_t kLongestHeader = 4096;
constexpr std::string_view kTaxii = "application/taxii+json;version=2.1";

class FileWriter {
 public:
  explicit FileWriter(const std::string& path)
      : path_(path), fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {
    if (!fd_) opened_ = std::unexpected(errno_error(path, errno));
  }

  Result<void> write(ByteView bytes) {
    if (!opened_) return opened_;
    while (!bytes.empty()) {
      const ssize_t wrote = ::write(fd_.get(), bytes.data(), bytes.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) return std::unexpected(errno_error(path_, errno));
      bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    }
    return {};
  }
  Result<void> sync() {
    if (!opened_) return opened_;
    if (::fsync(fd_.get()) != 0) return std::unexpected(errno_error(path_, errno));
    return {};
  }
  FetchSink sink() {
    return [this](ByteView bytes) { return write(bytes); };
  }

 private:
  std::string path_;
  UniqueFd fd_;
  Result<void> opened_;
};

// Removes what is half done, whatever happens.
class Scratch {
 public:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  ~Scratch() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Result<void> lay_down(const std::string& packed, std::uint64_t most, const std::string& into) {
  FileWriter out(into);
  auto done = unpack_file(packed, most, out.sink());
  if (!done) return done;
  return out.sync();
}

Result<void> append_file(const std::string& path, FileWriter& out) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Errc::io, Fault::local, path + " cannot be opened");
  std::string piece(64 * 1024, '\0');
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    const auto size = static_cast<std::size_t>(in.gcount());
    if (auto wrote = out.write(as_bytes(piece).first(size)); !wrote) return wrote;
  }
  return out.write(as_bytes("\n"));
}

std::string escaped(std::string_view text) {  // for a query (RFC 3986 section 2.3)
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::strchr("-._~", c) != nullptr) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

}  // namespace

Result<Pulled> Puller::pull(const FeedSpec& spec, const FeedState& state, const std::string& into) {
  if (!spec.file.empty()) return pull_file(spec, state, into);
  if (spec.protocol == FeedProtocol::misp) return pull_misp(spec, state, into);
  if (spec.protocol == FeedProtocol::taxii) return pull_taxii(spec, into);
  return pull_document(spec, state, into);
}

Result<FetchAsk> Puller::ask_for(const FeedSpec& spec, const std::string& url) const {
  FetchAsk ask;
  ask.url = url;
  ask.pin = spec.pin;
  ask.proxy = spec.proxy.empty() ? list_.proxy : spec.proxy;
  ask.ca_file = list_.ca_file;
  ask.max_bytes = spec.max_bytes;
  ask.timeout = spec.timeout;
  if (spec.header_file.empty()) return ask;
  std::ifstream in(spec.header_file);
  std::getline(in, ask.header);
  if (ask.header.ends_with('\r')) ask.header.pop_back();
  const bool sound = in && ask.header.size() <= kLongestHeader &&
                     ask.header.find(':') != std::string::npos &&
                     ask.header.find('\r') == std::string::npos;
  if (sound) return ask;
  return fail(Errc::invalid, Fault::config,
              spec.header_file + ": its first line must be a header, like Auth-Key: …");
}

Result<Pulled> Puller::pull_document(const FeedSpec& spec, const FeedState& state,
                                     const std::string& into) {
  auto ask = ask_for(spec, spec.url);
  if (!ask) return pass(std::move(ask));
  ask->etag = state.etag;
  ask->last_modified = state.last_modified;
  const Scratch packed(folder_ + "/" + spec.name + ".part");
  FileWriter out(packed.path());
  auto answer = fetcher_.fetch(*ask, out.sink());
  if (!answer) return pass(std::move(answer));
  Pulled pulled{answer->unchanged, answer->etag, answer->last_modified};
  if (answer->unchanged) return pulled;
  if (auto genuine = authenticate(spec, packed.path()); !genuine) return pass(std::move(genuine));
  if (auto laid = lay_down(packed.path(), spec.max_bytes, into); !laid)
    return pass(std::move(laid));
  return pulled;
}

// A file's time and size stand for its entity tag.
Result<Pulled> Puller::pull_file(const FeedSpec& spec, const FeedState& state,
                                 const std::string& into) {
  struct stat about{};
  if (::stat(spec.file.c_str(), &about) != 0) {
    return std::unexpected(errno_error(spec.file, errno));
  }
  const std::string tag = std::to_string(about.st_mtim.tv_sec) + "." +
                          std::to_string(about.st_mtim.tv_nsec) + "-" +
                          std::to_string(about.st_size);
  if (tag == state.etag) return Pulled{true, tag, ""};
  if (auto genuine = authenticate(spec, spec.file); !genuine) return pass(std::move(genuine));
  if (auto laid = lay_down(spec.file, spec.max_bytes, into); !laid) return pass(std::move(laid));
  return Pulled{false, tag, ""};
}

Result<std::string> Puller::small(const FeedSpec& spec, const std::string& url,
                                  std::uint64_t most) {
  auto ask = ask_for(spec, url);
  if (!ask) return pass(std::move(ask));
  ask->max_bytes = most;
  std::string body;
  auto answer = fetcher_.fetch(*ask, [&body](ByteView bytes) -> Result<void> {
    body += as_text(bytes);
    return {};
  });
  if (!answer) {
    answer.error().what = url + ": " + answer.error().what;
    return pass(std::move(answer));
  }
  return body;
}

Result<void> Puller::authenticate(const FeedSpec& spec, const std::string& document) {
  if (spec.sha256_url.empty() && spec.minisign_key.empty()) return {};
  Digests digests(false);
  MinisignDigest signed_digest;
  std::ifstream in(document, std::ios::binary);
  std::string piece(64 * 1024, '\0');
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    const ByteView bytes = as_bytes(piece).first(static_cast<std::size_t>(in.gcount()));
    digests.update(bytes);
    signed_digest.update(bytes);
  }
  if (!spec.sha256_url.empty()) {
    auto listed = small(spec, spec.sha256_url, kMostSmall);
    if (!listed) return pass(std::move(listed));
    const std::string digest = digests.finish().sha256;
    std::ranges::transform(*listed, listed->begin(),
                           [](unsigned char c) { return std::tolower(c); });
    if (listed->find(digest) == std::string::npos) {
      return fail(Errc::malformed, Fault::origin,
                  "its SHA-256 " + digest + " is not what " + spec.sha256_url + " says");
    }
  }
  if (spec.minisign_key.empty()) return {};
  const auto signature =
      spec.file.empty() ? small(spec, spec.url + ".minisig", kMostSmall) : Result<std::string>([&] {
        std::ifstream beside(spec.file + ".minisig");
        return std::string(std::istreambuf_iterator<char>(beside), {});
      }());
  if (!signature) return std::unexpected(signature.error());
  return check_minisign(spec.minisign_key, *signature, signed_digest.finish());
}

// Events are kept one by one, so that a run fetches only what is new; what the manifest no longer
// names goes.
Result<Pulled> Puller::pull_misp(const FeedSpec& spec, const FeedState& state,
                                 const std::string& into) {
  std::string base = spec.url;
  if (base.ends_with("/manifest.json")) base.resize(base.size() - 13);
  if (!base.ends_with('/')) base += '/';
  auto manifest = small(spec, base + "manifest.json", kMostManifest);
  if (!manifest) return pass(std::move(manifest));
  const std::string tag = sha256_hex(as_bytes(*manifest));
  if (tag == state.etag) return Pulled{true, tag, ""};
  auto entries = read_misp_manifest(*manifest);
  if (!entries) return pass(std::move(entries));
  const std::string kept = folder_ + "/" + spec.name + ".misp";
  std::error_code error;
  fs::create_directories(kept, error);
  FileWriter out(into);
  std::uint64_t total = 0;
  std::vector<std::string> named;
  for (const MispEntry& entry : *entries) {
    named.push_back(entry.uuid + "-" + std::to_string(entry.timestamp));
    const std::string path = kept + "/" + named.back();
    if (!fs::exists(path)) {
      auto ask = ask_for(spec, base + entry.uuid + ".json");
      if (!ask) return pass(std::move(ask));
      const Scratch part(path + ".part");
      FileWriter document(part.path());
      if (auto got = fetcher_.fetch(*ask, document.sink()); !got) {
        got.error().what = entry.uuid + ".json: " + got.error().what;
        return pass(std::move(got));
      }
      fs::rename(part.path(), path, error);
    }
    total += fs::file_size(path, error);
    if (error || total > spec.max_bytes) {
      return fail(Errc::too_large, Fault::origin,
                  "more than " + std::to_string(spec.max_bytes) + " bytes in all events");
    }
    if (auto wrote = append_file(path, out); !wrote) return pass(std::move(wrote));
  }
  std::ranges::sort(named);
  for (const auto& file : fs::directory_iterator(kept, error)) {
    if (!std::ranges::binary_search(named, file.path().filename().string())) {
      fs::remove(file.path(), error);
    }
  }
  if (auto synced = out.sync(); !synced) return pass(std::move(synced));
  return Pulled{false, tag, ""};
}

// Each page is one envelope, a line of the text (TAXII 2.1 section 5.4).
Result<Pulled> Puller::pull_taxii(const FeedSpec& spec, const std::string& into) {
  FileWriter out(into);
  std::uint64_t total = 0;
  const std::string first =
      spec.url + (spec.url.find('?') == std::string::npos ? "?" : "&") + "limit=1000";
  std::string url = first;
  for (std::size_t page = 0; page < kMostPages; ++page) {
    auto ask = ask_for(spec, url);
    if (!ask) return pass(std::move(ask));
    ask->accept = kTaxii;
    ask->max_bytes = std::min(spec.max_bytes, kMostPage);
    std::string body;
    auto answer = fetcher_.fetch(*ask, [&body](ByteView bytes) -> Result<void> {
      body += as_text(bytes);
      return {};
    });
    if (!answer) return pass(std::move(answer));
    auto read = read_taxii_page(body);
    if (!read) return pass(std::move(read));
    total += body.size();
    if (total > spec.max_bytes) {
      return fail(Errc::too_large, Fault::origin,
                  "more than " + std::to_string(spec.max_bytes) + " bytes in all pages");
    }
    body += '\n';
    if (auto wrote = out.write(as_bytes(body)); !wrote) return pass(std::move(wrote));
    if (!read->more || read->next.empty()) {
      if (auto synced = out.sync(); !synced) return pass(std::move(synced));
      return Pulled{};
    }
    url = first + "&next=" + escaped(read->next);
  }
  return fail(Errc::too_large, Fault::origin, "pages without end");
}

}  // namespace weir

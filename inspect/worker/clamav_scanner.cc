#include "inspect/worker/clamav_scanner.h"

#include <clamav.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "core/digest.h"
#include "core/fd.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> clamav_error(std::string what) {
  return fail(Errc::invalid, Fault::config, "clamav: " + std::move(what));
}

bool is_signature_file(const fs::path& path) {
  constexpr std::array<std::string_view, 33> kExtensions{
      ".cvd", ".cld", ".cud", ".db",   ".hdb", ".hdu", ".hsb", ".hsu", ".fp",   ".sfp", ".mdb",
      ".mdu", ".msb", ".msu", ".ndb",  ".ndu", ".ldb", ".ldu", ".idb", ".cdb",  ".cbc", ".pdb",
      ".gdb", ".wdb", ".ign", ".ign2", ".ftm", ".crb", ".imp", ".cfg", ".pwdb", ".yar", ".yara"};
  return std::ranges::find(kExtensions, path.extension().string()) != kExtensions.end();
}

// Notes every signature file; their names, sizes and times stand for their content.
Result<void> list_signature_files(const std::string& directory, ClamavEngine& loaded) {
  std::error_code error;
  if (!fs::exists(directory, error)) return {};
  for (fs::directory_iterator at(directory, error), end; !error && at != end;) {
    struct stat about{};
    const std::string path = at->path().string();
    if (is_signature_file(at->path()) && ::stat(path.c_str(), &about) == 0) {
      const auto time = static_cast<std::uint64_t>(about.st_mtim.tv_sec);
      loaded.newest = std::max(loaded.newest, time);
      loaded.files.push_back(path + " " + std::to_string(about.st_size) + " " +
                             std::to_string(time) + "." + std::to_string(about.st_mtim.tv_nsec));
    }
    at.increment(error);
  }
  if (error) return clamav_error(directory + ": " + error.message());
  std::ranges::sort(loaded.files);
  return {};
}

// libclamav reads signatures from files only: a short-lived one in the directory for temporary
// files.
class TemporarySignature {
 public:
  static Result<TemporarySignature> write(std::string_view text) {
    std::error_code error;
    std::string path = (fs::temp_directory_path(error) / "weir-canary-XXXXXX.ndb").string();
    const UniqueFd fd(::mkostemps(path.data(), 4, O_CLOEXEC));
    if (!fd) return std::unexpected(errno_error("create " + path, errno));
    TemporarySignature made(std::move(path));
    if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      return std::unexpected(errno_error("write " + made.path_, errno));
    }
    return made;
  }
  TemporarySignature(TemporarySignature&& other) noexcept
      : path_(std::exchange(other.path_, std::string())) {}
  TemporarySignature& operator=(TemporarySignature&&) = delete;
  ~TemporarySignature() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  const std::string& path() const { return path_; }

 private:
  explicit TemporarySignature(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

Result<void> load_path(cl_engine* engine, const std::string& path, std::uint32_t& count) {
  unsigned int signatures = 0;
  const cl_error_t code = cl_load(path.c_str(), engine, &signatures, CL_DB_STDOPT);
  if (code != CL_SUCCESS) return clamav_error(path + ": " + cl_strerror(code));
  count += signatures;
  return {};
}

Result<void> load_canary(cl_engine* engine, std::string_view canary) {
  const std::string line = std::string(kClamavCanaryName) + ":0:*:" + hex(as_bytes(canary)) + "\n";
  auto file = TemporarySignature::write(line);
  if (!file) return pass(std::move(file));
  std::uint32_t count = 0;
  return load_path(engine, file->path(), count);
}

// The cache goes by MD5: a clean and an infected file with the same MD5 in one archive would both
// be clean. Bytecode runs in the interpreter, since no memory of the jail can become code.
Result<void> set_engine_options(cl_engine* engine) {
  const bool set = cl_engine_set_num(engine, CL_ENGINE_DISABLE_CACHE, 1) == CL_SUCCESS &&
                   cl_engine_set_num(engine, CL_ENGINE_BYTECODE_MODE,
                                     CL_BYTECODE_MODE_INTERPRETER) == CL_SUCCESS;
  if (!set) return clamav_error("options are refused");
  return {};
}

cl_scan_options scan_options() {
  cl_scan_options options{};
  options.general = CL_SCAN_GENERAL_HEURISTICS;
  options.parse = ~0U & ~static_cast<unsigned>(CL_SCAN_PARSE_IMAGE_FUZZY_HASH);
  // Not its heuristics for encrypted files: inspect/formats is more exact, and knows passwords.
  options.heuristic = CL_SCAN_HEURISTIC_EXCEEDS_MAX;
  return options;
}

void set_limits(cl_engine* engine, Budget& budget) {
  const ScanLimits& limits = budget.limits();
  // libclamav counts file sizes in an int.
  constexpr std::uint64_t kMostFile = INT_MAX - 2;
  const auto set = [engine](cl_engine_field field, std::uint64_t value) {
    constexpr std::uint64_t kMost = LLONG_MAX;
    cl_engine_set_num(engine, field, static_cast<long long>(std::min(value, kMost)));
  };
  set(CL_ENGINE_MAX_FILESIZE, kMostFile);
  set(CL_ENGINE_MAX_SCANSIZE, limits.total_bytes);
  set(CL_ENGINE_MAX_RECURSION, std::min<std::uint64_t>(limits.depth + 5ULL, 100));
  set(CL_ENGINE_MAX_FILES, limits.entries);
  set(CL_ENGINE_MAX_SCANTIME, static_cast<std::uint64_t>(budget.time_left().count()));
}

struct CloseMap {
  void operator()(cl_fmap_t* map) const { cl_fmap_close(map); }
};

Reason reason_of(cl_error_t code) {
  switch (code) {
    case CL_ETIMEOUT: return Reason::timeout;
    case CL_EMAXREC: return Reason::too_deep;
    case CL_EMAXFILES: return Reason::too_many;
    case CL_EMAXSIZE:
    case CL_EMEM:
    case CL_EMAP:
    case CL_EWRITE: return Reason::too_large;
    case CL_EFORMAT:
    case CL_EPARSE: return Reason::corrupt;
    default: return Reason::crashed;
  }
}

struct HeuristicRow {
  std::string_view prefix;
  Reason reason;
};
constexpr std::array kHeuristics{
    HeuristicRow{"Heuristics.Encrypted.", Reason::encrypted},
    HeuristicRow{"Heuristics.Limits.Exceeded.MaxFiles", Reason::too_many},
    HeuristicRow{"Heuristics.Limits.Exceeded.MaxRecursion", Reason::too_deep},
    HeuristicRow{"Heuristics.Limits.Exceeded.MaxScanTime", Reason::timeout},
    HeuristicRow{"Heuristics.Limits.Exceeded", Reason::too_large},
};

}  // namespace

void ClamavEngine::Free::operator()(cl_engine* unused) const { cl_engine_free(unused); }

Finding finding_of_clamav(std::string_view name) {
  Finding finding{.scanner = Scanner::clamav,
                  .verdict = Verdict::malicious,
                  .reason = Reason::none,
                  .name = std::string(name),
                  .where = ""};
  for (const HeuristicRow& row : kHeuristics) {
    if (!name.starts_with(row.prefix)) continue;
    finding.verdict = Verdict::uninspectable;
    finding.reason = row.reason;
    return finding;
  }
  if (name.starts_with("Heuristics.") || name.starts_with("PUA.")) {
    finding.verdict = Verdict::suspicious;
  }
  return finding;
}

Result<ClamavEngine> load_clamav(const std::string& directory, std::string_view canary) {
  if (cl_init(CL_INIT_DEFAULT) != CL_SUCCESS) return clamav_error("cannot be initialized");
  ClamavEngine loaded;
  loaded.engine.reset(cl_engine_new());
  if (!loaded.engine) return clamav_error("no engine");
  cl_engine* engine = loaded.engine.get();
  if (auto set = set_engine_options(engine); !set) return pass(std::move(set));
  if (auto listed = list_signature_files(directory, loaded); !listed) {
    return pass(std::move(listed));
  }
  if (loaded.files.empty()) {
    loaded.warnings.push_back("clamav: no signatures in " + directory);
  } else if (auto done = load_path(engine, directory, loaded.signatures); !done) {
    return pass(std::move(done));
  }
  if (auto done = load_canary(engine, canary); !done) return pass(std::move(done));
  if (const cl_error_t code = cl_engine_compile(engine); code != CL_SUCCESS) {
    return clamav_error(directory + ": " + cl_strerror(code));
  }
  int none = 0;
  const long long made = cl_engine_get_num(engine, CL_ENGINE_DB_TIME, &none);
  if (made > 0) loaded.newest = static_cast<std::uint64_t>(made);
  return loaded;
}

ClamavScanner::ClamavScanner(ClamavEngine& loaded, const std::string& scratch) : loaded_(loaded) {
  cl_engine_set_str(loaded_.engine.get(), CL_ENGINE_TMPDIR, scratch.c_str());
}

void ClamavScanner::scan(const Artifact& artifact, Budget& budget, FindingList& findings) {
  if (artifact.bytes.empty()) return;
  if (artifact.bytes.size() > INT_MAX - 2) {
    Finding large = finding_of_clamav("Heuristics.Limits.Exceeded.MaxFileSize");
    large.where = artifact.where;
    return findings.add(std::move(large));
  }
  set_limits(loaded_.engine.get(), budget);
  // Not cl_fmap_open_handle: with the cache off it misses members of large archives.
  const std::unique_ptr<cl_fmap_t, CloseMap> map(
      cl_fmap_open_memory(artifact.bytes.data(), artifact.bytes.size()));
  cl_scan_options options = scan_options();
  const char* name = nullptr;
  unsigned long scanned = 0;
  const cl_error_t code = !map ? CL_EMEM
                               : cl_scanmap_callback(map.get(), nullptr, &name, &scanned,
                                                     loaded_.engine.get(), &options, nullptr);
  if (code == CL_CLEAN) return;
  Finding finding = finding_of_clamav(name == nullptr ? cl_strerror(code) : name);
  if (code != CL_VIRUS) {
    finding.verdict = Verdict::uninspectable;
    finding.reason = reason_of(code);
    finding.name = std::string("clamav: ") + cl_strerror(code);
  }
  finding.where = artifact.where;
  findings.add(std::move(finding));
}

}  // namespace weir

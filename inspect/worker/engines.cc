#include "inspect/worker/engines.h"

#include <array>
#include <fstream>
#include <iterator>
#include <utility>

#include "core/digest.h"
#include "core/random.h"

namespace weir {
namespace {

std::string new_canary() {
  std::array<std::uint8_t, 32> secret{};
  SystemRandom().fill(secret);
  return hex(secret);
}

std::string content_digest(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  return sha256_hex(as_bytes(content));
}

// Whatever could change a verdict is in it: rules by content, signatures by name, size and time.
std::string generation_of(const Engines& engines, const ScanOptions& options) {
  std::string all = WEIR_VERSION;
  for (const std::string& path : options.hash_files)
    all += "\n" + path + " " + content_digest(path);
  if (!options.publisher_roots.empty()) {
    all += "\n" + options.publisher_roots + " " + content_digest(options.publisher_roots);
  }
  for (const std::string& path : engines.yara.files)
    all += "\n" + path + " " + content_digest(path);
  for (const std::string& line : engines.clamav.files) all += "\n" + line;
  return sha256_hex(as_bytes(all)).substr(0, 32);
}

}  // namespace

Result<Engines> load_engines(const ScanOptions& options) {
  Engines engines;
  engines.canary = new_canary();
  auto library = YaraLibrary::start();
  if (!library) return pass(std::move(library));
  engines.library = std::move(*library);
  auto yara = compile_yara_rules(options.rules_dir, engines.canary);
  if (!yara) return pass(std::move(yara));
  engines.yara = std::move(*yara);
  auto clamav = load_clamav(options.clamav_dir, engines.canary);
  if (!clamav) return pass(std::move(clamav));
  engines.clamav = std::move(*clamav);
  auto hashes = HashList::load(options.hash_files);
  if (!hashes) return pass(std::move(hashes));
  engines.hashes = std::move(*hashes);
  auto publishers = PublisherRoots::load(options.publisher_roots);
  if (!publishers) return pass(std::move(publishers));
  engines.publishers = std::move(*publishers);

  ScanReady& about = engines.about;
  about.generation = generation_of(engines, options);
  about.yara_rules = engines.yara.count;
  about.clamav_signatures = engines.clamav.signatures;
  about.clamav_time = engines.clamav.newest;
  about.warnings = engines.clamav.warnings;
  for (const std::string& warning : engines.yara.warnings) about.warnings.push_back(warning);
  if (about.yara_rules == 0) about.warnings.push_back("yara: no rules in " + options.rules_dir);
  return engines;
}

}  // namespace weir

#include "proxy/name_knowledge.h"

#include "feeds/names/machine_made.h"
#include "feeds/public_suffix.h"

namespace weir {
namespace {

std::unexpected<Error> mistakes(const std::vector<Diagnostic>& problems) {
  return fail(Errc::invalid, Fault::config, text_of(problems));
}

// An address stands for itself, and so does a name that nobody registered.
std::string_view remembered_as(std::string_view host) {
  const std::string_view registrable = registrable_domain(host);
  return registrable.empty() ? host : registrable;
}

Result<void> open_memory(FirstSeen& seen, const NameSettings& settings,
                         const std::string& state_dir, WallTime now, Log& log) {
  const auto loaded = seen.load(state_dir + "/names", now);
  if (!loaded) return std::unexpected(loaded.error());
  if (!loaded->damage.empty()) {
    log.error("names", "the memory of names begins anew", {{"problem", loaded->damage}});
  }
  if (settings.popular_file.empty()) return {};
  const auto seeded = seen.seed(settings.popular_file, now);
  if (!seeded) return std::unexpected(seeded.error());
  log.info("names", "popular names", {{"count", std::to_string(*seeded)}});
  return {};
}

}  // namespace

Result<std::unique_ptr<NameKnowledge>> NameKnowledge::load(const NameSettings& settings,
                                                           const std::string& state_dir,
                                                           Random& random, WallTime now, Log& log) {
  std::vector<Diagnostic> problems;
  Brands brands;
  if (!settings.brands_file.empty()) {
    auto read = load_brands(settings.brands_file, problems);
    if (!read) return mistakes(problems);
    brands = std::move(*read);
  }
  SpecialHosts special;
  if (!settings.doh_file.empty()) special.load_doh(settings.doh_file, problems);
  if (!settings.cloud_file.empty()) special.load_cloud(settings.cloud_file, problems);
  if (!problems.empty()) return mistakes(problems);
  std::unique_ptr<NameKnowledge> made(
      new NameKnowledge(Lookalikes(std::move(brands)), std::move(special)));
  if (settings.remember == 0) return made;
  const auto learn = std::chrono::duration_cast<std::chrono::hours>(settings.learn);
  made->seen_ =
      std::make_unique<FirstSeen>(FirstSeen::Options{settings.remember, learn}, random, now);
  if (auto opened = open_memory(*made->seen_, settings, state_dir, now, log); !opened) {
    return pass(std::move(opened));
  }
  return made;
}

NameFacts NameKnowledge::ask(const NameQuestion& question, WallTime now, bool note) {
  NameFacts facts;
  const std::string_view host = question.host;
  const bool address = is_address_host(host);
  if (address) {
    facts.site.push_back("ip-literal");
  } else {
    if (auto found = lookalikes_.find(host)) {
      facts.brand = found->brand;
      facts.lookalike.push_back(lookalike_kind_name(found->kind));
      facts.lookalike_score = static_cast<unsigned>(found->score);
      facts.lookalike_why = std::move(found->why);
    }
    facts.machine_made = static_cast<unsigned>(machine_made_score(registrable_domain(host)));
    if (special_.cloud_suffix(host)) facts.site.push_back("cloud-hosting");
  }
  if (ages_ && !address) facts.domain_age = ages_->seconds(registrable_domain(host), now);
  if (special_.is_doh_endpoint(host, question.path)) facts.site.push_back("doh");
  if (question.tls && !question.sni.empty() && question.sni != host) {
    facts.site.push_back("fronting");
  }
  if (!seen_) return facts;
  const std::string_view name = remembered_as(host);
  facts.seen = note ? seen_->note(name, now) : seen_->find(name, now);
  if (!facts.seen->learning && !facts.seen->popular) {
    facts.seen_since = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(facts.seen->age(now)).count());
  }
  return facts;
}

bool NameKnowledge::new_kind_of_file(std::string_view host, FileType type, WallTime now) {
  if (!seen_) return false;
  const bool first = seen_->note_download(remembered_as(host), file_class_of(type), now);
  return first && !seen_->learning(now);
}

void NameKnowledge::ask_registries(const Settings& settings, const Clock& clock, Log& log) {
  if (!settings.names.rdap) return;
  DomainAges::Options options;
  options.bootstrap_url = settings.names.rdap_bootstrap;
  if (!settings.tls.extra_ca_files.empty()) options.ca_file = settings.tls.extra_ca_files.front();
  if (!settings.tls.system_ca_file.empty()) options.ca_file = settings.tls.system_ca_file;
  options.file = settings.state_dir + "/domain-ages";
  ages_ =
      std::make_unique<DomainAges>(std::move(options), make_curl_fetcher(stop_), clock, log, stop_);
}

void NameKnowledge::save(Log& log) {
  if (!seen_) return;
  if (auto saved = seen_->save(); !saved) {
    log.error("names", "what was seen cannot be saved", {{"problem", saved.error().what}});
  }
}

void set_names(Facts& facts, const NameFacts& names) {
  facts.lookalike = names.lookalike;
  facts.lookalike_score = names.lookalike_score;
  facts.machine_made = names.machine_made;
  facts.seen_since = names.seen_since;
  facts.domain_age = names.domain_age;
  facts.site = names.site;
}

}  // namespace weir

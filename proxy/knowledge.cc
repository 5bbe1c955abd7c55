#include "proxy/knowledge.h"

#include "feeds/local_index.h"

namespace weir {
namespace {

constexpr std::chrono::seconds kSaveEvery{10};

}  // namespace

Result<std::unique_ptr<Knowledge>> Knowledge::start(Parts parts) {
  auto names = NameKnowledge::load(parts.settings.names, parts.settings.state_dir, parts.random,
                                   parts.clock.wall(), parts.log);
  if (!names) return pass(std::move(names));
  const std::string folder = parts.settings.state_dir + "/feeds";
  if (auto done = restore_local_index(folder, parts.clock.wall()); !done) {
    parts.log.error("feeds", "the local list", {{"problem", done.error().what}});
  }
  return std::unique_ptr<Knowledge>(new Knowledge(parts, std::move(*names)));
}

Knowledge::Knowledge(Parts parts, std::unique_ptr<NameKnowledge> names)
    : clock_(parts.clock),
      log_(parts.log),
      watch_(parts.settings.state_dir + "/feeds", parts.log),
      feeds_(FeedsKeeper::start(parts.settings, parts.helpers, parts.clock, parts.metrics,
                                parts.events, parts.log)),
      names_(std::move(names)),
      saved_(parts.clock.steady()) {
  names_->ask_registries(parts.settings, parts.clock, parts.log);
  take_index();
}

Knowledge::~Knowledge() { names_->save(log_); }

bool Knowledge::look() {
  if (feeds_) feeds_->look();
  if (clock_.steady() - saved_ >= kSaveEvery) {
    saved_ = clock_.steady();
    names_->save(log_);
  }
  return take_index();
}

bool Knowledge::take_index() {
  auto fresh = watch_.look();
  if (!fresh) return false;
  index_ = std::move(fresh);
  return true;
}

}  // namespace weir

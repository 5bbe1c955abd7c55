// What the gateway knows of the world beside its policy: feeds and the local list (the index), and
// what names tell. Made before the loops; looked after by the app's thread, once a second.
#pragma once

#include <memory>

#include "conf/settings.h"
#include "core/random.h"
#include "proxy/feeds_keeper.h"
#include "proxy/index_watch.h"
#include "proxy/name_knowledge.h"

namespace weir {

class Knowledge {
 public:
  struct Parts {
    const Settings& settings;
    const std::string& helpers;  // the folder of weir-feeds
    const Clock& clock;
    Random& random;
    Metrics& metrics;
    EventLog& events;
    Log& log;
  };
  static Result<std::unique_ptr<Knowledge>> start(Parts parts);
  ~Knowledge();
  Knowledge(const Knowledge&) = delete;
  Knowledge& operator=(const Knowledge&) = delete;

  const std::shared_ptr<const Index>& index() const { return index_; }
  NameKnowledge& names() { return *names_; }
  // True when there is another index now.
  bool look();

 private:
  Knowledge(Parts parts, std::unique_ptr<NameKnowledge> names);
  bool take_index();

  const Clock& clock_;
  Log& log_;
  IndexWatch watch_;
  std::shared_ptr<const Index> index_ = Index::empty();
  std::unique_ptr<FeedsKeeper> feeds_;  // null: no list of feeds
  std::unique_ptr<NameKnowledge> names_;
  SteadyTime saved_{};
};

}  // namespace weir

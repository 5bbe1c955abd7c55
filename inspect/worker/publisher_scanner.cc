#include "inspect/worker/publisher_scanner.h"

#include <chrono>
#include <utility>

#include "inspect/formats/authenticode.h"

namespace weir {

void PublisherScanner::scan(const Artifact& artifact, Budget& /*budget*/, FindingList& findings) {
  if (roots_.empty()) return;
  const auto now = clock_.wall().time_since_epoch() / std::chrono::seconds(1);
  PublisherFact fact = read_publisher(artifact.bytes, roots_, now);
  if (fact.state != SignatureState::proven) return;
  findings.add({.scanner = Scanner::structure,
                .name = std::string(artifact.depth == 0 ? kPublisherSign : kInnerPublisherSign),
                .where = artifact.where,
                .detail = std::move(fact.name)});
}

}  // namespace weir

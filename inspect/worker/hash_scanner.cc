#include "inspect/worker/hash_scanner.h"

#include "core/digest.h"

namespace weir {

void HashScanner::scan(const Artifact& artifact, Budget& /*budget*/, FindingList& findings) {
  if (artifact.depth == 0 || lists_.size() == 0) return;
  Digests digests(lists_.wants_old_digests());
  digests.update(artifact.bytes);
  const DigestTexts texts = digests.finish();
  const auto name = lists_.find(texts.sha256, texts.sha1, texts.md5, artifact.bytes.size());
  if (!name) return;
  findings.add({.scanner = Scanner::hash,
                .verdict = Verdict::malicious,
                .name = *name,
                .where = artifact.where});
}

}  // namespace weir

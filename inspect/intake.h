// What one response body goes through on its way to a ruling: spooled as it came (that is what will
// be delivered), undone of its content coding into a second spool (that is what is scanned),
// digested, and its type told from its first bytes. Belongs to one transaction; one coroutine at a
// time, on one loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conf/profile.h"
#include "core/co.h"
#include "core/digest.h"
#include "core/file_type.h"
#include "core/result.h"
#include "inspect/decode.h"
#include "inspect/inspector.h"
#include "inspect/media_proof.h"
#include "inspect/spool.h"

namespace weir {

// What the intake learned. `subject.body` is null when the profile asks for no scanner that reads
// and nobody called keep_body().
struct Artifact {
  ScanSubject subject;
  FileType type = FileType::unknown;
  std::vector<Finding> findings;  // too-large, unknown-coding, too-deep, corrupt, ratio, truncated
};

class Intake {
 public:
  static constexpr std::size_t kHeadBytes = 34 * 1024;      // enough for every type
  static constexpr std::size_t kEarlyHeadBytes = 4 * 1024;  // enough for all but iso

  // An error is ours (disk, budget) and ends the transaction; what the origin can cause is a
  // finding.
  Co<Result<void>> feed(ByteView raw);
  // Somebody besides the scanners will want to read it. Before finish().
  void keep_body() { wants_body_ = true; }
  // The body is complete, or full(): nothing more will be fed. Once.
  Co<Result<Artifact>> finish();

  Spool& raw() { return *raw_; }
  // More than profile.max_bytes came: what was fed is spooled and will be judged, with a too-large
  // finding; nothing further should be fed.
  bool full() const { return raw_->size() > max_bytes_; }
  // Known once 4 KiB of the decoded body are there, or all of it; before that FileType::unknown.
  FileType early_type() const;

 private:
  friend class SpoolStore;
  Intake() : digests_(false) {}

  Co<Result<void>> decode(ByteView raw);
  Co<Result<void>> take_plain(ByteView plain);
  void look_at(ByteView plain);
  void add_finding(Reason reason, std::string name);
  Spool& scanned() { return plain_ ? *plain_ : *raw_; }

  std::uint64_t max_bytes_ = 0;
  bool wants_body_ = true;
  bool finished_ = false;
  bool decoding_ = false;  // false again after a problem
  Decoder decoder_;
  std::unique_ptr<Spool> raw_, plain_;  // plain_ null: no coding, or none that is understood
  Digests digests_;
  std::vector<std::uint8_t> head_;
  std::vector<Finding> findings_;
};

// The type of a body whose first piece, as it came, is `piece`.
FileType sniff_piece(ByteView piece, std::string_view content_encoding);

// The digests of a body that is streamed and not spooled.
class FlowingDigest {
 public:
  explicit FlowingDigest(bool old_digests) : digests_(old_digests) {}
  void update(ByteView bytes);
  ScanSubject finish();  // without a body; once, last

 private:
  Digests digests_;
  std::uint64_t size_ = 0;
};

}  // namespace weir

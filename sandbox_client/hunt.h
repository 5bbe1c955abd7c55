// Looking back: when new knowledge arrives (a verdict, a hash or URL feed), who met it before? Each
// question is put to every distinct hash or host of the history once, however many rows have it;
// only the question about URLs reads every row. Blocking, for minutes over a large history: a
// thread of its own.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "sandbox_client/history.h"

namespace weir {

// What is known to be bad now. Empty functions are not asked.
struct HuntQuestions {
  std::function<bool(const std::string& sha256)> hash;
  std::function<bool(const std::string& host)> host;
  std::function<bool(const std::string& url)> url;
  WallTime since{};                     // older rows are left alone
  std::uint64_t most_rows = 1'000'000;  // that are told; then it ends, and says so
};

// `why` is "hash", "host" or "url". False ends the hunt.
using HuntListener = std::function<bool(const DeliveryRecord& record, std::string_view why)>;

struct HuntResult {
  std::uint64_t rows = 0;  // told; a row that is bad for several reasons is told for each
  bool complete = true;    // false: the listener or most_rows ended it
};

Result<HuntResult> hunt(History& history, const HuntQuestions& questions,
                        const HuntListener& listener);

}  // namespace weir

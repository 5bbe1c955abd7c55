// How the sandbox queue's table becomes Work. For queue*.cc only; plain functions.
#pragma once

#include <string_view>

#include "sandbox_client/millis.h"
#include "sandbox_client/sqlite.h"
#include "sandbox_client/submission.h"

namespace weir {

inline constexpr std::string_view kWorkColumns =
    "id,sha256,name,url,type,password,wanted,size,priority,added,deadline,state,ticket,key,"
    "attempts";

// ?2 is now. A row that is far ahead was written before the clock stepped back.
inline constexpr std::string_view kRowIsDue = " AND (due<=?2 OR due>?2+7200000)";

inline std::int64_t state_number(SubmissionState state) { return static_cast<std::int64_t>(state); }

inline Work work_of(const Statement& row) {
  Work work;
  work.id = row.integer(0);
  Submission& one = work.submission;
  one.sha256 = row.text(1);
  one.name = row.text(2);
  one.source_url = row.text(3);
  one.type = row.text(4);
  one.password = row.text(5);
  one.engine = row.text(6);
  one.size = static_cast<std::uint64_t>(row.integer(7));
  one.priority = static_cast<std::int32_t>(row.integer(8));
  work.added = from_millis(row.integer(9));
  one.deadline = Millis(row.integer(10) - row.integer(9));
  work.uncertain = row.integer(11) == state_number(SubmissionState::submitting);
  work.ticket = row.text(12);
  work.key = row.text(13);
  work.attempts = static_cast<unsigned>(row.integer(14));
  return work;
}

}  // namespace weir

#include "sandbox_client/hunt.h"

#include <set>

namespace weir {
namespace {

constexpr std::size_t kPageRows = 2000;

class Hunter {
 public:
  Hunter(History& history, const HuntQuestions& questions, const HuntListener& listener)
      : history_(history), questions_(questions), listener_(listener) {}

  // All distinct ones are asked about first: the rows come from an index.
  Result<> distinct(Result<> (History::*walk)(const HistoryReader::Visitor&),
                    const std::function<bool(const std::string&)>& is_bad,
                    std::string HistoryFilter::* member, std::string_view why) {
    if (!is_bad || !result_.complete) return {};
    std::set<std::string> bad;
    auto walked = (history_.*walk)([&](const std::string& one) {
      if (!bad.contains(one) && is_bad(one)) bad.insert(one);
      return bad.size() < questions_.most_rows;
    });
    if (!walked) return walked;
    for (const std::string& one : bad) {
      HistoryFilter filter;
      filter.*member = one;
      if (auto told = tell(filter, why, {}); !told) return told;
    }
    return {};
  }

  Result<> rows(const std::function<bool(const std::string&)>& is_bad, std::string_view why) {
    if (!is_bad) return {};
    return tell({}, why, [&](const DeliveryRecord& record) { return is_bad(record.url); });
  }

  HuntResult result() const { return result_; }

 private:
  Result<> tell(HistoryFilter filter, std::string_view why,
                const std::function<bool(const DeliveryRecord&)>& wanted) {
    filter.from = questions_.since;
    HistoryPage page{kPageRows, 0};
    while (result_.complete) {
      const auto some = history_.search(filter, page);
      if (!some) return std::unexpected(some.error());
      for (const DeliveryRecord& record : some->rows) {
        if (result_.complete && (!wanted || wanted(record))) tell_one(record, why);
      }
      page.before = some->next;
      if (page.before == 0) break;
    }
    return {};
  }

  void tell_one(const DeliveryRecord& record, std::string_view why) {
    const bool room = result_.rows < questions_.most_rows;
    if (room) ++result_.rows;
    result_.complete = room && listener_(record, why);
  }

  History& history_;
  const HuntQuestions& questions_;
  const HuntListener& listener_;
  HuntResult result_;
};

}  // namespace

Result<HuntResult> hunt(History& history, const HuntQuestions& questions,
                        const HuntListener& listener) {
  Hunter hunter(history, questions, listener);
  if (auto done =
          hunter.distinct(&History::each_hash, questions.hash, &HistoryFilter::sha256, "hash");
      !done) {
    return pass(std::move(done));
  }
  if (auto done =
          hunter.distinct(&History::each_host, questions.host, &HistoryFilter::host, "host");
      !done) {
    return pass(std::move(done));
  }
  if (auto done = hunter.rows(questions.url, "url"); !done) return pass(std::move(done));
  return hunter.result();
}

}  // namespace weir

#include "core/metrics.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace weir {
namespace {

enum class Kind : std::uint8_t { counter, gauge, histogram };

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::counter: return "counter";
    case Kind::gauge: return "gauge";
    case Kind::histogram: return "histogram";
  }
  return "untyped";
}

// The three characters that the format escapes; quotes only in label values.
void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (quotes && c == '"')) out += '\\';
    out += c;
  }
}

void append_number(std::string& out, std::uint64_t value) { out += std::to_string(value); }
void append_number(std::string& out, std::int64_t value) { out += std::to_string(value); }
void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
  }
}

// name_suffix{labels,le="..."} value
template <class Number>
void append_sample(std::string& out, std::string_view name, std::string_view suffix,
                   const Labels& labels, std::string_view le, Number value) {
  out += name;
  out += suffix;
  char before = '{';
  for (const auto& [key, text] : labels) {
    out += before;
    out += key;
    out += "=\"";
    append_escaped(out, text, true);
    out += '"';
    before = ',';
  }
  if (!le.empty()) {
    out += before;
    out += "le=\"";
    out += le;
    out += '"';
    before = ',';
  }
  if (before == ',') out += '}';
  out += ' ';
  append_number(out, value);
  out += '\n';
}

void append_samples(std::string& out, std::string_view name, const Labels& labels,
                    const Histogram& histogram) {
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
    cumulative += histogram.bucket(i);
    std::string bound;
    append_number(bound, histogram.bounds()[i]);
    append_sample(out, name, "_bucket", labels, bound, cumulative);
  }
  cumulative += histogram.bucket(histogram.bounds().size());
  append_sample(out, name, "_bucket", labels, "+Inf", cumulative);
  append_sample(out, name, "_sum", labels, {}, histogram.sum());
  append_sample(out, name, "_count", labels, {}, cumulative);
}

}  // namespace

Histogram::Histogram(std::vector<double> upper_bounds)
    : bounds_(std::move(upper_bounds)),
      buckets_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds_.size() + 1)) {}

void Histogram::observe(double value) {
  const auto at = std::ranges::lower_bound(bounds_, value);  // le: the bound itself is inside
  buckets_[static_cast<std::size_t>(at - bounds_.begin())].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Histogram::bucket(std::size_t index) const {
  return buckets_[index].load(std::memory_order_relaxed);
}

double Histogram::sum() const { return sum_.load(std::memory_order_relaxed); }

struct Metrics::Family {
  struct Series {
    Labels labels;
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Gauge> gauge;
    std::unique_ptr<Histogram> histogram;
  };

  std::string name;
  std::string help;
  Kind kind;
  std::vector<Series> series;

  Series& with(Labels labels) {
    const auto found = std::ranges::find(series, labels, &Series::labels);
    if (found != series.end()) return *found;
    return series.emplace_back(Series{std::move(labels), nullptr, nullptr, nullptr});
  }

  void write(std::string& out) const;

  // The one family of this name. Two kinds under one name is a bug that no scrape would survive.
  static Family& in(std::vector<std::unique_ptr<Family>>& families, std::string_view name,
                    std::string_view help, Kind kind) {
    for (const auto& family : families) {
      if (family->name != name) continue;
      if (family->kind != kind) std::abort();
      return *family;
    }
    families.push_back(
        std::make_unique<Family>(Family{std::string(name), std::string(help), kind, {}}));
    return *families.back();
  }
};

void Metrics::Family::write(std::string& out) const {
  out += "# HELP " + name + " ";
  append_escaped(out, help, false);
  out += "\n# TYPE " + name + " ";
  out += kind_name(kind);
  out += '\n';
  for (const Series& one : series) {
    switch (kind) {
      case Kind::counter: append_sample(out, name, "", one.labels, {}, one.counter->value()); break;
      case Kind::gauge: append_sample(out, name, "", one.labels, {}, one.gauge->value()); break;
      case Kind::histogram: append_samples(out, name, one.labels, *one.histogram); break;
    }
  }
}

Metrics::Metrics() = default;
Metrics::~Metrics() = default;

Counter& Metrics::counter(std::string_view name, std::string_view help, Labels labels) {
  const std::lock_guard lock(mutex_);
  auto& slot = Family::in(families_, name, help, Kind::counter).with(std::move(labels)).counter;
  if (!slot) slot = std::make_unique<Counter>();
  return *slot;
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, Labels labels) {
  const std::lock_guard lock(mutex_);
  auto& slot = Family::in(families_, name, help, Kind::gauge).with(std::move(labels)).gauge;
  if (!slot) slot = std::make_unique<Gauge>();
  return *slot;
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help,
                              std::vector<double> bounds, Labels labels) {
  const std::lock_guard lock(mutex_);
  auto& slot = Family::in(families_, name, help, Kind::histogram).with(std::move(labels)).histogram;
  if (!slot) slot = std::make_unique<Histogram>(std::move(bounds));
  return *slot;
}

std::string Metrics::exposition() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& family : families_) family->write(out);
  return out;
}

}  // namespace weir

#include "inspect/decode.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/escape.h"
#include "core/http_message.h"
#include "inspect/decode_stage.h"

namespace weir {
namespace {

constexpr std::size_t kBetweenStages = 16 * 1024;
constexpr std::array<std::string_view, 4> kUnderstood = {"gzip", "deflate", "br", "zstd"};

// Takes the next non-empty element off a comma-separated list; nullopt at its end.
std::optional<std::string_view> next_element(std::string_view& list) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const std::string_view element = trim(list.substr(0, comma));
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    if (!element.empty()) return element;
  }
  return std::nullopt;
}

Finding uninspectable(Reason reason, std::string name) {
  return {Scanner::structure, Verdict::uninspectable, reason, std::move(name), {}};
}

bool is_zero(std::string_view weight) {
  return weight.find_first_not_of("0.") == std::string_view::npos;
}

// qvalue of RFC 9110 12.4.2: 0 or 1 with up to three decimals, those of 1 being zero.
bool is_weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return false;
  if (text.size() > 1 && text[1] != '.') return false;
  const std::string_view decimals = text.size() > 2 ? text.substr(2) : std::string_view{};
  const std::string_view allowed = text[0] == '0' ? "0123456789" : "0";
  return decimals.find_first_not_of(allowed) == std::string_view::npos;
}

struct Offer {
  std::string_view coding;
  std::string_view weight;  // "" = 1
};

std::optional<Offer> parse_offer(std::string_view element) {
  const auto semicolon = element.find(';');
  Offer offer{trim(element.substr(0, semicolon)), {}};
  if (semicolon == std::string_view::npos) return offer;
  const std::string_view parameter = trim(element.substr(semicolon + 1));
  if (parameter.size() < 3 || (parameter[0] | 0x20) != 'q' || parameter[1] != '=')
    return std::nullopt;
  offer.weight = parameter.substr(2);
  if (!is_weight(offer.weight)) return std::nullopt;
  return offer;
}

// What goes to the origin, each coding once. Refusals are remembered and not sent, but for
// identity.
class Offers {
 public:
  void take(const Offer& offer) {
    if (offer.coding == "*") {
      if (!rest_) rest_ = offer.weight;
      return;
    }
    const bool identity = equals_ignore_case(offer.coding, "identity");
    const std::string_view known = identity ? "identity" : canonical_coding(offer.coding);
    if (!known.empty()) take_known(known, offer.weight);
  }
  std::string text() {
    if (rest_) {
      for (const std::string_view coding : kUnderstood) take_known(coding, *rest_);
    }
    return out_.empty() ? "identity" : std::move(out_);
  }

 private:
  void take_known(std::string_view coding, std::string_view weight) {
    if (std::find(seen_.begin(), seen_.begin() + count_, coding) != seen_.begin() + count_) return;
    seen_[static_cast<std::size_t>(count_++)] = coding;
    const bool refused = !weight.empty() && is_zero(weight);
    if (refused && coding != "identity") return;
    if (!out_.empty()) out_ += ", ";
    out_ += coding;
    if (!weight.empty()) out_.append(";q=").append(weight);
  }

  std::array<std::string_view, kUnderstood.size() + 1> seen_;
  std::ptrdiff_t count_ = 0;
  std::optional<std::string_view> rest_;  // the weight of "*": whatever is not named
  std::string out_;
};

}  // namespace

struct Decoder::Layer {
  std::unique_ptr<DecodeStage> stage;
  std::string_view coding;
  std::vector<std::uint8_t> buffer;  // input from the layer before; empty in the first
  ByteView ready;                    // what is left of it
  std::uint64_t produced = 0;
};

Decoder::Decoder() = default;
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

std::size_t Decoder::step(ByteView& in, MutableBytes out) {
  if (problem_ != Reason::none) {
    in = {};
    return 0;
  }
  if (!identity()) return pull(layers_.size() - 1, in, out);
  const std::size_t n = std::min(in.size(), out.size());
  std::copy_n(in.begin(), n, out.begin());
  in = in.subspan(n);
  return n;
}

std::size_t Decoder::pull(std::size_t index, ByteView& in, MutableBytes out) {
  Layer& layer = layers_[index];
  ByteView& source = index == 0 ? in : layer.ready;
  MutableBytes room = out;
  while (problem_ == Reason::none) {
    const std::size_t had = source.size();
    const std::size_t could = room.size();
    const Reason bad = layer.stage->run(source, room);
    if (index == 0) taken_ += had - source.size();
    layer.produced += could - room.size();
    if (bad != Reason::none) fail(bad, layer.coding);
    if (layer.produced > kRatioFrom &&
        layer.produced / std::max<std::uint64_t>(taken_, 1) > ratio_) {
      fail(Reason::ratio, layer.coding);
    }
    if (room.empty()) break;
    if (!source.empty() && had == source.size() && could == room.size()) break;
    if (source.empty() && !refill(index, in)) break;
  }
  return out.size() - room.size();
}

bool Decoder::refill(std::size_t index, ByteView& in) {
  if (index == 0) return false;
  Layer& layer = layers_[index];
  layer.ready = ByteView(layer.buffer).first(pull(index - 1, in, layer.buffer));
  return !layer.ready.empty();
}

void Decoder::finish() {
  if (taken_ == 0) return;  // nothing at all is nothing, in any coding
  for (const Layer& layer : layers_) {
    if (problem_ == Reason::none && !layer.stage->complete()) fail(Reason::truncated, layer.coding);
  }
}

void Decoder::fail(Reason reason, std::string_view coding) {
  problem_ = reason;
  culprit_ = coding;
}

std::expected<Decoder, Finding> make_decoder(std::string_view content_encoding,
                                             std::uint64_t decoded_ratio) {
  std::vector<std::string_view> codings;
  while (const auto element = next_element(content_encoding)) {
    if (equals_ignore_case(*element, "identity")) continue;
    const std::string_view known = canonical_coding(*element);
    if (known.empty()) {
      return std::unexpected(uninspectable(Reason::unknown_coding, escape_for_log(*element, 64)));
    }
    if (codings.size() == Decoder::kMostStages) {
      return std::unexpected(uninspectable(Reason::too_deep, "content-coding"));
    }
    codings.push_back(known);
  }
  Decoder decoder;
  decoder.ratio_ = decoded_ratio;
  for (auto coding = codings.rbegin(); coding != codings.rend(); ++coding) {
    Decoder::Layer layer{make_stage(*coding), *coding, {}, {}, 0};
    if (!decoder.layers_.empty()) layer.buffer.resize(kBetweenStages);
    decoder.layers_.push_back(std::move(layer));
  }
  return decoder;
}

std::string accept_encoding_value(std::string_view accept_encoding) {
  Offers offers;
  while (const auto element = next_element(accept_encoding)) {
    if (const auto offer = parse_offer(*element)) offers.take(*offer);
  }
  return offers.text();
}

}  // namespace weir

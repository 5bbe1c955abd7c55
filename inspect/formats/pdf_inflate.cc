#include "inspect/formats/pdf_inflate.h"

// zlib only reads what it is given; this lets its header say so.
#define ZLIB_CONST
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>

namespace weir {
namespace {

using Kind = PdfValue::Kind;

// PNG (RFC 2083, section 6): each row begins with the number of its filter.
char paeth(int left, int above, int corner) {
  const int guess = left + above - corner;
  const int by_left = std::abs(guess - left), by_above = std::abs(guess - above);
  const int by_corner = std::abs(guess - corner);
  if (by_left <= by_above && by_left <= by_corner) return static_cast<char>(left);
  return static_cast<char>(by_above <= by_corner ? above : corner);
}

int byte_of(char c) { return static_cast<unsigned char>(c); }

char unfilter(char filter, int left, int above, int corner) {
  switch (filter) {
    case 1: return static_cast<char>(left);
    case 2: return static_cast<char>(above);
    case 3: return static_cast<char>((left + above) / 2);
    case 4: return paeth(left, above, corner);
    default: return 0;
  }
}

std::string undo_png(std::string_view rows, std::size_t width, std::size_t pixel) {
  std::string out, last(width, '\0'), row(width, '\0');
  for (std::size_t at = 0; at + 1 + width <= rows.size(); at += 1 + width) {
    for (std::size_t i = 0; i < width; ++i) {
      const int left = i < pixel ? 0 : byte_of(row[i - pixel]);
      const int corner = i < pixel ? 0 : byte_of(last[i - pixel]);
      const char guess = unfilter(rows[at], left, byte_of(last[i]), corner);
      row[i] = static_cast<char>(rows[at + 1 + i] + guess);
    }
    out += row;
    last = row;
  }
  return out;
}

// An entry that may be an array of one.
const PdfValue* only(const PdfValue& dictionary, std::string_view key, std::string_view other_key) {
  const PdfValue* value = dictionary.find(key);
  if (value == nullptr) value = dictionary.find(other_key);
  if (value == nullptr || !value->is(Kind::array)) return value;
  return value->items.size() == 1 ? value->items.data() : nullptr;
}

}  // namespace

std::string pdf_inflate(ByteView packed, std::size_t most) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return {};
  std::string out;
  std::array<std::uint8_t, 32 * 1024> piece{};
  constexpr std::size_t kMostInput = std::numeric_limits<uInt>::max();
  stream.next_in = packed.data();
  stream.avail_in = static_cast<uInt>(std::min(packed.size(), kMostInput));
  int result = Z_OK;
  while (result == Z_OK && out.size() < most) {
    stream.next_out = piece.data();
    stream.avail_out = static_cast<uInt>(std::min(piece.size(), most - out.size()));
    const std::size_t room = stream.avail_out;
    result = inflate(&stream, Z_SYNC_FLUSH);
    const std::size_t made = room - stream.avail_out;
    out += as_text(ByteView(piece).first(made));
    if (made == 0) break;
  }
  inflateEnd(&stream);
  return out;
}

std::string pdf_stream_data(const PdfValue& dictionary, ByteView packed, std::size_t most) {
  const PdfValue* filter = only(dictionary, "Filter", "F");
  if (filter == nullptr) {
    if (dictionary.find("Filter") != nullptr) return {};
    const auto length = dictionary.number_of("Length").value_or(static_cast<std::int64_t>(most));
    const std::size_t size = length < 0 ? 0 : static_cast<std::size_t>(length);
    return std::string(as_text(packed.first(std::min({packed.size(), most, size}))));
  }
  if (!filter->is_name("FlateDecode") && !filter->is_name("Fl")) return {};
  std::string data = pdf_inflate(packed, most);
  const PdfValue* parameters = only(dictionary, "DecodeParms", "DP");
  if (parameters == nullptr || parameters->number_of("Predictor").value_or(1) < 10) return data;
  const auto columns = parameters->number_of("Columns").value_or(1);
  const auto colors = parameters->number_of("Colors").value_or(1);
  const auto bits = parameters->number_of("BitsPerComponent").value_or(8);
  if (columns < 1 || columns > 65536 || colors < 1 || colors > 32 || bits < 1 || bits > 16) {
    return {};
  }
  return undo_png(data, static_cast<std::size_t>((columns * colors * bits + 7) / 8),
                  static_cast<std::size_t>((colors * bits + 7) / 8));
}

}  // namespace weir

#include "proxy/net/byte_stream.h"

namespace weir {

Co<Result<std::size_t>> ByteStream::read_some(MutableBytes into, Duration limit) {
  for (;;) {
    auto step = try_read(into);
    if (!step) co_return pass(std::move(step));
    if (step->bytes > 0) co_return step->bytes;
    if (step->eof) co_return std::size_t{0};
    if (auto ready = co_await wait(step->wait, limit); !ready) co_return pass(std::move(ready));
  }
}

Co<Result<void>> ByteStream::write_all(ByteView from, Duration limit) {
  while (!from.empty()) {
    auto step = try_write(from);
    if (!step) co_return pass(std::move(step));
    from = from.subspan(step->bytes);
    if (step->wait == Wait::none) continue;
    if (auto ready = co_await wait(step->wait, limit); !ready) co_return pass(std::move(ready));
  }
  co_return Result<void>{};
}

}  // namespace weir

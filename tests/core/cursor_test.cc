#include "core/cursor.h"

#include <gtest/gtest.h>

#include <limits>

namespace weir {
namespace {

constexpr std::uint8_t kBytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

TEST(Cursor, ReadsBothByteOrders) {
  EXPECT_EQ(Cursor(kBytes).u8(), 1);
  EXPECT_EQ(Cursor(kBytes).u16be(), 0x0102);
  EXPECT_EQ(Cursor(kBytes).u24be(), 0x010203u);
  EXPECT_EQ(Cursor(kBytes).u32be(), 0x01020304u);
  EXPECT_EQ(Cursor(kBytes).u64be(), 0x0102030405060708u);
  EXPECT_EQ(Cursor(kBytes).u16le(), 0x0201);
  EXPECT_EQ(Cursor(kBytes).u32le(), 0x04030201u);
  EXPECT_EQ(Cursor(kBytes).u64le(), 0x0807060504030201u);
}

TEST(Cursor, FailureSticksAndYieldsZeros) {
  Cursor in(ByteView(kBytes).first(3));
  EXPECT_EQ(in.u32be(), 0u);
  EXPECT_TRUE(in.failed());
  EXPECT_EQ(in.u8(), 0);
  EXPECT_EQ(in.remaining(), 0u);
  EXPECT_TRUE(in.rest().empty());
  EXPECT_TRUE(in.peek(1).empty());
  in.seek(0);
  EXPECT_TRUE(in.failed());
}

TEST(Cursor, EveryLengthEitherFitsOrFails) {
  for (std::size_t size = 0; size <= sizeof kBytes; ++size) {
    Cursor in(ByteView(kBytes).first(size));
    in.u16be();
    in.u32le();
    in.skip(1);
    EXPECT_EQ(in.ok(), size >= 7) << size;
  }
}

TEST(Cursor, HugeSizesDoNotWrap) {
  Cursor in(kBytes);
  in.u8();
  EXPECT_TRUE(in.take(std::numeric_limits<std::uint64_t>::max()).empty());
  EXPECT_TRUE(in.failed());
  Cursor far(kBytes);
  far.seek(std::numeric_limits<std::uint64_t>::max());
  EXPECT_TRUE(far.failed());
}

TEST(Cursor, SubStaysInsideAndTheOuterGoesOn) {
  Cursor in(kBytes);
  Cursor inner = in.sub(2);
  EXPECT_EQ(inner.u16be(), 0x0102);
  EXPECT_TRUE(inner.at_end());
  EXPECT_EQ(inner.u8(), 0);
  EXPECT_TRUE(inner.failed());
  EXPECT_EQ(in.u8(), 3);
  EXPECT_TRUE(in.sub(100).failed());
  EXPECT_TRUE(in.failed());
}

TEST(Cursor, PeekAndSeek) {
  Cursor in(kBytes);
  EXPECT_EQ(in.peek(100).size(), sizeof kBytes);
  in.seek(8);
  EXPECT_EQ(in.u8(), 9);
  EXPECT_EQ(in.position(), 9u);
  EXPECT_TRUE(in.at_end());
  EXPECT_TRUE(in.ok());
}

}  // namespace
}  // namespace weir

#include "core/base/codec.hpp"

#include <cmath>
#include <limits>

#include "core/base/checksum.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

template <typename T>
using Limits = std::numeric_limits<T>;

TEST(Codec, EveryTypeComesBack) {
    const __int128 wide = static_cast<__int128>(Limits<std::int64_t>::min()) * 12345;
    Writer out;
    out.u8(255);
    out.u16(65535);
    out.u32(Limits<std::uint32_t>::max());
    out.u64(Limits<std::uint64_t>::max());
    out.i64(Limits<std::int64_t>::min());
    out.i128(wide);
    out.i128(-1);
    out.f64(-0.0);
    out.f64(Limits<double>::denorm_min());
    out.f64(Limits<double>::quiet_NaN());
    out.string(std::string_view("a\0b", 3));
    out.string("");

    Reader in(out.bytes());
    EXPECT_EQ(in.u8(), 255);
    EXPECT_EQ(in.u16(), 65535);
    EXPECT_EQ(in.u32(), Limits<std::uint32_t>::max());
    EXPECT_EQ(in.u64(), Limits<std::uint64_t>::max());
    EXPECT_EQ(in.i64(), Limits<std::int64_t>::min());
    EXPECT_TRUE(in.i128() == wide);
    EXPECT_TRUE(in.i128() == -1);
    EXPECT_TRUE(std::signbit(in.f64()));
    EXPECT_EQ(in.f64(), Limits<double>::denorm_min());
    EXPECT_TRUE(std::isnan(in.f64()));
    EXPECT_EQ(in.string(), std::string_view("a\0b", 3));
    EXPECT_EQ(in.string(), "");
    EXPECT_NO_THROW(in.expect_end());
}

TEST(Codec, IsLittleEndian) {
    Writer out;
    out.u32(0x01020304);
    EXPECT_EQ(out.bytes(), std::string("\x04\x03\x02\x01"));
}

TEST(Codec, RefusesToReadPastTheEnd) {
    for (std::size_t n = 0; n < 8; ++n) {
        const std::string bytes(n, 'x');
        EXPECT_ERROR_CODE(Reader(bytes).u64(), kCorruptValue);
    }
    EXPECT_ERROR_CODE(Reader("").u8(), kCorruptValue);
    EXPECT_ERROR_CODE(Reader("abc").raw(4), kCorruptValue);
    EXPECT_ERROR_CODE(Reader("abc").expect_end(), kCorruptValue);
}

TEST(Codec, RefusesForgedCounts) {
    Writer out;
    out.u32(3);
    out.raw(std::string(16, 'x'));
    EXPECT_EQ(Reader(out.bytes()).count(5), 3U);
    EXPECT_ERROR_CODE(Reader(out.bytes()).count(6), kCorruptValue);

    Writer huge;
    huge.u32(Limits<std::uint32_t>::max());
    huge.raw("abcdefgh");
    EXPECT_ERROR_CODE(Reader(huge.bytes()).count(1), kCorruptValue);
    EXPECT_ERROR_CODE(Reader(huge.bytes()).string(), kCorruptValue);
}

// The check value that the CRC catalogue lists for CRC-64/XZ.
TEST(Checksum, IsCrc64Xz) {
    EXPECT_EQ(checksum64("123456789"), 0x995dc9bbdf1939faULL);
    EXPECT_EQ(checksum64(""), 0U);
}

}  // namespace
}  // namespace ecom::core

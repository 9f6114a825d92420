// numeric as an exact amount, without a detour through text.
#pragma once

#include <cstring>
#include <limits>
#include <string>

#include "core/rfm/accumulator.hpp"
#include "pg/args.hpp"

namespace ecom::pg {

// Reads the on-disk digits: base 10000, short or long header, the same since PostgreSQL 9.1.
// (The server's own conversion to float8 prints and parses decimal text: twice the cost of a scan.)
// Digits beyond the eighth decimal are rounded half away from zero. Throws kNonFiniteInput for NaN,
// infinities and values of 1e29 and more.
inline core::ExactAmount exact_amount(Datum datum) {
    constexpr std::uint16_t kSignMask = 0xC000;
    constexpr std::uint16_t kNegative = 0x4000;
    constexpr std::uint16_t kShort = 0x8000;
    constexpr std::uint16_t kSpecial = 0xC000;
    constexpr std::uint16_t kShortNegative = 0x2000;

    const std::string_view bytes = bytes_arg(datum);
    const auto word = [&](std::size_t i) {
        std::uint16_t v;
        std::memcpy(&v, bytes.data() + 2 * i, sizeof v);
        return v;
    };
    const std::uint16_t header = word(0);
    const std::uint16_t sign = header & kSignMask;
    if (sign == kSpecial) return core::exact_amount(std::numeric_limits<double>::quiet_NaN());

    int weight;  // power of 10000 of the first digit
    bool negative;
    std::size_t first;
    if (sign == kShort) {
        weight = (header & 0x3F) - (header & 0x40);
        negative = (header & kShortNegative) != 0;
        first = 1;
    } else {
        weight = static_cast<std::int16_t>(word(1));
        negative = sign == kNegative;
        first = 2;
    }
    const std::size_t digits = bytes.size() / 2 - first;
    if (digits == 0) return 0;
    constexpr int kLastWeight = -2;    // 10000^-2 is the unit, 1e-8
    constexpr int kLargestWeight = 6;  // 10000^7 = 1e28
    if (weight > kLargestWeight) return core::exact_amount(1e30);

    core::ExactAmount amount = 0;
    int at = weight;
    std::size_t i = 0;
    for (; i < digits && at >= kLastWeight; ++i, --at) amount = amount * 10000 + word(first + i);
    for (; at >= kLastWeight; --at) amount *= 10000;
    if (i < digits && at == kLastWeight - 1 && word(first + i) >= 5000) ++amount;
    return negative ? -amount : amount;
}

}  // namespace ecom::pg

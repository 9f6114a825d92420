// Sorting doubles by their bits: linear in their number, and the same result on every machine.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

// A double as an unsigned number with the same order; -0 before 0, NaN at the ends.
inline std::uint64_t ordered_bits(double value) noexcept {
    std::uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    const std::uint64_t sign = bits >> 63;
    return bits ^ ((0 - sign) | (std::uint64_t{1} << 63));
}

// Sorts ascending (least significant digit first; Knuth, TAOCP 3, 5.2.5). Digits that all values share
// cost nothing. Needs as much memory again while it runs.
void radix_sort(std::vector<double>& values, Host& host);

}  // namespace ecom::core

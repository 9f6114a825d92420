// Classical decomposition by moving averages (Kendall and Stuart, 1983), as decompose() of R.
//
// Trend: the centred mean of one period, for an even period of one and a half steps at both ends; none for the first and
// last half period, nor near a missing value. Season: the mean, at each place of the period, of what the trend leaves,
// centred so that it adds nothing (or multiplies by 1) on average. O(n).
#pragma once

#include <cstddef>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

enum class DecompositionType { kAdditive, kMultiplicative };

struct ClassicalResult {
    std::vector<double> trend;  // NaN where there is none
    std::vector<double> seasonal;
    std::vector<double> remainder;
};

std::size_t classical_bytes(std::size_t n, std::size_t period);

// values[i] NaN: missing. period is at least 2 and the series has at least two of it. The caller has counted
// classical_bytes.
ClassicalResult classical_decomposition(const std::vector<double>& values, std::size_t period, DecompositionType type,
                                        Host& host);

}  // namespace ecom::core

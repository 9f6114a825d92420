// Autocorrelations of a series, and the test that there are none.
#pragma once

#include <cstddef>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

// Lags that acf() of R shows: 10 log10(n), fewer than n.
std::size_t default_lags(std::size_t n);

constexpr std::size_t kMaxLags = 10'000;

struct Autocorrelations {
    std::size_t n = 0;           // values that are there
    std::vector<double> acf;     // of lags 1, 2, ...; NaN for a constant series, or no pair of values
    std::vector<double> pacf;    // NaN from the lag on that determines the series
    std::vector<double> statistic;  // Ljung and Box (1978): of no autocorrelation up to the lag
};

std::size_t autocorrelation_bytes(std::size_t n, std::size_t lags);

// Autocorrelations as acf() of R: deviations from the mean of all values, sums over n. Partial ones by Durbin (1960) and
// Levinson (1947). Pairs with a missing value (NaN) are left out, as by na.action = na.pass. lags < values.size().
// O(n lags + lags^2).
Autocorrelations autocorrelations(const std::vector<double>& values, std::size_t lags, Host& host);

}  // namespace ecom::core

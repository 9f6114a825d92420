// The variance of a mean over a long time, when neighbours are correlated.
#pragma once

#include <cstddef>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

// Sum of x[t] x[t - lag] over n.
double autocovariance(const std::vector<double>& residuals, std::size_t lag, PollEvery& poll);

// Newey and West (1987): autocovariances up to `lags`, weighted by Bartlett's window. lags < residuals.size().
double long_run_variance(const std::vector<double>& residuals, std::size_t lags, PollEvery& poll);

// The number of lags of Hobijn, Franses and Ooms (1998) for it, less than the number of residuals.
std::size_t automatic_bandwidth(const std::vector<double>& residuals, PollEvery& poll);

}  // namespace ecom::core

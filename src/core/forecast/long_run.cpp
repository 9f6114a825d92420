#include "core/forecast/long_run.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/firewall.hpp"

namespace ecom::core {

double autocovariance(const std::vector<double>& residuals, std::size_t lag, PollEvery& poll) {
    constexpr std::size_t kBlock = 65'536;
    double sum = 0.0;
    for (std::size_t start = lag; start < residuals.size(); start += kBlock) {
        const std::size_t end = std::min(residuals.size(), start + kBlock);
        for (std::size_t t = start; t < end; ++t) sum += residuals[t] * residuals[t - lag];
        poll(end - start);
    }
    return sum / static_cast<double>(residuals.size());
}

double long_run_variance(const std::vector<double>& residuals, std::size_t lags, PollEvery& poll) {
    double variance = autocovariance(residuals, 0, poll);
    for (std::size_t k = 1; k <= lags; ++k) {
        const double weight = 1.0 - static_cast<double>(k) / static_cast<double>(lags + 1);
        variance += 2.0 * weight * autocovariance(residuals, k, poll);
    }
    return variance;
}

std::size_t automatic_bandwidth(const std::vector<double>& residuals, PollEvery& poll) {
    const auto n = static_cast<double>(residuals.size());
    const auto known = static_cast<std::size_t>(std::pow(n, 2.0 / 9.0));
    double zeroth = autocovariance(residuals, 0, poll);
    double first = 0.0;
    for (std::size_t k = 1; k <= known; ++k) {
        const double both_sides = 2.0 * autocovariance(residuals, k, poll);
        zeroth += both_sides;
        first += static_cast<double>(k) * both_sides;
    }
    const double share = first / zeroth;
    const double lags = 1.1447 * std::cbrt(share * share) * std::cbrt(n);
    return lags < n - 1.0 ? static_cast<std::size_t>(lags) : residuals.size() - 1;
}

}  // namespace ecom::core

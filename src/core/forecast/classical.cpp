#include "core/forecast/classical.hpp"

#include <cmath>
#include <limits>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// What is not finite has no meaning here: a value over a trend of 0.
double or_missing(double value) { return std::isfinite(value) ? value : kMissing; }

std::vector<double> centred_means(const std::vector<double>& values, std::size_t period, PollEvery& poll) {
    const std::size_t n = values.size();
    const std::size_t half = period / 2;
    std::vector<double> means(n, kMissing);
    // Steps with full weight around the middle; those next to them count half when the period is even.
    const std::size_t reach = period % 2 == 0 ? half - 1 : half;
    double sum = 0.0;
    std::size_t missing = 0;
    std::size_t since_anew = period;
    for (std::size_t i = half; i + half < n; ++i) {
        poll();
        if (since_anew == period) {
            // Anew once a period, so that a huge value is forgotten when it has left.
            since_anew = 0;
            sum = 0.0;
            missing = 0;
            for (std::size_t j = i - reach; j <= i + reach; ++j)
                if (std::isnan(values[j]))
                    ++missing;
                else
                    sum += values[j];
        } else {
            const double leaving = values[i - reach - 1];
            const double entering = values[i + reach];
            if (std::isnan(leaving)) --missing; else sum -= leaving;
            if (std::isnan(entering)) ++missing; else sum += entering;
        }
        ++since_anew;
        if (missing > 0) continue;
        const double ends = period % 2 == 0 ? 0.5 * (values[i - half] + values[i + half]) : 0.0;
        means[i] = (sum + ends) / static_cast<double>(period);
    }
    return means;
}

}  // namespace

std::size_t classical_bytes(std::size_t n, std::size_t period) {
    return mul_size(add_size(mul_size(n, 4), period), sizeof(double));
}

ClassicalResult classical_decomposition(const std::vector<double>& values, std::size_t period, DecompositionType type,
                                        Host& host) {
    PollEvery poll(host);
    const std::size_t n = values.size();
    const bool is_additive = type == DecompositionType::kAdditive;
    ClassicalResult result;
    result.trend = centred_means(values, period, poll);
    const auto without_trend = [&](std::size_t i) {
        return is_additive ? values[i] - result.trend[i] : or_missing(values[i] / result.trend[i]);
    };

    std::vector<double> figure(period);
    double total = 0.0;
    for (std::size_t place = 0; place < period; ++place) {
        double sum = 0.0;
        std::size_t count = 0;
        for (std::size_t i = place; i < n; i += period) {
            poll();
            const double value = without_trend(i);
            if (std::isnan(value)) continue;
            sum += value;
            ++count;
        }
        figure[place] = count == 0 ? kMissing : sum / static_cast<double>(count);
        total += figure[place];
    }
    const double mean = total / static_cast<double>(period);
    for (double& value : figure) value = is_additive ? value - mean : or_missing(value / mean);

    result.seasonal.resize(n);
    result.remainder.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
        result.seasonal[i] = figure[i % period];
        result.remainder[i] = is_additive ? values[i] - result.seasonal[i] - result.trend[i]
                                          : or_missing(values[i] / result.seasonal[i] / result.trend[i]);
    }
    return result;
}

}  // namespace ecom::core

#include "core/forecast/autocorrelation.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/forecast/series.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// Durbin-Levinson: the last coefficient of the autoregression of each order.
std::vector<double> partial(const std::vector<double>& acf, PollEvery& poll) {
    const std::size_t lags = acf.size();
    std::vector<double> pacf(lags, kMissingValue);
    std::vector<double> phi;
    std::vector<double> reversed;
    phi.reserve(lags);
    reversed.reserve(lags);
    for (std::size_t k = 0; k < lags; ++k) {
        double a = acf[k];
        double b = 1.0;
        for (std::size_t j = 0; j < k; ++j) {
            a -= phi[j] * acf[k - 1 - j];
            b -= phi[j] * acf[j];
        }
        poll(k + 1);
        const double next = a / b;
        if (!std::isfinite(next)) break;
        pacf[k] = next;
        reversed.assign(phi.rbegin(), phi.rend());
        for (std::size_t j = 0; j < k; ++j) phi[j] -= next * reversed[j];
        phi.push_back(next);
    }
    return pacf;
}

}  // namespace

std::size_t default_lags(std::size_t n) {
    if (n < 2) return 0;
    return std::min<std::size_t>(n - 1, static_cast<std::size_t>(10.0 * std::log10(static_cast<double>(n))));
}

std::size_t autocorrelation_bytes(std::size_t n, std::size_t lags) {
    return mul_size(add_size(n, mul_size(lags, 5)), sizeof(double));
}

Autocorrelations autocorrelations(const std::vector<double>& values, std::size_t lags, Host& host) {
    PollEvery poll(host);
    Autocorrelations result;
    result.acf.assign(lags, kMissingValue);
    result.pacf.assign(lags, kMissingValue);
    result.statistic.assign(lags, kMissingValue);
    for (const double value : values) result.n += !std::isnan(value);
    if (is_constant(values)) return result;

    std::vector<double> deviations = values;
    remove_unit(deviations);
    double sum = 0.0;
    for (const double value : deviations)
        if (!std::isnan(value)) sum += value;
    const double mean = sum / static_cast<double>(result.n);
    double squares = 0.0;
    for (double& value : deviations) {
        value -= mean;
        if (!std::isnan(value)) squares += value * value;
    }
    const auto n = static_cast<double>(result.n);
    const double variance = squares / n;
    double box = 0.0;
    const bool is_complete = result.n == values.size();
    for (std::size_t k = 1; k <= lags; ++k) {
        double products = 0.0;
        std::size_t pairs = 0;
        constexpr std::size_t kBlock = 65'536;
        for (std::size_t start = k; start < values.size(); start += kBlock) {
            const std::size_t end = std::min(values.size(), start + kBlock);
            if (is_complete) {
                for (std::size_t i = start; i < end; ++i) products += deviations[i] * deviations[i - k];
                pairs += end - start;
            } else {
                for (std::size_t i = start; i < end; ++i) {
                    const double product = deviations[i] * deviations[i - k];
                    if (std::isnan(product)) continue;
                    products += product;
                    ++pairs;
                }
            }
            poll(end - start);
        }
        if (pairs == 0) break;
        // As many as there would be pairs with none missing, and the lag.
        const double r = products / static_cast<double>(pairs + k) / variance;
        result.acf[k - 1] = r;
        box += r * r / (n - static_cast<double>(k));
        if (result.n > k) result.statistic[k - 1] = n * (n + 2.0) * box;
    }
    result.pacf = partial(result.acf, poll);
    return result;
}

}  // namespace ecom::core

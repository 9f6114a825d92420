#include "core/forecast/intermittent.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/forecast/series.hpp"
#include "core/optim/brent.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kIntermittentFrom = 1.32;
constexpr double kVaryingFrom = 0.49;
constexpr double kLeastAlpha = 0.1;
constexpr double kLargestAlpha = 0.3;

std::vector<double> demand_of(const std::vector<double>& values, Host& host) {
    require_memory(host, mul_size(values.size(), 4 * sizeof(double)),
                   "forecasting a demand of " + std::to_string(values.size()) + " periods");
    PollEvery poll(host);
    std::vector<double> present = present_values(values, poll);
    for (const double value : present) {
        poll();
        check_series_value(value);
        if (value < 0.0)
            throw Error(ErrorCode::kInvalidArgument, "demand must not be negative",
                        "Leave returns out, or count them in the period of their sale.");
    }
    return present;
}

void check_alpha(double alpha) {
    if (!(alpha >= 0.0 && alpha <= 1.0))
        throw Error(ErrorCode::kInvalidArgument, "smoothing constant " + std::to_string(alpha) + " is out of range",
                    "Use a number between 0 and 1; 0.1 is usual.");
}

struct Demands {
    std::vector<double> sizes;
    std::vector<double> intervals;  // periods since the demand before, the first since the beginning
};

Demands demands_of(const std::vector<double>& demand, PollEvery& poll) {
    Demands found;
    std::size_t last = 0;
    for (std::size_t t = 0; t < demand.size(); ++t) {
        poll();
        if (demand[t] == 0.0) continue;
        found.sizes.push_back(demand[t]);
        found.intervals.push_back(static_cast<double>(t + 1 - last));
        last = t + 1;
    }
    return found;
}

double smoothed(const std::vector<double>& values, double alpha, PollEvery& poll) {
    double level = values.front();
    for (std::size_t i = 1; i < values.size(); ++i) {
        poll();
        level = alpha * values[i] + (1.0 - alpha) * level;
    }
    return level;
}

double best_smoothed(std::vector<double> values, Host& host) {
    PollEvery poll(host);
    if (is_constant(values)) return values.front();
    const int exponent = remove_unit(values);
    const auto squared_error = [&](double alpha) {
        double level = values.front();
        double sum = 0.0;
        for (std::size_t i = 1; i < values.size(); ++i) {
            poll();
            sum += (values[i] - level) * (values[i] - level);
            level = alpha * values[i] + (1.0 - alpha) * level;
        }
        return sum;
    };
    double alpha = brent_minimize(squared_error, kLeastAlpha, kLargestAlpha, {}, host).x;
    // The search comes near the ends but does not try them.
    for (const double end : {kLeastAlpha, kLargestAlpha})
        if (squared_error(end) <= squared_error(alpha)) alpha = end;
    return std::scalbn(smoothed(values, alpha, poll), exponent);
}

double aggregated(const std::vector<double>& demand, std::size_t block, Host& host) {
    PollEvery poll(host);
    std::vector<double> sums;
    for (std::size_t t = demand.size() % block; t < demand.size(); t += block) {
        poll(block);
        double sum = 0.0;
        for (std::size_t i = t; i < t + block; ++i) sum += demand[i];
        sums.push_back(sum);
    }
    return best_smoothed(std::move(sums), host) / static_cast<double>(block);
}

// To the nearest whole number, halves to the even one; never beyond the series.
std::size_t block_of(const std::vector<double>& intervals) {
    double sum = 0.0;
    for (const double interval : intervals) sum += interval;
    return static_cast<std::size_t>(std::nearbyint(sum / static_cast<double>(intervals.size())));
}

}  // namespace

std::string_view name_of(DemandClass demand) {
    switch (demand) {
        case DemandClass::kSmooth: return "smooth";
        case DemandClass::kErratic: return "erratic";
        case DemandClass::kIntermittent: return "intermittent";
        case DemandClass::kLumpy: return "lumpy";
        case DemandClass::kNone: break;
    }
    return "none";
}

DemandPattern demand_pattern(const std::vector<double>& values, Host& host) {
    std::vector<double> demand = demand_of(values, host);
    remove_unit(demand);
    PollEvery poll(host);
    DemandPattern pattern;
    pattern.n = demand.size();
    const Demands found = demands_of(demand, poll);
    pattern.demands = found.sizes.size();
    if (found.sizes.empty()) return pattern;
    const auto count = static_cast<double>(found.sizes.size());
    double sum = 0.0;
    for (const double size : found.sizes) sum += size;
    const double mean = sum / count;
    double squares = 0.0;
    for (const double size : found.sizes) squares += (size - mean) * (size - mean);
    pattern.mean_interval = static_cast<double>(demand.size()) / count;
    pattern.squared_variation = squares / count / (mean * mean);
    const bool is_intermittent = *pattern.mean_interval >= kIntermittentFrom;
    const bool is_varying = *pattern.squared_variation >= kVaryingFrom;
    pattern.demand = is_intermittent ? (is_varying ? DemandClass::kLumpy : DemandClass::kIntermittent)
                                     : (is_varying ? DemandClass::kErratic : DemandClass::kSmooth);
    return pattern;
}

double croston(const std::vector<double>& values, double alpha, Host& host) {
    check_alpha(alpha);
    PollEvery poll(host);
    const Demands found = demands_of(demand_of(values, host), poll);
    if (found.sizes.empty()) return 0.0;
    return smoothed(found.sizes, alpha, poll) / smoothed(found.intervals, alpha, poll);
}

double sba(const std::vector<double>& values, double alpha, Host& host) {
    return croston(values, alpha, host) * (1.0 - alpha / 2.0);
}

double tsb(const std::vector<double>& values, double size_alpha, double probability_alpha, Host& host) {
    check_alpha(size_alpha);
    check_alpha(probability_alpha);
    const std::vector<double> demand = demand_of(values, host);
    PollEvery poll(host);
    const Demands found = demands_of(demand, poll);
    if (found.sizes.empty()) return 0.0;
    std::vector<double> occurs;
    occurs.reserve(demand.size());
    for (const double value : demand) occurs.push_back(value != 0.0 ? 1.0 : 0.0);
    return smoothed(found.sizes, size_alpha, poll) * smoothed(occurs, probability_alpha, poll);
}

double adida(const std::vector<double>& values, Host& host) {
    const std::vector<double> demand = demand_of(values, host);
    PollEvery poll(host);
    const Demands found = demands_of(demand, poll);
    return found.sizes.empty() ? 0.0 : aggregated(demand, block_of(found.intervals), host);
}

double imapa(const std::vector<double>& values, Host& host) {
    const std::vector<double> demand = demand_of(values, host);
    PollEvery poll(host);
    const Demands found = demands_of(demand, poll);
    if (found.sizes.empty()) return 0.0;
    const std::size_t largest = block_of(found.intervals);
    double sum = 0.0;
    for (std::size_t block = 1; block <= largest; ++block) sum += aggregated(demand, block, host);
    return sum / static_cast<double>(largest);
}

}  // namespace ecom::core

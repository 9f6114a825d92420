#include "core/stats/scaling.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

Scaling standard(const DistinctValues& column, Host& host) {
    const auto n = static_cast<double>(column.rows);
    // Deviations from a value in the middle cancel little, and relative to the range their squares stay
    // in range.
    const double middle = column.values[column.values.size() / 2];
    const double range = column.values.back() - column.values.front();
    double mean = 0.0;
    double squares = 0.0;
    PollEvery poll(host);
    for (std::size_t i = 0; i < column.values.size(); ++i) {
        poll();
        mean += column.counts[i] / n * ((column.values[i] - middle) / range);
    }
    for (std::size_t i = 0; i < column.values.size(); ++i) {
        poll();
        const double deviation = (column.values[i] - middle) / range - mean;
        squares += column.counts[i] / n * deviation * deviation;
    }
    return {middle + mean * range, std::sqrt(squares) * range};
}

// Quantile `numerator` / 4 by linear interpolation of order statistics.
double quartile(const DistinctValues& column, const std::vector<std::uint64_t>& ends, std::uint64_t numerator) {
    const std::uint64_t position = (column.rows - 1) * numerator;
    const auto order_statistic = [&](std::uint64_t rank) {
        const auto end = std::upper_bound(ends.begin(), ends.end(), rank);
        return column.values[static_cast<std::size_t>(end - ends.begin())];
    };
    const double low = order_statistic(position / 4);
    const double share = static_cast<double>(position % 4) / 4.0;
    if (share == 0.0) return low;
    return low * (1.0 - share) + order_statistic(position / 4 + 1) * share;
}

Scaling robust(const DistinctValues& column) {
    std::vector<std::uint64_t> ends(column.counts.size());
    std::transform(column.counts.begin(), column.counts.end(), ends.begin(),
                   [](double count) { return static_cast<std::uint64_t>(count); });
    std::partial_sum(ends.begin(), ends.end(), ends.begin());
    return {quartile(column, ends, 2), quartile(column, ends, 3) - quartile(column, ends, 1)};
}

}  // namespace

ScalingMethod parse_scaling(std::string_view name) {
    if (name == "none") return ScalingMethod::kNone;
    if (name == "standard") return ScalingMethod::kStandard;
    if (name == "minmax") return ScalingMethod::kMinMax;
    if (name == "robust") return ScalingMethod::kRobust;
    throw Error(ErrorCode::kInvalidArgument, "unknown scaling \"" + std::string(name) + "\"",
                "Use none, standard, minmax or robust.");
}

std::string_view name_of(ScalingMethod method) {
    switch (method) {
        case ScalingMethod::kNone: return "none";
        case ScalingMethod::kStandard: return "standard";
        case ScalingMethod::kMinMax: return "minmax";
        case ScalingMethod::kRobust: break;
    }
    return "robust";
}

Scaling fit_scaling(const DistinctValues& column, ScalingMethod method, Host& host) {
    if (method == ScalingMethod::kNone) return {};
    const double smallest = column.values.front();
    const double largest = column.values.back();
    Scaling scaling{smallest, 0.0};
    if (smallest < largest) {
        if (method == ScalingMethod::kStandard) scaling = standard(column, host);
        if (method == ScalingMethod::kMinMax) scaling.scale = largest - smallest;
        if (method == ScalingMethod::kRobust) scaling = robust(column);
    }
    if (!std::isfinite(scaling.centre) || !std::isfinite(scaling.scale))
        throw Error(ErrorCode::kNonFiniteInput, "values are too large to be scaled",
                    "Divide the column by a constant first: scaled values do not change.");
    if (scaling.scale == 0.0) scaling.scale = 1.0;
    return scaling;
}

}  // namespace ecom::core

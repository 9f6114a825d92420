#include "core/stats/quantile.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// Places the order statistics at positions[lo..hi) inside values[first..last): the middle one
// splits the range in two, so each element is visited O(log k) times.
void multi_select(std::vector<double>& values, std::size_t first, std::size_t last,
                  const std::vector<std::size_t>& positions, std::size_t lo, std::size_t hi,
                  PollEvery& poll) {
    if (lo >= hi || first >= last) return;
    const std::size_t middle = lo + (hi - lo) / 2;
    const std::size_t position = positions[middle];
    const auto begin = values.begin();
    using Offset = std::vector<double>::difference_type;
    std::nth_element(begin + static_cast<Offset>(first), begin + static_cast<Offset>(position),
                     begin + static_cast<Offset>(last), [&](double a, double b) {
                         poll();
                         return a < b;
                     });
    multi_select(values, first, position, positions, lo, middle, poll);
    multi_select(values, position + 1, last, positions, middle + 1, hi, poll);
}

double interpolate(double low, double high, double fraction) {
    const double spread = high - low;
    return std::isfinite(spread) ? low + spread * fraction
                                 : low * (1.0 - fraction) + high * fraction;
}

}  // namespace

std::vector<double> quantile_cuts(std::vector<double>& values, int k, Host& host) {
    const auto parts = static_cast<std::uint64_t>(k);
    const std::uint64_t span = values.size() - 1;

    std::vector<std::size_t> positions;
    for (std::uint64_t i = 1; i < parts; ++i) {
        positions.push_back(span * i / parts);
        if (span * i % parts != 0) positions.push_back(span * i / parts + 1);
    }
    std::sort(positions.begin(), positions.end());
    positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
    PollEvery poll(host);
    multi_select(values, 0, values.size(), positions, 0, positions.size(), poll);

    std::vector<double> cuts;
    for (std::uint64_t i = 1; i < parts; ++i) {
        const std::size_t position = span * i / parts;
        const auto remainder = static_cast<double>(span * i % parts);
        const double cut = remainder == 0.0
                               ? values[position]
                               : interpolate(values[position], values[position + 1],
                                             remainder / static_cast<double>(k));
        // Selection leaves equal values in any order; -0 becomes 0, so that it does not show.
        cuts.push_back(cut + 0.0);
    }
    return cuts;
}

Range range_of(const std::vector<double>& values, Host& host) {
    Range range{values.front(), values.front()};
    PollEvery poll(host);
    for (const double v : values) {
        poll();
        range.min = std::min(range.min, v);
        range.max = std::max(range.max, v);
    }
    return {range.min + 0.0, range.max + 0.0};
}

}  // namespace ecom::core

#include "core/forecast/extreme_deviates.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/forecast/series.hpp"
#include "core/stats/distributions.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

struct Middle {
    double center;
    double scale;
};

// Of sorted values [first, last).
Middle moments(const std::vector<double>& sorted, std::size_t first, std::size_t last) {
    const auto n = static_cast<double>(last - first);
    double mean = 0.0, squares = 0.0;
    for (std::size_t i = first; i < last; ++i) mean += sorted[i] / n;
    for (std::size_t i = first; i < last; ++i) squares += (sorted[i] - mean) * (sorted[i] - mean);
    return {mean, std::sqrt(squares / (n - 1.0))};
}

double middle_of(const std::vector<double>& sorted, std::size_t first, std::size_t last) {
    const std::size_t n = last - first;
    return n % 2 == 1 ? sorted[first + n / 2] : (sorted[first + n / 2 - 1] + sorted[first + n / 2]) / 2.0;
}

Middle medians(const std::vector<double>& sorted, std::size_t first, std::size_t last, std::vector<double>& distances) {
    const double center = middle_of(sorted, first, last);
    distances.clear();
    for (std::size_t i = first; i < last; ++i) distances.push_back(std::fabs(sorted[i] - center));
    const auto half = static_cast<std::ptrdiff_t>(distances.size() / 2);
    std::nth_element(distances.begin(), distances.begin() + half, distances.end());
    double mad = distances[static_cast<std::size_t>(half)];
    if (distances.size() % 2 == 0) mad = (mad + *std::max_element(distances.begin(), distances.begin() + half)) / 2.0;
    return {center, 1.4826 * mad};
}

// Largest distance, in deviations, that n normal values show but for a chance of `level`.
double critical_deviate(std::size_t n, double level) {
    const auto count = static_cast<double>(n);
    const double t = -student_t_quantile(level / (2.0 * count), count - 2.0);
    return (count - 1.0) * t / std::sqrt((count - 2.0 + t * t) * count);
}

}  // namespace

void ExtremeDeviateParams::check() const {
    if (!(max_share > 0.0 && max_share < 0.5))
        throw Error(ErrorCode::kInvalidArgument, "max_share must be above 0 and below 0.5",
                    "It is the share of the values that may be outliers: 0.1 for one of ten.");
    if (!(level > 0.0 && level < 1.0))
        throw Error(ErrorCode::kInvalidArgument, "level must be above 0 and below 1",
                    "It is the chance of finding an outlier among normal values: 0.05 is usual.");
}

std::size_t extreme_deviate_bytes(std::size_t n) { return 40 * n; }

std::vector<ExtremeDeviate> extreme_deviates(const std::vector<double>& given, const ExtremeDeviateParams& params, Host& host) {
    params.check();
    const std::size_t n = given.size();
    if (n < 3) return {};
    std::vector<double> values = given;
    remove_unit(values);
    std::vector<std::size_t> order(n);
    for (std::size_t i = 0; i < n; ++i) order[i] = i;
    PollEvery poll(host);
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        poll();
        return values[a] != values[b] ? values[a] < values[b] : a < b;
    });
    std::vector<double> sorted, distances;
    for (const std::size_t i : order) sorted.push_back(values[i]);

    // Rounding must not take a candidate away: a tenth of 30 values are 3.
    const auto most = std::min(n - 2, static_cast<std::size_t>(params.max_share * static_cast<double>(n) + 1e-9));
    std::vector<ExtremeDeviate> found;
    std::size_t first = 0, last = n;
    for (std::size_t k = 0; k < most; ++k) {
        host.poll();
        const Middle middle = params.robust ? medians(sorted, first, last, distances) : moments(sorted, first, last);
        // Values that are all equal have a scale of rounding errors.
        if (sorted[first] == sorted[last - 1] || !(middle.scale > 0.0)) break;
        const double below = middle.center - sorted[first], above = sorted[last - 1] - middle.center;
        ExtremeDeviate candidate{};
        candidate.statistic = std::max(below, above) / middle.scale;
        candidate.critical = critical_deviate(last - first, params.level);
        if (below >= above) {
            candidate.index = order[first++];
        } else {
            // Of equal values the first is taken away.
            const auto equal = std::lower_bound(sorted.begin() + static_cast<std::ptrdiff_t>(first),
                                                sorted.begin() + static_cast<std::ptrdiff_t>(last), sorted[last - 1]);
            const auto place = equal - sorted.begin();
            candidate.index = order[static_cast<std::size_t>(place)];
            std::rotate(order.begin() + place, order.begin() + place + 1, order.begin() + static_cast<std::ptrdiff_t>(last));
            --last;
        }
        found.push_back(candidate);
    }
    std::size_t outliers = 0;
    for (std::size_t k = 0; k < found.size(); ++k)
        if (found[k].statistic > found[k].critical) outliers = k + 1;
    for (std::size_t k = 0; k < outliers; ++k) found[k].is_outlier = true;
    return found;
}

}  // namespace ecom::core

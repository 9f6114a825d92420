#include "core/stats/anomaly.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/base/error.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// 1 / quantile(0.75) of the normal distribution, and sqrt(pi / 2): what makes the median and the mean of the absolute
// deviations estimate the standard deviation of normal noise.
constexpr double kMadToSigma = 1.4826022185056018;
constexpr double kMeanDeviationToSigma = 1.2533141373155003;

constexpr std::size_t kShortestWindow = 15;

// Beyond this size differences and lines through them could overflow.
constexpr double kLargest = 1e300;

// Residuals below this share of the largest value are what rounding leaves.
constexpr double kRounding = 1e-12;

// Points that a line is laid through at most: its slopes are of all pairs.
constexpr std::size_t kLinePoints = 200;

// Median of the values, which are reordered; NaN for none.
double median(std::vector<double>& values) {
    if (values.empty()) return kMissing;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    if (values.size() % 2 == 1) return *middle;
    const double below = *std::max_element(values.begin(), middle);
    return below + (*middle - below) / 2.0;
}

// The values of a window in ascending order, for its median.
class SortedWindow {
public:
    void insert(double value) {
        if (std::isnan(value)) return;
        values_.insert(std::upper_bound(values_.begin(), values_.end(), value), value);
    }
    void remove(double value) {
        if (std::isnan(value)) return;
        values_.erase(std::lower_bound(values_.begin(), values_.end(), value));
    }
    double median() const {
        const std::size_t n = values_.size();
        if (n == 0) return kMissing;
        const double upper = values_[n / 2];
        if (n % 2 == 1) return upper;
        const double lower = values_[n / 2 - 1];
        return lower + (upper - lower) / 2.0;
    }

private:
    std::vector<double> values_;
};

struct Line {
    double center;  // position at which the height is taken
    double height;
    double slope;

    double at(std::size_t position) const {
        return height + slope * (static_cast<double>(position) - center);
    }
};

// The repeated median line (Siegel, 1982) through values[first .. last): the median over the points of the median of
// the slopes to all others. Half of the points may be anything.
Line repeated_median_line(const std::vector<double>& values, std::size_t first, std::size_t last,
                          PollEvery& poll) {
    struct Point {
        double x;
        double y;
    };
    const double center = static_cast<double>(first + last - 1) / 2.0;
    const std::size_t stride = (last - first + kLinePoints - 1) / kLinePoints;
    std::vector<Point> points;
    for (std::size_t i = first; i < last; i += stride)
        if (!std::isnan(values[i])) points.push_back({static_cast<double>(i) - center, values[i]});

    std::vector<double> slopes;
    std::vector<double> slopes_of_one;
    for (const Point& a : points) {
        slopes_of_one.clear();
        for (const Point& b : points) {
            poll();
            if (b.x != a.x) slopes_of_one.push_back((b.y - a.y) / (b.x - a.x));
        }
        if (!slopes_of_one.empty()) slopes.push_back(median(slopes_of_one));
    }
    const double slope = slopes.empty() ? 0.0 : median(slopes);
    std::vector<double> heights;
    for (const Point& point : points) heights.push_back(point.y - slope * point.x);
    return {center, median(heights), slope};
}

// Median of the centred window of `width` (odd, at most n) around every value; the ends from a line.
std::vector<double> running_trend(const std::vector<double>& values, std::size_t width,
                                  PollEvery& poll) {
    const std::size_t n = values.size();
    const std::size_t half = width / 2;
    std::vector<double> trend(n);
    SortedWindow window;
    for (std::size_t i = 0; i < width; ++i) window.insert(values[i]);
    for (std::size_t i = half; i + half < n; ++i) {
        poll();
        if (i > half) {
            window.remove(values[i - half - 1]);
            window.insert(values[i + half]);
        }
        trend[i] = window.median();
    }
    const Line head = repeated_median_line(values, 0, width, poll);
    const Line tail = repeated_median_line(values, n - width, n, poll);
    for (std::size_t i = 0; i < half; ++i) {
        trend[i] = head.at(i);
        trend[n - 1 - i] = tail.at(n - 1 - i);
    }
    return trend;
}

// The slope by which a series grows, untouched by its season: the median of the slopes between values half of the series
// apart, rounded down to whole periods (Theil, 1950, the incomplete method; Hirsch et al., 1982). 0 without such pairs.
double seasonal_slope(const std::vector<double>& values, std::size_t period, PollEvery& poll) {
    const std::size_t lag = period * std::max<std::size_t>(1, values.size() / (2 * period));
    std::vector<double> slopes;
    for (std::size_t i = lag; i < values.size(); ++i) {
        poll();
        const double slope = (values[i] - values[i - lag]) / static_cast<double>(lag);
        if (!std::isnan(slope)) slopes.push_back(slope);
    }
    return slopes.empty() ? 0.0 : median(slopes);
}

// Median of the one period around every value, flat at the ends. A window of exactly one period holds every position
// of the season once, so that an unbent season leaves no trace; for an even period it is the mean of the two that
// are centred best.
std::vector<double> medians_of_one_period(const std::vector<double>& values, std::size_t period,
                                          PollEvery& poll) {
    const std::size_t windows = values.size() - period + 1;
    std::vector<double> medians;
    medians.reserve(windows);
    SortedWindow window;
    for (std::size_t i = 0; i < values.size(); ++i) {
        poll();
        if (i >= period) window.remove(values[i - period]);
        window.insert(values[i]);
        if (i + 1 >= period) medians.push_back(window.median());
    }
    std::vector<double> trend(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t start = std::min(i - std::min(i, period / 2), windows - 1);
        const std::size_t other = period % 2 == 0 ? std::min(start + 1, windows - 1) : start;
        trend[i] = medians[start] + (medians[other] - medians[start]) / 2.0;
    }
    return trend;
}

// Median of what the trend leaves at each position of the period; NaN for a position without values.
std::vector<double> seasonal_medians(const std::vector<double>& values, const std::vector<double>& trend,
                                     std::size_t period, PollEvery& poll) {
    std::vector<double> season(period);
    std::vector<double> residuals;
    for (std::size_t phase = 0; phase < period; ++phase) {
        residuals.clear();
        for (std::size_t i = phase; i < values.size(); i += period) {
            poll();
            const double residual = values[i] - trend[i];
            if (!std::isnan(residual)) residuals.push_back(residual);
        }
        season[phase] = median(residuals);
    }
    return season;
}

// Standard deviation of normal noise with these residuals, which are reordered; their middle is 0.
double robust_scale(std::vector<double>& residuals) {
    double sum = 0.0;
    for (double& residual : residuals) {
        residual = std::fabs(residual);
        sum += residual;
    }
    const double mad = median(residuals);
    return mad > 0.0 ? kMadToSigma * mad
                     : kMeanDeviationToSigma * (sum / static_cast<double>(residuals.size()));
}

// The share of the scale of normal noise that is left in residuals from a season of the median of `cycles` values and
// a running median over `width`.
double share_of_noise(double cycles, std::size_t width) {
    return (1.0 - 1.2 / cycles - 0.75 / (cycles * cycles)) * (1.0 - 1.2 / static_cast<double>(width));
}

std::size_t odd(std::size_t n) { return n | 1; }

}  // namespace

void AnomalyParams::check() const {
    if (seasonal_period < 1 || seasonal_period > kMaxSeasonalPeriod)
        throw Error(ErrorCode::kInvalidArgument,
                    "seasonal period " + std::to_string(seasonal_period) + " is out of range",
                    "Use the number of rows after which a season repeats, 1 to " +
                        std::to_string(kMaxSeasonalPeriod) + ": 7 for days, 12 for months, 1 for none.");
    if (!(threshold > 0.0) || std::isinf(threshold))
        throw Error(ErrorCode::kInvalidArgument, "threshold must be a positive number",
                    "3.5 robust standard deviations are usual; a larger number flags fewer values.");
}

std::size_t anomaly_values_needed(int seasonal_period) {
    return std::max<std::size_t>(10, 3 * static_cast<std::size_t>(seasonal_period));
}

std::size_t anomaly_bytes(std::size_t n) { return n * 100; }

AnomalyScores anomaly_scores(const std::vector<double>& values, const AnomalyParams& params, Host& host) {
    params.check();
    const std::size_t n = values.size();
    const auto period = static_cast<std::size_t>(params.seasonal_period);
    std::size_t present = 0;
    double largest = 0.0;
    for (const double value : values) {
        if (std::fabs(value) > kLargest)
            throw Error(ErrorCode::kNonFiniteInput, "values of a series must be finite and below 1e300",
                        "Turn infinite values into NULL.");
        if (std::isnan(value)) continue;
        ++present;
        largest = std::max(largest, std::fabs(value));
    }
    AnomalyScores result;
    result.expected.assign(n, kMissing);
    result.score.assign(n, kMissing);
    if (present < anomaly_values_needed(params.seasonal_period)) return result;

    PollEvery poll(host);
    const std::size_t longest = n % 2 == 1 ? n : n - 1;
    const std::size_t width = std::min(longest, std::max(kShortestWindow, odd(2 * period)));
    // Without its growth first: within a week of growth medians could not tell it from a season.
    const double slope = seasonal_slope(values, period, poll);
    const auto growth = [slope](std::size_t i) { return slope * static_cast<double>(i); };
    std::vector<double> level(n);
    for (std::size_t i = 0; i < n; ++i) level[i] = values[i] - growth(i);
    std::vector<double> season(period, 0.0);
    std::vector<double> rest = level;
    std::vector<double> trend;
    if (period == 1) {
        trend = running_trend(rest, width, poll);
    } else {
        trend = medians_of_one_period(level, period, poll);
        for (int pass = 0; pass < 2; ++pass) {
            season = seasonal_medians(level, trend, period, poll);
            for (std::size_t i = 0; i < n; ++i) rest[i] = level[i] - season[i % period];
            trend = running_trend(rest, width, poll);
        }
    }

    std::vector<double> residuals;
    residuals.reserve(present);
    for (std::size_t i = 0; i < n; ++i)
        if (const double residual = rest[i] - trend[i]; !std::isnan(residual))
            residuals.push_back(residual);
    const double middle = median(residuals);
    const auto without_rounding = [&](double residual) {
        return std::fabs(residual) <= kRounding * largest ? 0.0 : residual;
    };
    for (double& residual : residuals) residual = without_rounding(residual - middle);
    const double cycles = period > 1 ? static_cast<double>(present) / static_cast<double>(period)
                                     : std::numeric_limits<double>::infinity();
    const double scale = robust_scale(residuals) / share_of_noise(cycles, width);
    result.margin = params.threshold * scale;
    for (std::size_t i = 0; i < n; ++i) {
        result.expected[i] = growth(i) + trend[i] + season[i % period] + middle;
        const double residual = without_rounding(rest[i] - trend[i] - middle);
        if (!std::isnan(residual)) result.score[i] = scale > 0.0 ? residual / scale : 0.0;
    }
    return result;
}

}  // namespace ecom::core

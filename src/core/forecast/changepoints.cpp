#include "core/forecast/changepoints.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/base/error.hpp"
#include "core/forecast/series.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    if (values.size() % 2 == 1) return *middle;
    return (*middle + *std::max_element(values.begin(), middle)) / 2.0;
}

// Variance of the noise, from differences of neighbours; 0 when none differ in more than one way.
double noise_variance(const std::vector<double>& values) {
    if (values.size() < 3) return 0.0;
    std::vector<double> differences;
    double sum = 0.0, squares = 0.0;
    for (std::size_t i = 1; i < values.size(); ++i) {
        differences.push_back(values[i] - values[i - 1]);
        sum += differences.back();
    }
    const auto n = static_cast<double>(differences.size());
    for (const double d : differences) squares += (d - sum / n) * (d - sum / n);
    const double center = median(differences);
    for (double& d : differences) d = std::fabs(d - center);
    const double scale = 1.4826 * median(differences);
    return scale > 0.0 ? scale * scale / 2.0 : squares / n / 2.0;
}

// Sums up to every position, of values around their mean, so that squares do not cancel.
class Costs {
public:
    Costs(const std::vector<double>& values, ChangeOf change) : change_(change), noise_(noise_variance(values)) {
        for (const double value : values) center_ += value / static_cast<double>(values.size());
        sums_.push_back(0.0);
        squares_.push_back(0.0);
        for (const double value : values) {
            sums_.push_back(sums_.back() + (value - center_));
            squares_.push_back(squares_.back() + (value - center_) * (value - center_));
        }
        // Below this a difference is rounding. Values that are all the same in a segment must not cost minus infinity.
        floor_ = std::max(1e-12 * squares_.back() / static_cast<double>(values.size()), std::numeric_limits<double>::min());
        noise_ = std::max(noise_, floor_);
    }

    double variance(std::size_t begin, std::size_t end) const {
        const auto n = static_cast<double>(end - begin);
        const double sum = sums_[end] - sums_[begin];
        return std::max(0.0, (squares_[end] - squares_[begin] - sum * sum / n) / n);
    }

    double mean(std::size_t begin, std::size_t end) const {
        return center_ + (sums_[end] - sums_[begin]) / static_cast<double>(end - begin);
    }

    double operator()(std::size_t begin, std::size_t end) const {
        const auto n = static_cast<double>(end - begin);
        const double own = variance(begin, end);
        return change_ == ChangeOf::kMean ? n * own / noise_ : n * (std::log(std::max(own, floor_)) + 1.0);
    }

private:
    ChangeOf change_;
    double noise_;
    double center_ = 0.0;
    double floor_ = 0.0;
    std::vector<double> sums_, squares_;
};

}  // namespace

ChangeOf parse_change(std::string_view name) {
    if (name == "mean") return ChangeOf::kMean;
    if (name == "mean_variance") return ChangeOf::kMeanAndVariance;
    throw Error(ErrorCode::kInvalidArgument, "change of \"" + std::string(name) + "\" is not known", "Use mean or mean_variance.");
}

void ChangepointParams::check() const {
    if (penalty && !(*penalty > 0.0 && std::isfinite(*penalty)))
        throw Error(ErrorCode::kInvalidArgument, "penalty must be above 0 and finite",
                    "Leave it out for 3 log n; a higher one finds fewer changes.");
    const std::size_t least = change == ChangeOf::kMean ? 1 : 2;
    if (min_length < least)
        throw Error(ErrorCode::kInvalidArgument, "min_length must be at least " + std::to_string(least),
                    "It is the number of values that a segment must have.");
}

std::size_t changepoint_bytes(std::size_t n) { return 56 * n; }

std::vector<Segment> changepoints(const std::vector<double>& given, const ChangepointParams& params, Host& host) {
    params.check();
    const std::size_t n = given.size();
    if (n == 0) return {};
    std::vector<double> values = given;
    const int exponent = remove_unit(values);
    const Costs cost(values, params.change);
    const double penalty =
        params.penalty.value_or((params.change == ChangeOf::kMean ? 3.0 : 4.0) * std::log(static_cast<double>(n)));
    const std::size_t length = params.min_length;

    // best[t]: least cost of the values before t; before[t]: where their last segment begins.
    constexpr double kInfinite = std::numeric_limits<double>::infinity();
    std::vector<double> best(n + 1, kInfinite);
    std::vector<std::size_t> before(n + 1, 0);
    best[0] = -penalty;
    struct Start {
        std::size_t at;
        // The first end from which on this start can be left out: a later start that beats it needs `length` values itself.
        std::size_t useless_from;
    };
    std::vector<Start> starts{{0, n + 1}};
    PollEvery poll(host);
    for (std::size_t end = std::min(length, n); end <= n; ++end) {
        if (end >= 2 * length && best[end - length] < kInfinite) starts.push_back({end - length, n + 1});
        starts.erase(std::remove_if(starts.begin(), starts.end(), [&](const Start& s) { return s.useless_from <= end; }), starts.end());
        for (const Start& start : starts) {
            poll();
            const double total = best[start.at] + cost(start.at, end) + penalty;
            if (total < best[end]) {
                best[end] = total;
                before[end] = start.at;
            }
        }
        for (Start& start : starts)
            if (start.useless_from > n && best[start.at] + cost(start.at, end) >= best[end]) start.useless_from = end + length;
    }
    std::vector<Segment> segments;
    for (std::size_t end = n; end > 0; end = before[end]) {
        const std::size_t begin = before[end];
        segments.push_back({begin, end, std::scalbn(cost.mean(begin, end), exponent),
                            std::scalbn(std::sqrt(cost.variance(begin, end)), exponent)});
    }
    std::reverse(segments.begin(), segments.end());
    return segments;
}

}  // namespace ecom::core

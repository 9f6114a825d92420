#include "core/forecast/stl.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/base/budget.hpp"
#include "core/forecast/loess.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

std::size_t odd(std::size_t n) { return n | 1; }

// A tenth of a window, rounded up.
std::size_t tenth(std::size_t window) { return (window + 9) / 10; }

struct Windows {
    std::size_t seasonal;
    std::size_t trend;
    std::size_t low_pass;
};

Windows windows_of(const StlParams& params, std::size_t n) {
    Windows windows{};
    // Ten times the series: weights that are all but equal.
    windows.seasonal = params.seasonal_window.value_or(10 * n + 1);
    windows.low_pass = std::max<std::size_t>(3, odd(params.period));
    if (params.trend_window) {
        windows.trend = *params.trend_window;
    } else if (params.period == 1) {
        windows.trend = odd(std::max<std::size_t>(7, n / 4));
    } else {
        const double shortest = 1.5 * static_cast<double>(params.period) /
                                (1.0 - 1.5 / static_cast<double>(windows.seasonal));
        windows.trend = std::max<std::size_t>(3, odd(static_cast<std::size_t>(std::ceil(shortest))));
    }
    return windows;
}

// Means of `width` neighbours: n - width + 1 of them. The sum starts anew once a width, so that a huge value is
// forgotten when it has left.
void moving_average(const double* values, std::size_t n, std::size_t width, double* out, PollEvery& poll) {
    double sum = 0.0;
    for (std::size_t i = 0; i + width <= n; ++i) {
        poll();
        if (i % width == 0) {
            sum = 0.0;
            for (std::size_t j = i; j < i + width; ++j) sum += values[j];
        } else {
            sum += values[i + width - 1] - values[i - 1];
        }
        out[i] = sum / static_cast<double>(width);
    }
}

class Stl {
public:
    Stl(const std::vector<double>& values, const StlParams& params, Host& host)
        : values_(values),
          n_(values.size()),
          period_(params.period),
          windows_(windows_of(params, n_)),
          params_(params),
          poll_(host),
          seasonal_loess_(windows_.seasonal, 0, params.jump.value_or(tenth(windows_.seasonal)), host),
          low_pass_loess_(windows_.low_pass, 1, params.jump.value_or(tenth(windows_.low_pass)), host),
          trend_loess_(windows_.trend, 1, params.jump.value_or(tenth(windows_.trend)), host),
          trend_(n_, 0.0),
          seasonal_(n_, 0.0) {
        for (std::size_t i = 0; i < n_; ++i) {
            if (std::isnan(values[i])) continue;
            present_.push_back(i);
            largest_ = std::max(largest_, std::fabs(values[i]));
        }
        adjusted_.length = n_;
        adjusted_.values.resize(present_.size());
        if (present_.size() < n_) adjusted_.positions = present_;
        low_pass_.length = n_;
        low_pass_.values.resize(n_);
        cycles_.resize(n_ + 2 * period_);
        averaged_.resize(n_ + 2 * period_);
        other_.resize(n_ + 2 * period_);
        empty_place_.resize(period_);
    }

    StlResult run() {
        const int inner = params_.robust || period_ == 1 ? 1 : 2;
        const int outer = params_.robust ? 15 : 0;
        for (int round = 0;; ++round) {
            for (int pass = 0; pass < inner; ++pass) {
                if (period_ > 1) fit_season();
                fit_trend();
            }
            if (round == outer) break;
            weigh();
        }
        if (period_ > 1 && !params_.seasonal_window) average_season();

        StlResult result;
        result.remainder.resize(n_, kMissing);
        result.weight.assign(n_, 1.0);
        for (std::size_t k = 0; k < present_.size(); ++k) {
            const std::size_t i = present_[k];
            result.remainder[i] = values_[i] - seasonal_[i] - trend_[i];
            if (!adjusted_.weights.empty()) result.weight[i] = adjusted_.weights[k];
        }
        if (present_.size() < n_)
            for (std::size_t i = 0; i < n_; ++i)
                if (std::isnan(values_[i])) result.weight[i] = kMissing;
        result.trend = std::move(trend_);
        result.seasonal = std::move(seasonal_);
        return result;
    }

private:
    // Smooths the values at each place of the period, one period beyond both ends, and takes out of that what moves
    // more slowly than the period.
    void fit_season() {
        bool has_empty_place = false;
        for (std::size_t place = 0; place < period_; ++place) {
            place_.positions.clear();
            place_.values.clear();
            place_.weights.clear();
            place_.length = 0;
            bool is_complete = true;
            for (std::size_t i = place; i < n_; i += period_) {
                poll_();
                if (std::isnan(values_[i])) {
                    is_complete = false;
                } else {
                    place_.positions.push_back(place_.length);
                    place_.values.push_back(values_[i] - trend_[i]);
                    if (!weight_at_.empty()) place_.weights.push_back(weight_at_[i]);
                }
                ++place_.length;
            }
            empty_place_[place] = place_.values.empty();
            if (empty_place_[place]) {
                has_empty_place = true;
                continue;
            }
            if (is_complete) place_.positions.clear();
            smoothed_.resize(place_.length);
            seasonal_loess_.smooth(place_, smoothed_.data());
            const std::size_t near = std::min(seasonal_loess_.width(), place_.size());
            const auto before = seasonal_loess_.at(place_, -1.0, 0, near - 1);
            const auto after = seasonal_loess_.at(place_, static_cast<double>(place_.length),
                                                  place_.size() - near, place_.size() - 1);
            double* cycle = cycles_.data() + place;
            cycle[0] = before.value_or(smoothed_.front());
            for (std::size_t k = 0; k < place_.length; ++k) cycle[(k + 1) * period_] = smoothed_[k];
            cycle[(place_.length + 1) * period_] = after.value_or(smoothed_.back());
        }
        if (has_empty_place) fill_empty_places();

        moving_average(cycles_.data(), n_ + 2 * period_, period_, averaged_.data(), poll_);
        moving_average(averaged_.data(), n_ + period_ + 1, period_, other_.data(), poll_);
        moving_average(other_.data(), n_ + 2, 3, low_pass_.values.data(), poll_);
        low_pass_loess_.smooth(low_pass_, averaged_.data());
        for (std::size_t i = 0; i < n_; ++i) seasonal_[i] = cycles_[period_ + i] - averaged_[i];
    }

    // A place without any value lies on the line between the nearest places that have one.
    void fill_empty_places() {
        // Steps to those; twice around, because the period is a circle.
        std::vector<std::size_t> before(period_, 0);
        std::vector<std::size_t> after(period_, 0);
        std::size_t steps = 0;
        for (std::size_t i = 0; i < 2 * period_; ++i) {
            steps = empty_place_[i % period_] ? steps + 1 : 0;
            before[i % period_] = steps;
        }
        steps = 0;
        for (std::size_t i = 2 * period_; i-- > 0;) {
            steps = empty_place_[i % period_] ? steps + 1 : 0;
            after[i % period_] = steps;
        }
        std::size_t place = 0;
        for (std::size_t i = 0; i < cycles_.size(); ++i, place = place + 1 == period_ ? 0 : place + 1) {
            poll_();
            if (!empty_place_[place]) continue;
            const bool has_before = before[place] <= i;
            const bool has_after = i + after[place] < cycles_.size();
            const double low = cycles_[has_before ? i - before[place] : i + after[place]];
            const double high = has_after ? cycles_[i + after[place]] : low;
            cycles_[i] = low + (high - low) * static_cast<double>(before[place]) /
                                   static_cast<double>(before[place] + after[place]);
        }
    }

    void fit_trend() {
        for (std::size_t k = 0; k < present_.size(); ++k)
            adjusted_.values[k] = values_[present_[k]] - seasonal_[present_[k]];
        trend_loess_.smooth(adjusted_, trend_.data());
    }

    // Bisquare of the distance from the fit over six times its median.
    void weigh() {
        std::vector<double> distance(present_.size());
        for (std::size_t k = 0; k < present_.size(); ++k) {
            const std::size_t i = present_[k];
            distance[k] = std::fabs(values_[i] - trend_[i] - seasonal_[i]);
        }
        std::vector<double> sorted = distance;
        const auto compare = [this](double a, double b) { return poll_(), a < b; };
        const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
        std::nth_element(sorted.begin(), middle, sorted.end(), compare);
        const double upper = *middle;
        const double lower = sorted.size() % 2 == 1 ? upper : *std::max_element(sorted.begin(), middle);
        // Below this distances are what rounding leaves of an exact fit, and no outliers.
        const double reach = std::max(3.0 * (lower + upper), 1e-12 * largest_);

        adjusted_.weights.resize(present_.size());
        weight_at_.resize(n_);
        for (std::size_t k = 0; k < present_.size(); ++k) {
            const double share = distance[k] / reach;
            double weight = 0.0;
            if (distance[k] <= 0.001 * reach)
                weight = 1.0;
            else if (distance[k] <= 0.999 * reach)
                weight = (1.0 - share * share) * (1.0 - share * share);
            adjusted_.weights[k] = weight;
            weight_at_[present_[k]] = weight;
        }
    }

    // The same season in every period: the mean over all of them.
    void average_season() {
        for (std::size_t place = 0; place < period_; ++place) {
            double sum = 0.0;
            std::size_t count = 0;
            for (std::size_t i = place; i < n_; i += period_, ++count) sum += seasonal_[i];
            const double mean = sum / static_cast<double>(count);
            for (std::size_t i = place; i < n_; i += period_) seasonal_[i] = mean;
        }
    }

    const std::vector<double>& values_;
    std::size_t n_;
    std::size_t period_;
    Windows windows_;
    StlParams params_;
    PollEvery poll_;
    Loess seasonal_loess_;
    Loess low_pass_loess_;
    Loess trend_loess_;

    double largest_ = 0.0;
    std::vector<double> trend_;
    std::vector<double> seasonal_;
    std::vector<std::size_t> present_;
    std::vector<double> weight_at_;      // by position; empty before the first round is over
    LoessPoints adjusted_;               // values without season, for the trend
    LoessPoints place_;                  // values without trend at one place of the period
    std::vector<double> smoothed_;
    std::vector<bool> empty_place_;
    std::vector<double> cycles_;         // smoothed places, one period longer at both ends
    std::vector<double> averaged_;
    std::vector<double> other_;
    LoessPoints low_pass_;
};

// The mean growth a step between values half of the series apart, a whole number of periods, so that the season has no
// part in it.
double growth(const std::vector<double>& values, std::size_t period) {
    const std::size_t lag = period * std::max<std::size_t>(1, values.size() / (2 * period));
    double mean = 0.0;
    std::size_t count = 0;
    for (std::size_t i = lag; i < values.size(); ++i) {
        const double difference = values[i] - values[i - lag];
        if (std::isnan(difference)) continue;
        ++count;
        mean += (difference - mean) / static_cast<double>(count);
    }
    return mean / static_cast<double>(lag);
}

void check_window(std::size_t window, const char* name) {
    if (window < 3 || window % 2 == 0)
        throw Error(ErrorCode::kInvalidArgument,
                    std::string(name) + " " + std::to_string(window) + " is not an odd number from 3 on",
                    "Use an odd number, as 11: a window has a middle. Leave it out to get the default.");
}

}  // namespace

std::size_t mstl_seasonal_window(std::size_t k) { return 11 + 4 * k; }

void StlParams::check() const {
    if (period < 1)
        throw Error(ErrorCode::kInvalidArgument, "period must be at least 1",
                    "Use the number of rows after which the season repeats: 7 for days, 12 for months, 1 for none.");
    if (seasonal_window) check_window(*seasonal_window, "seasonal window");
    if (trend_window) check_window(*trend_window, "trend window");
}

bool is_decomposable(const std::vector<double>& values, std::size_t period) {
    std::size_t present = 0;
    for (const double value : values) present += !std::isnan(value);
    return present >= std::max<std::size_t>(3, mul_size(2, period));
}

std::size_t stl_bytes(std::size_t n, std::size_t period) {
    // Sixteen vectors of the series at most, three of which are longer by two periods.
    return add_size(mul_size(n, 16 * sizeof(double)), mul_size(period, 9 * sizeof(double)));
}

StlResult stl(const std::vector<double>& values, const StlParams& params, Host& host) {
    params.check();
    return Stl(values, params, host).run();
}

void MstlParams::check() const {
    for (std::size_t i = 0; i < periods.size(); ++i)
        if (periods[i] < 2 || (i > 0 && periods[i] <= periods[i - 1]))
            throw Error(ErrorCode::kInvalidArgument, "periods must be ascending numbers from 2 on",
                        "Give the numbers of rows after which the seasons repeat, as {7,365} for days.");
    if (!seasonal_windows.empty() && seasonal_windows.size() != periods.size())
        throw Error(ErrorCode::kInvalidArgument,
                    std::to_string(seasonal_windows.size()) + " seasonal windows for " +
                        std::to_string(periods.size()) + " periods",
                    "Give one for each period, or none.");
    for (const std::size_t window : seasonal_windows) check_window(window, "seasonal window");
}

std::size_t mstl_bytes(std::size_t n, const MstlParams& params) {
    return add_size(stl_bytes(n, params.periods.empty() ? 1 : std::min(params.periods.back(), n)),
                    mul_size(n, (3 + params.periods.size()) * sizeof(double)));
}

MstlResult mstl(const std::vector<double>& values, const MstlParams& params, Host& host) {
    params.check();
    const std::size_t n = values.size();
    MstlResult result;
    result.seasonals.resize(params.periods.size());
    if (params.periods.empty() && is_decomposable(values, 1)) {
        StlParams trend_only;
        trend_only.period = 1;
        trend_only.robust = params.robust;
        StlResult fit = stl(values, trend_only, host);
        result.trend = std::move(fit.trend);
        result.remainder = std::move(fit.remainder);
    }
    std::vector<std::size_t> kept;
    for (std::size_t k = 0; k < params.periods.size(); ++k)
        if (is_decomposable(values, params.periods[k])) kept.push_back(k);
    if (kept.empty()) return result;

    std::vector<double> rest = values;
    const double slope = params.growth_first ? growth(values, params.periods[kept.back()]) : 0.0;
    for (std::size_t i = 0; i < n; ++i) rest[i] -= slope * static_cast<double>(i);
    const int rounds = kept.size() == 1 ? 1 : 2;
    for (const std::size_t k : kept) result.seasonals[k].assign(n, 0.0);
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t order = 0; order < kept.size(); ++order) {
            const std::size_t k = kept[order];
            std::vector<double>& seasonal = result.seasonals[k];
            for (std::size_t i = 0; i < n; ++i) rest[i] += seasonal[i];
            StlParams of_one;
            of_one.period = params.periods[k];
            of_one.seasonal_window =
                params.seasonal_windows.empty() ? mstl_seasonal_window(order) : params.seasonal_windows[k];
            of_one.robust = params.robust;
            StlResult fit = stl(rest, of_one, host);
            seasonal = std::move(fit.seasonal);
            result.trend = std::move(fit.trend);
            for (std::size_t i = 0; i < n; ++i) rest[i] -= seasonal[i];
        }
    }
    for (std::size_t i = 0; i < n; ++i) {
        rest[i] -= result.trend[i];
        result.trend[i] += slope * static_cast<double>(i);
    }
    result.remainder = std::move(rest);
    return result;
}

}  // namespace ecom::core

#include "core/forecast/regular_series.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/budget.hpp"
#include "core/forecast/series.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::int64_t kMostSteps = 10'000'000;

void check_regressor_count(std::size_t have, std::size_t given) {
    if (have != given)
        throw Error(ErrorCode::kInvalidArgument,
                    "points have " + std::to_string(have) + " and " + std::to_string(given) + " regressors",
                    "Give every point of a series the same number of regressors.");
}

void grow(Points& points, std::size_t more, const Host& host) {
    const std::size_t needed = points.times.size() + more;
    if (needed <= points.times.capacity()) return;
    const std::size_t grown = std::max<std::size_t>({16, needed, 2 * points.times.capacity()});
    require_memory(host, mul_size(grown, 8 * (2 + points.regressor_count)),
                   "a series of " + std::to_string(grown) + " points");
    points.times.reserve(grown);
    points.values.reserve(grown);
    points.regressors.reserve(grown * points.regressor_count);
}

// What the points of one step say.
class StepValue {
public:
    explicit StepValue(Duplicates rule) : rule_(rule) {}
    void add(double value) {
        if (std::isnan(value)) return;
        sum_ += value;
        last_ = value;
        ++count_;
    }
    double value() const {
        if (count_ == 0) return kMissingValue;
        if (rule_ == Duplicates::kLast) return last_;
        return rule_ == Duplicates::kMean ? sum_ / static_cast<double>(count_) : sum_;
    }

private:
    Duplicates rule_;
    double sum_ = 0.0;
    double last_ = 0.0;
    std::size_t count_ = 0;
};

void fill_gaps(std::vector<double>& values, const std::vector<bool>& has_points, Gaps rule) {
    if (rule == Gaps::kMissing) return;
    const std::vector<double> lines = rule == Gaps::kLinear ? interpolated(values) : std::vector<double>{};
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (has_points[i]) continue;
        if (rule == Gaps::kZero) values[i] = 0.0;
        if (rule == Gaps::kLinear) values[i] = lines[i];
        if (rule == Gaps::kPrevious && i > 0) values[i] = values[i - 1];
    }
}

}  // namespace

void Points::add(Time time, double value, const double* given, std::size_t count, const Host& host) {
    if (times.empty()) regressor_count = count;
    check_regressor_count(regressor_count, count);
    grow(*this, 1, host);
    times.push_back(time);
    values.push_back(value);
    regressors.insert(regressors.end(), given, given + count);
    evidence.add(time);
}

void Points::merge(const Points& other, const Host& host) {
    if (other.times.empty()) return;
    if (times.empty()) regressor_count = other.regressor_count;
    check_regressor_count(regressor_count, other.regressor_count);
    grow(*this, other.size(), host);
    times.insert(times.end(), other.times.begin(), other.times.end());
    values.insert(values.end(), other.values.begin(), other.values.end());
    regressors.insert(regressors.end(), other.regressors.begin(), other.regressors.end());
    evidence.merge(other.evidence);
}

Duplicates parse_duplicates(std::string_view name) {
    if (name == "sum") return Duplicates::kSum;
    if (name == "mean") return Duplicates::kMean;
    if (name == "last") return Duplicates::kLast;
    throw Error(ErrorCode::kInvalidArgument, "rule for duplicates \"" + std::string(name) + "\" is not known",
                "Use sum, mean or last.");
}

Gaps parse_gaps(std::string_view name) {
    if (name == "zero") return Gaps::kZero;
    if (name == "linear") return Gaps::kLinear;
    if (name == "previous") return Gaps::kPrevious;
    if (name == "missing") return Gaps::kMissing;
    throw Error(ErrorCode::kInvalidArgument, "rule for gaps \"" + std::string(name) + "\" is not known",
                "Use zero, linear, previous or missing.");
}

RegularSeries continued_series(const Points& points, const TimeGrid& grid, const RegularRules& rules, Host& host) {
    PollEvery poll(host);
    RegularSeries series;
    series.grid = grid;
    series.points = points.size();
    std::vector<std::uint32_t> order(points.size());
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        poll();
        if (points.times[a] != points.times[b]) return points.times[a] < points.times[b];
        // Missing values last; they are all alike.
        const double x = points.values[a], y = points.values[b];
        if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);
        if (x != y) return x < y;
        return std::lexicographical_compare(
            points.regressors.begin() + static_cast<std::ptrdiff_t>(a * points.regressor_count),
            points.regressors.begin() + static_cast<std::ptrdiff_t>((a + 1) * points.regressor_count),
            points.regressors.begin() + static_cast<std::ptrdiff_t>(b * points.regressor_count),
            points.regressors.begin() + static_cast<std::ptrdiff_t>((b + 1) * points.regressor_count));
    });
    if (order.empty()) return series;

    const std::int64_t first = grid.index_of(points.times[order.front()]);
    const std::int64_t last = grid.index_of(points.times[order.back()]);
    if (first < 0)
        throw Error(ErrorCode::kInvalidArgument, "points begin before the end of the series",
                    "Pass points that are later than those the model knows.");
    if (last >= kMostSteps)
        throw Error(ErrorCode::kNotEnoughData,
                    "series would have " + std::to_string(last + 1) + " steps of one " + std::string(name_of(grid.step())),
                    "Use a longer step, such as step => 'month', or fewer years.");
    const auto steps = static_cast<std::size_t>(last + 1);
    require_memory(host, mul_size(steps, 9 + 8 * points.regressor_count), "a series of " + std::to_string(steps) + " steps");
    series.values.assign(steps, kMissingValue);
    series.regressors.assign(points.regressor_count, std::vector<double>(steps, 0.0));
    std::vector<bool> has_points(steps, false);
    std::int64_t last_value = -1;
    for (std::size_t at = 0; at < order.size();) {
        const std::int64_t step = grid.index_of(points.times[order[at]]);
        const auto i = static_cast<std::size_t>(step);
        StepValue value(rules.duplicates);
        std::size_t count = 0;
        for (; at < order.size() && grid.index_of(points.times[order[at]]) == step; ++at, ++count) {
            poll();
            const std::uint32_t p = order[at];
            if (std::isinf(points.values[p]) || std::fabs(points.values[p]) > 1e300)
                throw Error(ErrorCode::kNonFiniteInput, "series has an infinite value",
                            "Turn infinite values into NULL: they count as missing.");
            value.add(points.values[p]);
            for (std::size_t r = 0; r < points.regressor_count; ++r)
                series.regressors[r][i] += points.regressors[p * points.regressor_count + r];
        }
        for (auto& column : series.regressors) column[i] /= static_cast<double>(count);
        has_points[i] = true;
        series.values[i] = value.value();
        if (!std::isnan(series.values[i])) last_value = step;
    }
    const auto kept = static_cast<std::size_t>(last_value + 1);
    series.values.resize(kept);
    has_points.resize(kept);
    for (auto& column : series.regressors) {
        series.future.emplace_back(column.begin() + static_cast<std::ptrdiff_t>(kept), column.end());
        column.resize(kept);
    }
    series.filled = static_cast<std::size_t>(std::count(has_points.begin(), has_points.end(), false));
    fill_gaps(series.values, has_points, rules.gaps);
    return series;
}

RegularSeries regular_series(const Points& points, const StepEvidence& evidence, const RegularRules& rules, Host& host) {
    // Leading missing values say nothing.
    Time first = 0;
    bool has_value = false;
    for (std::size_t i = 0; i < points.size(); ++i)
        if (!std::isnan(points.values[i]) && (!has_value || points.times[i] < first)) {
            first = points.times[i];
            has_value = true;
        }
    if (!has_value) return {};
    std::optional<Step> step = rules.step;
    TimeGrid grid;
    if (step) {
        grid = TimeGrid::of_calendar(*step, first);
    } else {
        step = evidence.step();
        if (!step)
            throw Error(ErrorCode::kNotEnoughData, "times are irregular, so that their step cannot be inferred",
                        "Give it, as in step => 'day': values within a step are then put together.");
        grid = TimeGrid(*step, first, evidence.month_ends());
    }
    if (points.times.end() == std::find_if(points.times.begin(), points.times.end(), [&](Time t) { return t < grid.origin(); }))
        return continued_series(points, grid, rules, host);
    Points later;
    later.regressor_count = points.regressor_count;
    for (std::size_t i = 0; i < points.size(); ++i)
        if (points.times[i] >= grid.origin())
            later.add(points.times[i], points.values[i], points.regressors.data() + i * points.regressor_count,
                      points.regressor_count, host);
    return continued_series(later, grid, rules, host);
}

std::vector<double> interpolated(const std::vector<double>& values) {
    std::vector<double> filled = values;
    std::size_t before = values.size();
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::isnan(values[i])) continue;
        if (before == values.size()) {
            std::fill(filled.begin(), filled.begin() + static_cast<std::ptrdiff_t>(i), values[i]);
        } else {
            const double slope = (values[i] - values[before]) / static_cast<double>(i - before);
            for (std::size_t j = before + 1; j < i; ++j)
                filled[j] = values[before] + slope * static_cast<double>(j - before);
        }
        before = i;
    }
    if (before != values.size())
        std::fill(filled.begin() + static_cast<std::ptrdiff_t>(before), filled.end(), values[before]);
    return filled;
}

void PointsState::encode(Writer& out) const {
    out.i64(horizon_);
    out.string(options_);
    out.u32(static_cast<std::uint32_t>(points_.regressor_count));
    out.u32(static_cast<std::uint32_t>(points_.size()));
    for (std::size_t i = 0; i < points_.size(); ++i) {
        out.poll();
        out.i64(points_.times[i]);
        out.f64(points_.values[i]);
        for (std::size_t r = 0; r < points_.regressor_count; ++r)
            out.f64(points_.regressors[i * points_.regressor_count + r]);
    }
}

PointsState PointsState::decode(Reader& in) {
    const std::int64_t horizon = in.i64();
    PointsState state(horizon, std::string(in.string()));
    Points& points = state.points_;
    points.regressor_count = in.u32();
    if (points.regressor_count > in.remaining()) Reader::corrupt();
    const std::size_t n = in.count(8 * (2 + points.regressor_count));
    for (std::size_t i = 0; i < n; ++i) {
        in.poll();
        points.times.push_back(in.i64());
        if (points.times.back() > (std::int64_t{1} << 62) || points.times.back() < -(std::int64_t{1} << 62)) Reader::corrupt();
        points.evidence.add(points.times.back());
        points.values.push_back(in.f64());
        for (std::size_t r = 0; r < points.regressor_count; ++r) points.regressors.push_back(in.f64());
    }
    in.expect_end();
    return state;
}

}  // namespace ecom::core

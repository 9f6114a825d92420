// From points in any order to a series with one value a step.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/state.hpp"
#include "core/forecast/time_grid.hpp"

namespace ecom::core {

// Columns of regressors, each as long as the series.
using Regressors = std::vector<std::vector<double>>;

// The points of one series as they come. A NaN value is a missing one; its regressors still count, which is how those of
// the future are given: points after the last value.
class Points {
public:
    void add(Time time, double value, const double* regressors, std::size_t regressor_count, const Host& host);
    void merge(const Points& other, const Host& host);

    std::size_t size() const { return times.size(); }
    std::size_t bytes() const { return 8 * (times.capacity() + values.capacity() + regressors.capacity()); }

    std::vector<Time> times;
    std::vector<double> values;
    std::vector<double> regressors;  // point by point
    std::size_t regressor_count = 0;
    StepEvidence evidence;
};

// What becomes of several points within a step, and of steps without any.
enum class Duplicates { kSum, kMean, kLast };
enum class Gaps { kZero, kLinear, kPrevious, kMissing };

Duplicates parse_duplicates(std::string_view name);
Gaps parse_gaps(std::string_view name);

struct RegularSeries {
    TimeGrid grid;
    std::vector<double> values;  // from the first to the last value; NaN where one is missing
    Regressors regressors;       // as long as values
    Regressors future;           // the steps after the last value for which there are points
    std::size_t points = 0;
    std::size_t filled = 0;      // steps without a point

    std::size_t size() const { return values.size(); }
};

struct RegularRules {
    std::optional<Step> step;  // none: inferred
    Duplicates duplicates = Duplicates::kSum;
    Gaps gaps = Gaps::kZero;
};

// Points are sorted by time, and within a time by value, so that sums do not depend on the order of rows. A step whose values
// are all missing is missing; one without points is filled by the rule for gaps, its regressors are 0. Regressors of several
// points are averaged. With a given step, times are put into the calendar's steps.
//
// Empty when no point has a value. Throws kNonFiniteInput for infinities, kNotEnoughData when the step cannot be inferred
// or steps are more than ten million. `evidence` is that of all series that are to have the same step.
RegularSeries regular_series(const Points& points, const StepEvidence& evidence, const RegularRules& rules, Host& host);

// The same on a grid that is given; points before it are refused with kInvalidArgument.
RegularSeries continued_series(const Points& points, const TimeGrid& grid, const RegularRules& rules, Host& host);

// Straight lines through what is missing; at the ends the nearest value. None when nothing is there.
std::vector<double> interpolated(const std::vector<double>& values);

// What a forecasting aggregate collects: points, and the request that came with the first row.
class PointsState final : public State {
public:
    static constexpr std::string_view kKind = "forecast_points";

    PointsState(std::int64_t horizon, std::string options) : horizon_(horizon), options_(std::move(options)) {}

    Points& points() { return points_; }
    const Points& points() const { return points_; }
    std::int64_t horizon() const { return horizon_; }
    const std::string& options() const { return options_; }  // JSON
    void merge(const PointsState& other, const Host& host) { points_.merge(other.points_, host); }

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static PointsState decode(Reader& in);

private:
    std::int64_t horizon_;
    std::string options_;
    Points points_;
};

}  // namespace ecom::core

// What an analyst wants to know of a series first: does it grow, does it repeat, can it be modelled as it is.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/host.hpp"
#include "core/forecast/stl.hpp"
#include "core/forecast/unit_root.hpp"

namespace ecom::core {

// 1 - Var(remainder) / Var(component + remainder), at least 0: the strength of a component (Wang, Smith and Hyndman, 2006).
// None when neither varies. Missing values (NaN in remainder) are left out.
std::optional<double> strength(const std::vector<double>& component, const std::vector<double>& remainder);

// Of the season with this period, from mstl as in R's forecast; none when the series is too short for it or constant.
std::optional<double> seasonal_strength(const std::vector<double>& values, std::size_t period, Host& host);

// Of the trend, beside a season with this period (1: none).
std::optional<double> trend_strength(const std::vector<double>& values, std::size_t period, Host& host);

// Whether to take differences at the period: more than two periods and a seasonal strength above 0.64, as nsdiffs() of
// R's forecast.
bool needs_seasonal_difference(const std::vector<double>& values, std::size_t period, Host& host);

// The name of a step, which says what may repeat: day 7, 30 and 365; week 52; month 12; quarter 4; year nothing.
// Throws kInvalidArgument for another name.
std::vector<std::size_t> candidate_periods(std::string_view grain);

struct Season {
    std::size_t period;
    // Of the variance that trend and other seasons leave, what the place in the period explains: omega squared of the
    // analysis of variance (Hays, 1963), which does not grow when the periods are few, as the strength does.
    double share;
};

// Those of the candidates (ascending, from 2 on) that the series repeats after, the one that explains most first. One
// after the other, each beside those found before, they are tested by an analysis of variance by place in the period. A
// season must
// - explain at least 5 %,
// - be more than noise would show once in a hundred series (F test; degrees of freedom as for noise whose neighbours are
//   correlated),
// - vary more between its places than their means vary by chance (F > 2): otherwise a value is foretold better without
//   it. Of two periods a season must explain a third, of a hundred only the 5 %.
std::vector<Season> find_seasons(const std::vector<double>& values, const std::vector<std::size_t>& candidates,
                                      Host& host);

enum class TrendKind { kRising, kFalling, kChanging, kLevel };
enum class Stationarity { kConstant, kStationary, kAroundTrend, kNot, kUnclear, kUnknown };

struct SeriesProfile {
    std::size_t n = 0;        // steps
    std::size_t missing = 0;  // steps without value
    std::size_t gaps = 0;     // runs of them

    // None of these when fewer than three values are there.
    std::optional<TrendKind> trend;
    std::optional<double> slope;        // of the straight line through the values without season, a step
    std::optional<double> change_rate;  // of that line from first to last step, over the mean; none for a mean of 0
    std::optional<double> trend_strength;

    std::vector<Season> seasons;              // as find_seasons
    std::optional<double> seasonal_strength;  // of the first

    Stationarity stationarity = Stationarity::kUnknown;
    StationarityTest adf;   // of the values without season: constant, aic
    StationarityTest kpss;  // of the same: constant, auto
    std::size_t seasonal_differences = 0;
    std::size_t differences = 0;  // after those
};

std::size_t profile_bytes(std::size_t n, const std::vector<std::size_t>& candidates);

// The caller has counted profile_bytes.
SeriesProfile profile_series(const std::vector<double>& series, const std::vector<std::size_t>& candidates, Host& host);

std::string_view name_of(TrendKind kind);
std::string_view name_of(Stationarity stationarity);

// The profile in plain words; `step` names a step: day.
std::string describe(const SeriesProfile& profile, std::string_view step);

}  // namespace ecom::core

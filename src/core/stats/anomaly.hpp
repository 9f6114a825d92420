// Values of a series that do not fit its season, its trend and its noise.
//
// Expected value = growth + trend + season + middle of the residuals, all by medians, so that the anomalies that are
// looked for do not bend what they are measured against:
// - growth: one slope for the series, the median of the slopes between values half of it apart, a whole number of
//   periods (Theil, 1950; Hirsch, Slack and Smith, 1982);
// - season: for each position in the period, the median over the periods of what the trend leaves, as in S-H-ESD
//   (Hochenbaum, Vallis and Kejariwal, 2017);
// - trend: running median (Tukey, 1977) of what growth and season leave, over twice the period and at least 15 values.
//   A window cannot be centred on the first and last half of it: there the trend is the repeated median line (Siegel,
//   1982) through the outermost window, so that growth up to the last day is no anomaly;
// - season and trend are computed twice, the second time from the first.
//
// Score = residual / scale, the modified z-score of Iglewicz and Hoaglin (1993): the scale is the median absolute
// deviation times 1.4826 (Rousseeuw and Croux, 1993). Where more than half of the residuals are equal it is 0; the
// mean absolute deviation times 1.2533 takes its place. Season and trend follow the noise a little, which makes residuals
// too small: (1 - 1.2 / c - 0.75 / c^2) (1 - 1.2 / w) of it is left, for c values at a position of the season and a
// window of w, as found by simulating normal noise; the scale is divided by that.
//
// O(n w) time for n values and a window of w at worst, near O(n log w) in practice; 100 bytes a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

constexpr int kMaxSeasonalPeriod = 10'080;  // the minutes of a week
constexpr double kAnomalyThreshold = 3.5;

struct AnomalyParams {
    int seasonal_period = 7;  // 1: no season
    double threshold = kAnomalyThreshold;

    // Throws kInvalidArgument unless 1 <= seasonal_period <= kMaxSeasonalPeriod and 0 < threshold < infinity.
    void check() const;
};

// Present values that a series must have: three periods, and ten.
std::size_t anomaly_values_needed(int seasonal_period);

struct AnomalyScores {
    // Per value of the series. NaN where there is none: everywhere for a series that is too short, else at positions
    // of the period, or in windows, without any value.
    std::vector<double> expected;
    // NaN where the value is missing or not expected.
    std::vector<double> score;
    // Half the width of the band within which no value is an anomaly.
    double margin = 0.0;
};

std::size_t anomaly_bytes(std::size_t n);

// `values` in the order of time at equal distances, NaN where one is missing. Throws kNonFiniteInput for infinities
// and values beyond 1e300. The caller has counted anomaly_bytes.
AnomalyScores anomaly_scores(const std::vector<double>& values, const AnomalyParams& params, Host& host);

}  // namespace ecom::core

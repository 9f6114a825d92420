// Decomposition of a series into trend, season and remainder by local regression.
//
// - stl: STL of Cleveland, Cleveland, McRae and Terpenning (1990), with the window lengths and the interpolation of
//   stl() of R; values are those of R to about 1e-13 of them. Robust fits of an even number of values are not always: R asks
//   its partial sort for the two middle distances in descending order, which the sort does not promise to find. Here, as
//   in statsmodels, their median is that of the paper.
// - mstl: several seasons, one after the other, twice (Bandara, Hyndman and Bergmeir, 2021), as mstl() of R's forecast.
//
// Missing values (NaN) have weight 0 in every regression, as the paper has it: nothing is filled in. R refuses them. The
// neighbourhood of a value is then that of the nearest values there are.
//
// O(n) time for any period and window: a window is ten times as long as the step between two regressions.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

// The seasonal window of R's mstl for the k-th of several periods, k from 0: 11, 15, 19, ...
std::size_t mstl_seasonal_window(std::size_t k);

struct StlParams {
    // Steps after which the season repeats; 1: there is none, only the trend is fitted.
    std::size_t period = 7;
    // Periods over which the season may change, odd; none: it is the same in every period.
    std::optional<std::size_t> seasonal_window = 11;
    // Steps over which the trend is straight, odd; none: the shortest that keeps the season out of it, about 1.5 periods,
    // or a quarter of the series without season.
    std::optional<std::size_t> trend_window;
    // Regressions against outliers: 15 rounds, in which a value far from the fit loses weight.
    bool robust = false;
    // Steps between two regressions; none: a tenth of the window.
    std::optional<std::size_t> jump;

    // Throws kInvalidArgument for a period below 1 and windows that are even or below 3.
    void check() const;
};

struct StlResult {
    std::vector<double> trend;
    std::vector<double> seasonal;   // the mean of its neighbours at a place of the season that never has a value
    std::vector<double> remainder;  // NaN where the value is missing
    std::vector<double> weight;     // 0: an outlier without influence, 1: full influence
};

// Whether a series can be decomposed: it has as many values as two periods have steps, and three. (R wants one more than
// two periods; two years of months are just two.)
bool is_decomposable(const std::vector<double>& values, std::size_t period);

std::size_t stl_bytes(std::size_t n, std::size_t period);

// The series must be decomposable. The caller has counted stl_bytes.
StlResult stl(const std::vector<double>& values, const StlParams& params, Host& host);

struct MstlParams {
    std::vector<std::size_t> periods;            // ascending, from 2 on; none: only the trend is fitted
    std::vector<std::size_t> seasonal_windows;   // one a period; empty: mstl_seasonal_window
    bool robust = false;
    // Takes straight growth out first and gives it back to the trend. STL smooths each place of the period by a mean, which
    // growth bends at the ends, and mends that pass by pass: with two or three periods a good part is left in the remainder.
    bool growth_first = false;

    // Throws kInvalidArgument.
    void check() const;
};

struct MstlResult {
    std::vector<double> trend;
    std::vector<std::vector<double>> seasonals;  // empty for a period of which the series has fewer than two
    std::vector<double> remainder;
};

std::size_t mstl_bytes(std::size_t n, const MstlParams& params);

// Seasons of which the series has fewer than two are left out. Empty trend when that leaves none of those asked for, or
// when there are fewer than three values. The caller has counted mstl_bytes.
MstlResult mstl(const std::vector<double>& values, const MstlParams& params, Host& host);

}  // namespace ecom::core

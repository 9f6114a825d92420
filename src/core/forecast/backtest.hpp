// Forecasts of the past: a series is forecast from times at which its later values were not known, and compared with them.
//
// The values before an origin are the training part; the forecast is of the `horizon` steps from it on. Without a horizon
// there is one origin and everything after it is forecast (a split). With one, the origin rolls through the test part
// (Tashman, 2000, "Out-of-sample tests of forecasting accuracy", IJF 16).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/forecast/method.hpp"

namespace ecom::core {

struct BacktestParams {
    double test_share = 0.2;             // of the steps that are not known to the first origin
    std::optional<std::size_t> horizon;  // none: the whole test part
    std::optional<std::size_t> stride;   // steps from origin to origin; none: the horizon
    // False: parameters are estimated at the first origin, and later values are only taken in.
    bool refit = true;

    // Throws kInvalidArgument.
    void check() const;
};

// The known steps at each origin, ascending; none when the series is too short to be split.
std::vector<std::size_t> backtest_origins(std::size_t size, const BacktestParams& params);

// Steps that are forecast from every origin.
std::size_t backtest_horizon(std::size_t size, const BacktestParams& params);

struct BacktestForecast {
    std::size_t origin = 0;    // known steps
    std::string method;        // that was fitted
    std::string status;
    double scale = 0.0;        // naive_scale of the known steps
    Forecast forecast;         // empty when there is none
    std::vector<Interval> intervals;
};

// Forecasts from some origins of a series, which must be in one call unless refit is set.
std::vector<BacktestForecast> backtest(const RegularSeries& series, const FitRequest& request, const BacktestParams& params,
                                       const std::vector<std::size_t>& origins, Host& host);

// The options of one method: those for all, and those in the object of its name.
Document backtest_options(const Document& options, std::string_view method);

}  // namespace ecom::core

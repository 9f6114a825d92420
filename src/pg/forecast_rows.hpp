// What the forms of a forecast share: reading options, and rows of ecom.forecast_row.
#pragma once

#include <optional>
#include <string>

#include "core/forecast/method.hpp"
#include "pg/args.hpp"
#include "pg/results.hpp"

namespace ecom::pg {

// The request that a method and its options (JSON text) describe.
core::FitRequest read_request(std::string_view method, const std::string& options);

// jsonb as text; an empty object for NULL.
std::string json_text(FunctionCallInfo fcinfo, int arg);

// The rows of one series: its forecast, or one row that says why there is none.
struct ForecastRows {
    core::Forecast forecast;
    std::vector<core::Interval> intervals;
    std::vector<core::Time> times;
    std::string method;
    std::string status;

    std::size_t size() const { return times.empty() ? 1 : times.size(); }
};

constexpr int kForecastColumns = 8;

// model: nullptr when there is none. `future` replaces the regressors that came with the points, where given.
ForecastRows forecast_rows(const core::Forecaster* model, std::string status, std::size_t horizon, double level,
                           bool nonnegative, const core::Regressors* future, core::Host& host);

// The same for one series of many: what its regressors do not allow becomes its status.
ForecastRows forecast_rows_of_batch(const core::Forecaster* model, std::string status, std::size_t horizon, double level,
                                    bool nonnegative, core::Host& host);

// Fills kForecastColumns values of row i.
void put_forecast_row(const ForecastRows& rows, std::size_t i, Datum* values, bool* nulls);

}  // namespace ecom::pg

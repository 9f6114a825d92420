#include "pg/forecast_rows.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/base/json.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace ecom::pg {

core::FitRequest read_request(std::string_view method, const std::string& options) {
    return core::fit_request(method, core::from_json(options, "options"));
}

std::string json_text(FunctionCallInfo fcinfo, int arg) {
    if (fcinfo->args[arg].isnull) return "{}";
    const Datum datum = fcinfo->args[arg].value;
    return call([&] {
        Jsonb* json = DatumGetJsonbP(datum);
        return static_cast<const char*>(JsonbToCString(nullptr, &json->root, VARSIZE(json)));
    });
}

ForecastRows forecast_rows(const core::Forecaster* model, std::string status, std::size_t horizon, double level,
                           bool nonnegative, const core::Regressors* future, core::Host& host) {
    ForecastRows rows;
    rows.status = std::move(status);
    if (model == nullptr) return rows;
    core::require_memory(host, core::mul_size(horizon, 64), "a forecast of " + std::to_string(horizon) + " steps");
    const core::FittedSeries& series = model->series();
    rows.method = model->method();
    rows.forecast = model->forecast(horizon, future != nullptr ? *future : series.future, host);
    for (std::size_t i = 0; i < horizon; ++i) {
        rows.times.push_back(series.grid.time_at(static_cast<std::int64_t>(series.size() + i)));
        core::Interval interval = model->interval(rows.forecast, i, level);
        if (nonnegative) {
            rows.forecast.mean[i] = std::max(0.0, rows.forecast.mean[i]);
            interval = {std::max(0.0, interval.low), std::max(0.0, interval.high)};
        }
        rows.intervals.push_back(interval);
    }
    return rows;
}

ForecastRows forecast_rows_of_batch(const core::Forecaster* model, std::string status, std::size_t horizon, double level,
                                    bool nonnegative, core::Host& host) {
    try {
        return forecast_rows(model, std::move(status), horizon, level, nonnegative, nullptr, host);
    } catch (const core::Error& e) {
        if (e.code() != core::ErrorCode::kInvalidArgument && e.code() != core::ErrorCode::kNumericFailure) throw;
        return forecast_rows(nullptr, e.what(), horizon, level, nonnegative, nullptr, host);
    }
}

void put_forecast_row(const ForecastRows& rows, std::size_t i, Datum* values, bool* nulls) {
    std::fill(nulls, nulls + kForecastColumns, false);
    if (rows.times.empty()) {
        std::fill(nulls, nulls + 7, true);
    } else {
        const auto number = [&](int column, double value) {
            values[column] = Float8GetDatum(value);
            nulls[column] = std::isnan(value);
        };
        values[0] = Int32GetDatum(static_cast<std::int32_t>(i + 1));
        values[1] = TimestampGetDatum(rows.times[i]);
        number(2, rows.forecast.mean[i]);
        number(3, rows.intervals[i].low);
        number(4, rows.intervals[i].high);
        number(5, std::sqrt(rows.forecast.variance[i]));
        values[6] = text_datum(rows.method);
    }
    values[7] = text_datum(rows.status);
}

}  // namespace ecom::pg

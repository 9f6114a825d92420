// Forecasts as aggregates; fitted forecasters as models.
#include "core/forecast/forecaster.hpp"

#include <cmath>

#include "core/base/budget.hpp"
#include "core/forecast/series.hpp"
#include "core/stats/confidence.hpp"
#include "pg/agg_state.hpp"
#include "pg/forecast_rows.hpp"
#include "pg/row_values.hpp"

extern "C" {
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

using namespace ecom;
using namespace ecom::pg;
using core::PointsState;

namespace {

void check_finite_time(core::Time time) {
    if (TIMESTAMP_NOT_FINITE(time))
        throw core::Error(core::ErrorCode::kNonFiniteInput, "times of a series must be finite",
                          "Leave rows with infinite times out.");
}

// (state, ts, value [, regressors], ...): options are read with the first row.
template <typename Make>
Datum add_point(FunctionCallInfo fcinfo, int regressors_arg, Make make) {
    const Args args(fcinfo);
    const auto running = writable_state<PointsState>(fcinfo, make);
    if (args.is_null(1)) return running.datum;
    const core::Time time = DatumGetTimestamp(args.datum(1));
    check_finite_time(time);
    const auto value = args.float8(2);
    std::vector<double> regressors;
    if (regressors_arg > 0) regressors = args.float8_array(regressors_arg, "regressors");
    running.state->points().add(time, value.value_or(core::kMissingValue), regressors.data(), regressors.size(),
                                BackendHost());
    return running.datum;
}

std::unique_ptr<core::Forecaster> fit(const PointsState& state, const core::FitRequest& request, std::string& status) {
    BackendHost host;
    return core::fit_points(state.points(), state.points().evidence, request, status, host);
}

// An array of composite values of the type that the function returns arrays of.
Datum row_array(FunctionCallInfo fcinfo, const ForecastRows& rows) {
    const auto element = call([&] { return get_element_type(get_fn_expr_rettype(fcinfo->flinfo)); });
    TupleDesc type = call([&] { return lookup_rowtype_tupdesc_copy(element, -1); });
    std::vector<Datum> elements;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        Datum values[kForecastColumns];
        bool nulls[kForecastColumns];
        put_forecast_row(rows, i, values, nulls);
        elements.push_back(row_datum(type, values, nulls));
    }
    return call([&] {
        return PointerGetDatum(construct_array(elements.data(), static_cast<int>(elements.size()), element, -1, false,
                                               TYPALIGN_DOUBLE));
    });
}

Datum forecast_final(FunctionCallInfo fcinfo, const char* method) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<PointsState> state(fcinfo, 0);
    const core::FitRequest request = read_request(method, state->options());
    const std::size_t horizon = core::check_horizon(state->horizon());
    std::string status;
    const auto model = fit(*state, request, status);
    BackendHost host;
    return row_array(fcinfo, forecast_rows(model.get(), status, horizon, request.level, request.nonnegative, nullptr, host));
}

Datum fit_final(FunctionCallInfo fcinfo, const char* method) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<PointsState> state(fcinfo, 0);
    std::string status;
    const auto model = fit(*state, read_request(method, state->options()), status);
    if (model == nullptr)
        throw core::Error(core::ErrorCode::kNotEnoughData, "series cannot be fitted: " + status,
                          "Pass at least one value at a known time, of a regular step or with a step given.");
    return varlena_datum(core::encode_model(*model));
}

const core::Forecaster& forecaster_arg(FunctionCallInfo fcinfo, int arg) {
    const core::Model& model = CallSite::of(fcinfo).model(fcinfo, arg);
    if (const auto* forecaster = dynamic_cast<const core::Forecaster*>(&model)) return *forecaster;
    throw core::Error(core::ErrorCode::kWrongKind,
                      "model is of kind \"" + std::string(model.kind()) + "\", not a forecaster",
                      "Pass a model of a function such as ecom.ets_fit.");
}

}  // namespace

// (state, ts timestamp, value float8, horizon int [, options jsonb])
ECOM_FUNCTION(ecom_forecast_add) {
    return add_point(fcinfo, 0, [&] {
        return PointsState(Args(fcinfo).int4(3, "horizon"), PG_NARGS() > 4 ? json_text(fcinfo, 4) : "{}");
    });
}

// (state, ts timestamp, value float8, regressors float8[], horizon int [, options jsonb])
ECOM_FUNCTION(ecom_forecast_add_regressors) {
    return add_point(fcinfo, 3, [&] {
        return PointsState(Args(fcinfo).int4(4, "horizon"), PG_NARGS() > 5 ? json_text(fcinfo, 5) : "{}");
    });
}

// (state, ts timestamp, value float8 [, options jsonb])
ECOM_FUNCTION(ecom_fit_add) {
    return add_point(fcinfo, 0, [&] { return PointsState(0, PG_NARGS() > 3 ? json_text(fcinfo, 3) : "{}"); });
}

// (state, ts timestamp, value float8, regressors float8[] [, options jsonb])
ECOM_FUNCTION(ecom_fit_add_regressors) {
    return add_point(fcinfo, 3, [&] { return PointsState(0, PG_NARGS() > 4 ? json_text(fcinfo, 4) : "{}"); });
}

ECOM_FUNCTION(ecom_forecast_combine) {
    BackendHost host;
    return combine_states<PointsState>(fcinfo, host);
}

// The final functions of one method: (state) returns ecom.forecast_row[], and (state) returns ecom.model.
#define ECOM_FORECAST_METHOD(name)                                                    \
    ECOM_FUNCTION(ecom_##name##_forecast_final) { return forecast_final(fcinfo, #name); } \
    ECOM_FUNCTION(ecom_##name##_fit_final) { return fit_final(fcinfo, #name); }

ECOM_FORECAST_METHOD(auto)
ECOM_FORECAST_METHOD(ets)
ECOM_FORECAST_METHOD(theta)
ECOM_FORECAST_METHOD(ces)
ECOM_FORECAST_METHOD(mstl)
ECOM_FORECAST_METHOD(arima)
ECOM_FORECAST_METHOD(regression)
ECOM_FORECAST_METHOD(naive)
ECOM_FORECAST_METHOD(seasonal_naive)
ECOM_FORECAST_METHOD(drift)
ECOM_FORECAST_METHOD(mean)

// (model ecom.model, horizon int, level float8, regressors float8[], nonnegative boolean) returns setof ecom.forecast_row
ECOM_FUNCTION(ecom_model_forecast) {
    RowSink sink(fcinfo);
    const Args args(fcinfo);
    if (args.is_null(0)) return static_cast<Datum>(0);
    const core::Forecaster& model = forecaster_arg(fcinfo, 0);
    const std::size_t horizon = core::check_horizon(args.int4(1, "horizon"));
    const double level = args.required_float8(2, "level");
    core::check_level(level);
    core::Regressors future;
    const std::vector<double> given = args.float8_array(3, "regressors");
    if (const std::size_t columns = model.regressor_count(); columns > 0 && !given.empty()) {
        future.resize(columns);
        for (std::size_t i = 0; i < given.size(); ++i) future[i % columns].push_back(given[i]);
    }
    BackendHost host;
    const ForecastRows rows = forecast_rows(&model, model.series().status, horizon, level, args.boolean(4, "nonnegative"),
                                            given.empty() ? nullptr : &future, host);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        Datum values[kForecastColumns];
        bool nulls[kForecastColumns];
        put_forecast_row(rows, i, values, nulls);
        sink.put(values, nulls);
    }
    return static_cast<Datum>(0);
}

// (model ecom.model) returns setof (step int, ts timestamp, value float8, fitted float8, residual float8)
ECOM_FUNCTION(ecom_model_fitted) {
    RowSink sink(fcinfo);
    if (PG_ARGISNULL(0)) return static_cast<Datum>(0);
    const core::FittedSeries& series = forecaster_arg(fcinfo, 0).series();
    const auto or_null = [](double v) { return std::isnan(v) ? std::nullopt : std::optional<double>(v); };
    for (std::size_t i = 0; i < series.size(); ++i) {
        RowValues<5> row;
        row.put_datum(Int32GetDatum(static_cast<std::int32_t>(i + 1)));
        row.put_datum(TimestampGetDatum(series.grid.time_at(static_cast<std::int64_t>(i))));
        row.put(or_null(series.values[i]));
        row.put(or_null(series.fitted[i]));
        row.put(or_null(series.values[i] - series.fitted[i]));
        row.into(sink);
    }
    return static_cast<Datum>(0);
}

// (model ecom.model, times timestamp[], values float8[], regressors float8[]) returns ecom.model
ECOM_FUNCTION(ecom_model_update) {
    const Args args(fcinfo);
    if (args.is_null(0)) PG_RETURN_NULL();
    const core::Forecaster& known = forecaster_arg(fcinfo, 0);
    const auto copy = core::find_forecaster_decoder(known.kind())(known.body(), known.version());
    auto& model = dynamic_cast<core::Forecaster&>(*copy);
    if (args.is_null(1) || args.is_null(2)) return varlena_datum(core::encode_model(model));

    Datum* times;
    Datum* values;
    bool* time_nulls;
    bool* value_nulls;
    int time_count, value_count;
    const Datum time_array = args.datum(1), value_array = args.datum(2);
    call([&] {
        deconstruct_array(DatumGetArrayTypeP(time_array), TIMESTAMPOID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &times,
                          &time_nulls, &time_count);
        deconstruct_array(DatumGetArrayTypeP(value_array), FLOAT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values,
                          &value_nulls, &value_count);
    });
    const std::vector<double> regressors = args.float8_array(3, "regressors");
    const std::size_t columns = model.regressor_count();
    const auto count = static_cast<std::size_t>(time_count);
    if (time_count != value_count || regressors.size() != columns * count)
        throw core::Error(core::ErrorCode::kInvalidArgument,
                          "arrays do not fit: " + std::to_string(time_count) + " times, " + std::to_string(value_count) +
                              " values, " + std::to_string(regressors.size()) + " regressors",
                          "Give one value a time, and " + std::to_string(columns) + " regressors a time, point by point.");
    BackendHost host;
    core::Points points;
    for (std::size_t i = 0; i < count; ++i) {
        if (time_nulls[i]) continue;
        const core::Time time = DatumGetTimestamp(times[i]);
        check_finite_time(time);
        points.add(time, value_nulls[i] ? core::kMissingValue : DatumGetFloat8(values[i]), regressors.data() + i * columns,
                   columns, host);
    }
    const core::FittedSeries& series = model.series();
    const core::RegularSeries more = core::continued_series(
        points, series.grid.shifted(static_cast<std::int64_t>(series.size())), series.rules, host);
    model.append(more.values, more.regressors, host);
    if (columns > 0) model.series().future = more.future;
    return varlena_datum(core::encode_model(model));
}

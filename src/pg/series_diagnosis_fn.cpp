// Intermittent demand: its class and its forecast as aggregates.
#include "core/forecast/intermittent.hpp"

#include <cmath>

#include "core/forecast/series.hpp"
#include "pg/agg_state.hpp"
#include "pg/row_values.hpp"

using namespace ecom;
using namespace ecom::pg;

// (state) returns ecom.demand_pattern_result: demand_class text, mean_interval float8, squared_variation float8, demands bigint,
// n bigint
ECOM_FUNCTION(ecom_demand_pattern_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::SeriesState> state(fcinfo, 0);
    BackendHost host;
    const core::DemandPattern pattern = core::demand_pattern(state->values(), host);
    RowValues<5> row;
    row.put_datum(text_datum(core::name_of(pattern.demand)));
    row.put(pattern.mean_interval);
    row.put(pattern.squared_variation);
    row.put(static_cast<std::int64_t>(pattern.demands));
    row.put(static_cast<std::int64_t>(pattern.n));
    return row.datum(fcinfo);
}

// (state, value float8, method text)
ECOM_FUNCTION(ecom_intermittent_forecast_add) {
    const Args args(fcinfo);
    const auto running = writable_state<core::SeriesState>(fcinfo, [&] {
        return core::SeriesState(core::SeriesState::Options{{}, {std::string(args.text(2, "method"))}});
    });
    const auto value = args.float8(1);
    // In the core NaN stands for a missing value.
    if (value && std::isnan(*value))
        throw core::Error(core::ErrorCode::kNonFiniteInput, "values of a series must be finite",
                          "Turn NaN values into NULL.");
    running.state->add(value.value_or(core::kMissingValue), BackendHost());
    return running.datum;
}

// (state) returns float8
ECOM_FUNCTION(ecom_intermittent_forecast_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::SeriesState> state(fcinfo, 0);
    const std::vector<double>& values = state->values();
    const std::string_view method = state->options().word(0).value_or("");
    BackendHost host;
    constexpr double kAlpha = 0.1;
    if (method == "croston") PG_RETURN_FLOAT8(core::croston(values, kAlpha, host));
    if (method == "sba") PG_RETURN_FLOAT8(core::sba(values, kAlpha, host));
    if (method == "tsb") PG_RETURN_FLOAT8(core::tsb(values, kAlpha, kAlpha, host));
    if (method == "adida") PG_RETURN_FLOAT8(core::adida(values, host));
    if (method == "imapa") PG_RETURN_FLOAT8(core::imapa(values, host));
    throw core::Error(core::ErrorCode::kInvalidArgument,
                      "method \"" + std::string(method) + "\" of intermittent demand is not known",
                      "Use croston, sba, tsb, adida or imapa.");
}

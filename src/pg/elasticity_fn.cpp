// ecom.price_elasticity, ecom.shrink_estimates, ecom.optimal_price and ecom.price_for_demand.
#include "core/prescribe/elasticity.hpp"

#include "core/base/budget.hpp"
#include "core/prescribe/demand_price.hpp"
#include "pg/agg_state.hpp"
#include "pg/host.hpp"
#include "pg/row_values.hpp"
#include "pg/window_series.hpp"

using namespace ecom;
using namespace ecom::pg;

// (state, price float8, quantity float8 [, controls float8[] [, level float8]])
ECOM_FUNCTION(ecom_elasticity_add) {
    const Args args(fcinfo);
    std::vector<double> controls;
    if (PG_NARGS() > 3) controls = args.float8_array(3, "controls");
    const auto running = writable_state<core::ElasticityState>(fcinfo, [&] {
        return core::ElasticityState(controls.size(), PG_NARGS() > 4 ? args.required_float8(4, "level") : 0.95);
    });
    if (args.is_null(1) || args.is_null(2)) return running.datum;
    if (controls.size() != running.state->controls())
        throw core::Error(core::ErrorCode::kInvalidArgument,
                          "number of controls changes from " + std::to_string(running.state->controls()) + " to " +
                              std::to_string(controls.size()),
                          "Pass an array of the same length in every row; use 0 for what is not there.");
    running.state->add(DatumGetFloat8(args.datum(1)), DatumGetFloat8(args.datum(2)), controls.data(), BackendHost());
    return running.datum;
}

ECOM_FUNCTION(ecom_elasticity_combine) {
    BackendHost host;
    return combine_states<core::ElasticityState>(fcinfo, host);
}

// (state) returns ecom.elasticity_result
ECOM_FUNCTION(ecom_elasticity_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    BackendHost host;
    const ReadableState<core::ElasticityState> state(fcinfo, 0);
    const core::Elasticity result = state->fit(host);
    RowValues<8> row;
    row.put(result.elasticity);
    row.put(result.standard_error);
    row.put(result.low);
    row.put(result.high);
    row.put(result.n);
    row.put(result.prices);
    row.put(result.n > 0 ? std::optional(result.log_price_sd) : std::nullopt);
    row.put(result.r2);
    return row.datum(fcinfo);
}

// (estimate float8, standard_error float8) window, returns ecom.shrinkage_result
ECOM_FUNCTION(ecom_shrink_estimates) {
    const WindowObject window = PG_WINDOW_OBJECT();
    const auto& shrinkage = partition_result<core::Shrinkage>(window, [&] {
        BackendHost host;
        const int64 rows = call([&] { return WinGetPartitionRowCount(window); });
        core::require_memory(host, core::mul_size(static_cast<std::size_t>(rows), 6 * sizeof(double)),
                             "shrinking " + std::to_string(rows) + " estimates");
        const std::vector<double> values = window_series(window, 0, host);
        const std::vector<double> errors = window_series(window, 1, host);
        std::vector<core::Estimate> estimates;
        estimates.reserve(values.size());
        for (std::size_t i = 0; i < values.size(); ++i) estimates.push_back({values[i], errors[i]});
        return core::shrink_estimates(estimates, host);
    });
    const auto known = [](double value) { return std::isnan(value) ? std::nullopt : std::optional(value); };
    const auto place = static_cast<std::size_t>(call([&] { return WinGetCurrentPosition(window); }));
    RowValues<4> row;
    row.put(known(shrinkage.estimates[place].value));
    row.put(known(shrinkage.estimates[place].standard_error));
    row.put(known(shrinkage.mean));
    row.put(known(shrinkage.tau2));
    return row.datum(fcinfo);
}

// (current_price, unit_cost, elasticity, standard_error, max_change float8), strict
ECOM_FUNCTION(ecom_optimal_price) {
    core::PriceParams params;
    params.current_price = PG_GETARG_FLOAT8(0);
    params.unit_cost = PG_GETARG_FLOAT8(1);
    params.elasticity = PG_GETARG_FLOAT8(2);
    params.standard_error = PG_GETARG_FLOAT8(3);
    params.max_change = PG_GETARG_FLOAT8(4);
    BackendHost host;
    const core::PriceAdvice advice = core::optimal_price(params, host);
    RowValues<4> row;
    row.put(advice.price);
    row.put(advice.quantity_change);
    row.put(advice.profit_change);
    row.put(std::isnan(advice.probability_of_gain) ? std::nullopt : std::optional(advice.probability_of_gain));
    return row.datum(fcinfo);
}

// (demand text, intercept, slope, unit_cost float8), strict
ECOM_FUNCTION(ecom_price_for_demand) {
    const std::optional<double> price = core::price_for_demand(core::demand_curve(Args(fcinfo).text(0, "demand")), PG_GETARG_FLOAT8(1),
                                                               PG_GETARG_FLOAT8(2), PG_GETARG_FLOAT8(3));
    if (!price) PG_RETURN_NULL();
    PG_RETURN_FLOAT8(*price);
}

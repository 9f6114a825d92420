// Money, staff and stock: the glue of core/prescribe.
#include "core/prescribe/cash_flow.hpp"
#include "core/prescribe/queueing.hpp"
#include "core/prescribe/simulation.hpp"
#include "core/prescribe/stock.hpp"
#include "pg/agg_state.hpp"
#include "pg/host.hpp"
#include "pg/row_values.hpp"

using namespace ecom;
using namespace ecom::pg;

namespace {

Datum optional_float8(FunctionCallInfo fcinfo, std::optional<double> value) {
    if (!value) return fcinfo->isnull = true, static_cast<Datum>(0);
    return Float8GetDatum(*value);
}

}  // namespace

// (state, period float8, cash_flow float8 [, discount_rate float8 [, reinvest_rate float8]]); flows count in full without a rate
ECOM_FUNCTION(ecom_cash_flow_add) {
    const Args args(fcinfo);
    const auto running = writable_state<core::CashFlowState>(fcinfo, [&] {
        core::RoiParams params;
        params.discount_rate = PG_NARGS() > 3 ? args.required_float8(3, "discount_rate") : 0.0;
        params.reinvest_rate =
            PG_NARGS() > 4 ? args.required_float8(4, "reinvest_rate") : params.discount_rate;
        return core::CashFlowState(params);
    });
    if (!args.is_null(1) && !args.is_null(2))
        running.state->add(DatumGetFloat8(args.datum(1)), DatumGetFloat8(args.datum(2)), BackendHost());
    return running.datum;
}

ECOM_FUNCTION(ecom_cash_flow_combine) {
    BackendHost host;
    return combine_states<core::CashFlowState>(fcinfo, host);
}

ECOM_FUNCTION(ecom_npv_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    BackendHost host;
    const ReadableState<core::CashFlowState> state(fcinfo, 0);
    const core::CashFlows flows = state->flows(host);
    if (flows.empty()) PG_RETURN_NULL();
    PG_RETURN_FLOAT8(flows.npv(state->params().discount_rate));
}

ECOM_FUNCTION(ecom_irr_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    BackendHost host;
    const ReadableState<core::CashFlowState> state(fcinfo, 0);
    const std::vector<double> rates = state->flows(host).irr(host);
    if (rates.size() != 1) PG_RETURN_NULL();
    PG_RETURN_FLOAT8(rates.front());
}

ECOM_FUNCTION(ecom_payback_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    BackendHost host;
    const ReadableState<core::CashFlowState> state(fcinfo, 0);
    const core::CashFlows flows = state->flows(host);
    if (flows.empty()) PG_RETURN_NULL();
    return optional_float8(fcinfo, flows.payback(state->params().discount_rate));
}

// (state) returns ecom.roi_result
ECOM_FUNCTION(ecom_roi_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    BackendHost host;
    const ReadableState<core::CashFlowState> state(fcinfo, 0);
    const core::CashFlows flows = state->flows(host);
    if (flows.empty()) PG_RETURN_NULL();
    const core::Roi roi = core::evaluate(flows, state->params(), host);
    RowValues<12> row;
    row.put(roi.invested);
    row.put(roi.returned);
    row.put(roi.net_benefit);
    row.put(roi.roi);
    row.put(roi.npv);
    row.put(roi.profitability_index);
    row.put(roi.break_even_share);
    row.put(roi.irr);
    row.put_datum(Int32GetDatum(static_cast<std::int32_t>(roi.irr_count)));
    row.put(roi.mirr);
    row.put(roi.payback);
    row.put(roi.discounted_payback);
    return row.datum(fcinfo);
}

// (initial_cost, benefit_per_period float8, periods int, cost_per_period, discount_rate, benefit_low,
// benefit_high, cost_low, cost_high float8, draws int, seed bigint), strict
ECOM_FUNCTION(ecom_roi_montecarlo) {
    core::SimulationParams params;
    params.initial_cost = PG_GETARG_FLOAT8(0);
    params.benefit_per_period = PG_GETARG_FLOAT8(1);
    params.periods = PG_GETARG_INT32(2);
    params.cost_per_period = PG_GETARG_FLOAT8(3);
    params.discount_rate = PG_GETARG_FLOAT8(4);
    params.benefit = {PG_GETARG_FLOAT8(5), PG_GETARG_FLOAT8(6)};
    params.cost = {PG_GETARG_FLOAT8(7), PG_GETARG_FLOAT8(8)};
    params.draws = PG_GETARG_INT32(9);
    params.seed = PG_GETARG_INT64(10);
    BackendHost host;
    const core::SimulationResult result = core::simulate_npv(params, host);
    RowValues<6> row;
    for (const double value : {result.mean_npv, result.sd_npv, result.p05, result.p50, result.p95,
                               result.probability_of_loss})
        row.put(value);
    return row.datum(fcinfo);
}

// (offered_load float8, servers int), strict
ECOM_FUNCTION(ecom_erlang_b) { PG_RETURN_FLOAT8(core::erlang_b(PG_GETARG_FLOAT8(0), PG_GETARG_INT32(1))); }
ECOM_FUNCTION(ecom_erlang_c) { PG_RETURN_FLOAT8(core::erlang_c(PG_GETARG_FLOAT8(0), PG_GETARG_INT32(1))); }

// (arrivals_per_hour, handle_seconds, service_level, target_seconds, max_occupancy float8), strict
ECOM_FUNCTION(ecom_agents_needed) {
    core::StaffingParams params;
    params.arrivals_per_hour = PG_GETARG_FLOAT8(0);
    params.handle_seconds = PG_GETARG_FLOAT8(1);
    params.service_level = PG_GETARG_FLOAT8(2);
    params.target_seconds = PG_GETARG_FLOAT8(3);
    params.max_occupancy = PG_GETARG_FLOAT8(4);
    const core::Staffing staffing = core::staffing(params);
    RowValues<6> row;
    row.put_datum(Int32GetDatum(static_cast<std::int32_t>(staffing.agents)));
    for (const double value : {staffing.offered_load, staffing.occupancy, staffing.wait_probability,
                               staffing.service_level, staffing.mean_wait_seconds})
        row.put(value);
    return row.datum(fcinfo);
}

// (demand, order_cost, holding_cost, supply_rate float8); supply_rate may be NULL
ECOM_FUNCTION(ecom_eoq) {
    const Args args(fcinfo);
    for (const int i : {0, 1, 2})
        if (args.is_null(i)) PG_RETURN_NULL();
    PG_RETURN_FLOAT8(core::economic_order_quantity(DatumGetFloat8(args.datum(0)), DatumGetFloat8(args.datum(1)),
                                                   DatumGetFloat8(args.datum(2)), args.float8(3)));
}

// (demand, order_cost, holding_rate float8, from_quantities, unit_costs float8[]), strict
ECOM_FUNCTION(ecom_order_with_discounts) {
    const Args args(fcinfo);
    const std::vector<double> quantities = args.float8_array(3, "from_quantities");
    const std::vector<double> costs = args.float8_array(4, "unit_costs");
    if (quantities.size() != costs.size())
        throw core::Error(core::ErrorCode::kInvalidArgument,
                          std::to_string(quantities.size()) + " quantities have " + std::to_string(costs.size()) + " unit costs",
                          "Pass one unit cost for each quantity from which it holds.");
    std::vector<core::PriceBreak> breaks;
    for (std::size_t i = 0; i < quantities.size(); ++i) breaks.push_back({quantities[i], costs[i]});
    const core::DiscountedOrder order = core::order_with_discounts(PG_GETARG_FLOAT8(0), PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2), breaks);
    RowValues<3> row;
    for (const double value : {order.quantity, order.unit_cost, order.total_cost}) row.put(value);
    return row.datum(fcinfo);
}

// (demand_mean, demand_sd, lead_time, service_level, lead_time_sd float8), strict
ECOM_FUNCTION(ecom_reorder_point) {
    core::ReorderParams params;
    params.demand_mean = PG_GETARG_FLOAT8(0);
    params.demand_sd = PG_GETARG_FLOAT8(1);
    params.lead_time = PG_GETARG_FLOAT8(2);
    params.service_level = PG_GETARG_FLOAT8(3);
    params.lead_time_sd = PG_GETARG_FLOAT8(4);
    const core::ReorderPoint point = core::reorder_point(params);
    RowValues<4> row;
    for (const double value : {point.demand_in_lead_time, point.sigma, point.safety_stock, point.reorder_point})
        row.put(value);
    return row.datum(fcinfo);
}

// (demand_mean, underage_cost, overage_cost, demand_sd float8); demand_sd may be NULL
ECOM_FUNCTION(ecom_newsvendor) {
    const Args args(fcinfo);
    for (const int i : {0, 1, 2})
        if (args.is_null(i)) PG_RETURN_NULL();
    PG_RETURN_FLOAT8(core::newsvendor(DatumGetFloat8(args.datum(0)), args.float8(3), DatumGetFloat8(args.datum(1)),
                                      DatumGetFloat8(args.datum(2))));
}

// (order_quantity, sigma, safety_stock float8), strict
ECOM_FUNCTION(ecom_fill_rate) {
    PG_RETURN_FLOAT8(core::fill_rate(PG_GETARG_FLOAT8(0), PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2)));
}

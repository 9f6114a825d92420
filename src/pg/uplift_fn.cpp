// ecom.qini, ecom.uplift_agg and ecom.qini_rows.
#include "core/stats/uplift.hpp"

#include "pg/agg_state.hpp"
#include "pg/host.hpp"
#include "pg/row_values.hpp"

using namespace ecom;
using namespace ecom::pg;

// (state, treated boolean, outcome float8, score float8 [, level float8])
ECOM_FUNCTION(ecom_uplift_add) {
    const Args args(fcinfo);
    const auto running = writable_state<core::UpliftState>(
        fcinfo, [&] { return core::UpliftState(PG_NARGS() > 4 ? args.required_float8(4, "level") : 0.95); });
    if (!args.is_null(1) && !args.is_null(2) && !args.is_null(3))
        running.state->add(DatumGetBool(args.datum(1)), DatumGetFloat8(args.datum(2)), DatumGetFloat8(args.datum(3)), BackendHost());
    return running.datum;
}

ECOM_FUNCTION(ecom_uplift_combine) {
    BackendHost host;
    return combine_states<core::UpliftState>(fcinfo, host);
}

// (state) returns ecom.qini_result
ECOM_FUNCTION(ecom_qini_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    BackendHost host;
    const ReadableState<core::UpliftState> state(fcinfo, 0);
    const core::Qini qini = state->qini(host);
    if (qini.treated + qini.held_out == 0) PG_RETURN_NULL();
    RowValues<10> row;
    row.put(qini.treated);
    row.put(qini.held_out);
    for (const auto& value : {qini.effect, qini.qini, qini.standard_error, qini.low, qini.high, qini.p_value, qini.area, qini.random_area})
        row.put(value);
    return row.datum(fcinfo);
}

// (state, points int) returns setof (share, n, treated, held_out, gain, random_gain, min_score)
ECOM_FUNCTION(ecom_qini_rows) {
    RowSink rows(fcinfo);
    const Args args(fcinfo);
    if (args.is_null(0)) return static_cast<Datum>(0);
    const ReadableState<core::UpliftState> state(fcinfo, 0);
    BackendHost host;
    const auto curve = state->curve(args.int4(1, "points"), host);
    for (const core::QiniPoint& point : curve) {
        RowValues<7> row;
        row.put(static_cast<double>(point.rows) / static_cast<double>(curve.back().rows));
        row.put(point.rows);
        for (const double value : {point.treated, point.held_out, point.gain, point.random_gain, point.min_score}) row.put(value);
        row.into(rows);
    }
    return static_cast<Datum>(0);
}

// ecom.wilson_interval, ecom.two_proportion_test, ecom.welch_test and ecom.mean_test.
#include "core/stats/comparison.hpp"

#include "pg/agg_state.hpp"
#include "pg/host.hpp"
#include "pg/row_values.hpp"

using namespace ecom;
using namespace ecom::pg;

namespace {

template <int kFields>
void put_difference(RowValues<kFields>& row, const core::MeanDifference& test) {
    row.put(test.difference);
    row.put(test.t);
    row.put(test.df);
    row.put(test.p_value);
    if (test.interval) {
        row.put(test.interval->low);
        row.put(test.interval->high);
    } else {
        row.skip(2);
    }
}

}  // namespace

// (successes bigint, n bigint, level float8) returns (low float8, high float8), strict
ECOM_FUNCTION(ecom_wilson_interval) {
    const auto interval =
        core::wilson_interval(PG_GETARG_INT64(0), PG_GETARG_INT64(1), PG_GETARG_FLOAT8(2));
    if (!interval) PG_RETURN_NULL();
    RowValues<2> row;
    row.put(interval->low);
    row.put(interval->high);
    return row.datum(fcinfo);
}

// (successes1 bigint, n1 bigint, successes2 bigint, n2 bigint, level float8) returns
// (difference float8, z float8, p_value float8, ci_low float8, ci_high float8), strict
ECOM_FUNCTION(ecom_two_proportion_test) {
    const auto test =
        core::two_proportion_test(PG_GETARG_INT64(0), PG_GETARG_INT64(1), PG_GETARG_INT64(2),
                                  PG_GETARG_INT64(3), PG_GETARG_FLOAT8(4));
    if (!test) PG_RETURN_NULL();
    RowValues<5> row;
    row.put(test->difference);
    row.put(test->z);
    row.put(test->p_value);
    row.put(test->interval.low);
    row.put(test->interval.high);
    return row.datum(fcinfo);
}

// (mean1 float8, stddev1 float8, n1 bigint, mean2 float8, stddev2 float8, n2 bigint, level float8)
// returns (difference float8, t float8, df float8, p_value float8, ci_low float8, ci_high float8),
// strict
ECOM_FUNCTION(ecom_welch_test) {
    const auto test =
        core::welch_test({PG_GETARG_FLOAT8(0), PG_GETARG_FLOAT8(1), PG_GETARG_INT64(2)},
                         {PG_GETARG_FLOAT8(3), PG_GETARG_FLOAT8(4), PG_GETARG_INT64(5)},
                         PG_GETARG_FLOAT8(6));
    if (!test) PG_RETURN_NULL();
    RowValues<6> row;
    put_difference(row, *test);
    return row.datum(fcinfo);
}

// (state, value float8, is_first boolean [, level float8])
ECOM_FUNCTION(ecom_mean_test_add) {
    const Args args(fcinfo);
    const auto running = writable_state<core::MeanTestState>(fcinfo, [&] {
        return core::MeanTestState(PG_NARGS() < 4 ? 0.95 : args.required_float8(3, "level"));
    });
    if (!args.is_null(1) && !args.is_null(2))
        running.state->add(DatumGetFloat8(args.datum(1)), DatumGetBool(args.datum(2)));
    return running.datum;
}

ECOM_FUNCTION(ecom_mean_test_combine) {
    BackendHost host;
    return combine_states<core::MeanTestState>(fcinfo, host);
}

// (state) returns ecom.mean_test_result: n1 bigint, mean1 float8, n2 bigint, mean2 float8, and what
// ecom_welch_test returns
ECOM_FUNCTION(ecom_mean_test_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::MeanTestState> state(fcinfo, 0);
    RowValues<10> row;
    for (const bool of_first : {true, false}) {
        const core::Sample sample = state->sample(of_first);
        row.put(sample.n);
        row.put(sample.n > 0 ? std::optional(sample.mean) : std::nullopt);
    }
    if (const auto test = core::welch_test(state->sample(true), state->sample(false), state->level()))
        put_difference(row, *test);
    else
        row.skip(6);
    return row.datum(fcinfo);
}

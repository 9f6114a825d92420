// ecom.spark and ecom.bar.
#include "core/stats/text_chart.hpp"

#include <limits>

#include "pg/agg_state.hpp"
#include "pg/host.hpp"
#include "pg/results.hpp"

extern "C" {
#include "mb/pg_wchar.h"
}

using namespace ecom;
using namespace ecom::pg;

namespace {

// Block characters exist in UTF-8 databases only. An encoding never changes, so results are immutable.
core::ChartGlyphs glyphs() {
    return GetDatabaseEncoding() == PG_UTF8 ? core::ChartGlyphs::kBlocks : core::ChartGlyphs::kAscii;
}

}  // namespace

// (state, value float8 [, low float8, high float8])
ECOM_FUNCTION(ecom_spark_add) {
    const Args args(fcinfo);
    const auto running = writable_state<core::SparkState>(fcinfo, [&] {
        constexpr double kOwn = std::numeric_limits<double>::quiet_NaN();
        if (PG_NARGS() < 4) return core::SparkState(kOwn, kOwn);
        return core::SparkState(args.float8(2).value_or(kOwn), args.float8(3).value_or(kOwn));
    });
    if (const auto value = args.float8(1))
        running.state->add(*value, BackendHost());
    else
        running.state->add_missing(BackendHost());
    return running.datum;
}

ECOM_FUNCTION(ecom_spark_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::SparkState> state(fcinfo, 0);
    BackendHost host;
    return text_datum(state->line(glyphs(), host));
}

// (value float8, max float8, width int), strict
ECOM_FUNCTION(ecom_bar) {
    return text_datum(
        core::bar(PG_GETARG_FLOAT8(0), PG_GETARG_FLOAT8(1), PG_GETARG_INT32(2), glyphs()));
}

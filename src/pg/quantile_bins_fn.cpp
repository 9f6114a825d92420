// ecom.quantile_bins and ecom.quantile_bin.
#include "core/stats/quantile_bins.hpp"

#include <cmath>

#include "pg/agg_state.hpp"
#include "pg/host.hpp"
#include "pg/results.hpp"

using namespace ecom;
using namespace ecom::pg;

// (state, value float8, bins int, descending bool)
ECOM_FUNCTION(ecom_quantile_bins_add) {
    const Args args(fcinfo);
    const auto running = writable_state<core::QuantileBinsState>(fcinfo, [&] {
        return core::QuantileBinsState(args.int4(2, "bins"), args.boolean(3, "descending"));
    });
    if (const auto value = args.float8(1)) running.state->add(*value, BackendHost());
    return running.datum;
}

ECOM_FUNCTION(ecom_quantile_bins_combine) {
    BackendHost host;
    return combine_states<core::QuantileBinsState>(fcinfo, host);
}

ECOM_FUNCTION(ecom_quantile_bins_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::QuantileBinsState> state(fcinfo, 0);
    if (state->empty()) PG_RETURN_NULL();
    BackendHost host;
    return varlena_datum(core::encode_model(state->fit(host)));
}

// (model, value float8), strict
ECOM_FUNCTION(ecom_quantile_bin) {
    const auto& bins = model_arg<core::QuantileBins>(fcinfo, 0);
    const double value = PG_GETARG_FLOAT8(1);
    if (std::isnan(value))
        throw core::Error(core::ErrorCode::kNonFiniteInput, "NaN has no bin",
                          "Filter NaN values out, or turn them into NULL.");
    PG_RETURN_INT32(bins.bin(value));
}

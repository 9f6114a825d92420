// ecom.key_set_agg, ecom.key_set_union, ecom.key_set_count and ecom.count_keys.
#include "core/stats/key_set.hpp"

#include "pg/agg_state.hpp"
#include "pg/host.hpp"

using namespace ecom;
using namespace ecom::pg;

// (state, key bigint)
ECOM_FUNCTION(ecom_key_set_add) {
    if (PG_ARGISNULL(1)) {
        if (PG_ARGISNULL(0)) PG_RETURN_NULL();
        return PG_GETARG_DATUM(0);
    }
    const auto running = writable_state<core::KeySet>(fcinfo, [] { return core::KeySet(); });
    running.state->add(PG_GETARG_INT64(1), BackendHost());
    return running.datum;
}

ECOM_FUNCTION(ecom_key_set_combine) {
    BackendHost host;
    return combine_states<core::KeySet>(fcinfo, host);
}

// (state), strict
ECOM_FUNCTION(ecom_key_set_count) {
    const ReadableState<core::KeySet> state(fcinfo, 0);
    PG_RETURN_INT64(state->count());
}

// (state): 0 for no rows
ECOM_FUNCTION(ecom_count_keys_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_INT64(0);
    const ReadableState<core::KeySet> state(fcinfo, 0);
    PG_RETURN_INT64(state->count());
}

// ecom.channel_response_fit and ecom.channel_response.
#include "core/prescribe/channel_response.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "pg/agg_state.hpp"
#include "pg/host.hpp"
#include "pg/row_values.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
}

using namespace ecom;
using namespace ecom::pg;

namespace {

Datum covariance_datum(const core::ResponseCovariance& covariance) {
    return call([&] {
        auto* values = static_cast<Datum*>(palloc(core::kResponseParameters * core::kResponseParameters * sizeof(Datum)));
        for (std::size_t i = 0; i < core::kResponseParameters * core::kResponseParameters; ++i) values[i] = Float8GetDatum(covariance[i]);
        return PointerGetDatum(construct_array(values, static_cast<int>(core::kResponseParameters * core::kResponseParameters), FLOAT8OID, 8,
                                               FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
    });
}

}  // namespace

// (state, period int, spend float8, response float8 [, demand float8])
ECOM_FUNCTION(ecom_channel_response_add) {
    const Args args(fcinfo);
    const auto running = writable_state<core::ChannelResponseState>(fcinfo, [] { return core::ChannelResponseState(); });
    if (args.is_null(1)) return running.datum;
    constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
    double response = kUnknown;
    if (!args.is_null(3)) {
        response = DatumGetFloat8(args.datum(3));
        if (std::isnan(response)) response = std::numeric_limits<double>::infinity();  // NaN of SQL is refused, as infinity is
    }
    double demand = 1.0;
    if (PG_NARGS() > 4) {
        if (args.is_null(4))
            response = kUnknown;
        else
            demand = DatumGetFloat8(args.datum(4));
    }
    running.state->add(args.int4(1, "period"), args.float8(2).value_or(0.0), response, demand, BackendHost());
    return running.datum;
}

ECOM_FUNCTION(ecom_channel_response_combine) {
    BackendHost host;
    return combine_states<core::ChannelResponseState>(fcinfo, host);
}

// (state) returns ecom.channel_response_result
ECOM_FUNCTION(ecom_channel_response_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    BackendHost host;
    const ReadableState<core::ChannelResponseState> state(fcinfo, 0);
    const core::ChannelResponse fit = state->fit(host);
    RowValues<16> row;
    row.put_datum(text_datum(core::response_status_name(fit.status)));
    row.put(fit.periods);
    row.put(fit.mean_spend);
    row.put(fit.mean_response);
    row.put(fit.mean_demand);
    if (fit.status != core::ResponseStatus::kFitted) {
        row.skip(11);
        return row.datum(fcinfo);
    }
    row.put(fit.base);
    row.put(fit.beta);
    row.put(fit.carryover);
    row.put(fit.carryover_low);
    row.put(fit.carryover_high);
    row.put(fit.half_saturation);
    row.put(fit.shape);
    row.put(fit.half_spend());
    row.put(fit.r2);
    row.put(fit.p_value);
    if (fit.covariance)
        row.put_datum(covariance_datum(*fit.covariance));
    else
        row.skip(1);
    return row.datum(fcinfo);
}

// (beta, carryover, half_saturation, shape, mean_demand float8, covariance float8[], spend, compared_with float8)
ECOM_FUNCTION(ecom_steady_response) {
    const Args args(fcinfo);
    for (const int i : {0, 1, 2, 3, 4, 6})
        if (args.is_null(i)) PG_RETURN_NULL();
    core::ChannelResponse curve;
    curve.beta = DatumGetFloat8(args.datum(0));
    curve.carryover = DatumGetFloat8(args.datum(1));
    curve.half_saturation = DatumGetFloat8(args.datum(2));
    curve.shape = DatumGetFloat8(args.datum(3));
    curve.mean_demand = DatumGetFloat8(args.datum(4));
    const std::vector<double> covariance = args.float8_array(5, "covariance");
    if (!covariance.empty()) {
        core::ResponseCovariance matrix;
        if (covariance.size() != matrix.size())
            throw core::Error(core::ErrorCode::kInvalidArgument, "covariance of a response must have " + std::to_string(matrix.size()) + " elements",
                              "Pass the result of ecom.channel_response_fit as it is.");
        std::copy(covariance.begin(), covariance.end(), matrix.begin());
        curve.covariance = matrix;
    }
    const core::SteadyResponse result = core::steady_response(curve, DatumGetFloat8(args.datum(6)), args.float8(7).value_or(0.0));
    RowValues<5> row;
    row.put(result.response);
    row.put(result.response_error);
    row.put(result.marginal);
    row.put(result.gain);
    row.put(result.gain_error);
    return row.datum(fcinfo);
}

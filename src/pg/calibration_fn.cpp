// ecom.platt_fit, ecom.isotonic_fit and ecom.calibrated_prob.
#include "core/stats/calibration.hpp"

#include <cmath>

#include "pg/agg_state.hpp"
#include "pg/call_site.hpp"
#include "pg/host.hpp"
#include "pg/results.hpp"

using namespace ecom;
using namespace ecom::pg;

namespace {

Datum fitted(FunctionCallInfo fcinfo, core::CalibrationModel (*fit)(const std::vector<core::ScoreLevel>&, core::Host&)) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::ScoredState> state(fcinfo, 0);
    if (state->size() == 0) PG_RETURN_NULL();
    BackendHost host;
    return varlena_datum(core::encode_model(fit(state->levels(host), host)));
}

}  // namespace

// (state) returns ecom.model
ECOM_FUNCTION(ecom_platt_final) { return fitted(fcinfo, core::fit_platt); }
ECOM_FUNCTION(ecom_isotonic_final) { return fitted(fcinfo, core::fit_isotonic); }

// (model, score float8), strict
ECOM_FUNCTION(ecom_calibrated_prob) {
    const auto& model = model_arg<core::CalibrationModel>(fcinfo, 0);
    const double score = PG_GETARG_FLOAT8(1);
    if (!std::isfinite(score))
        throw core::Error(core::ErrorCode::kNonFiniteInput, "score is not finite", "Filter NaN and infinite scores out, or turn them into NULL.");
    PG_RETURN_FLOAT8(model.probability(score));
}

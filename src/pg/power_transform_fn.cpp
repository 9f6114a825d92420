// ecom.boxcox*, ecom.yeojohnson*: power transforms of one column and of one value.
#include "core/stats/power_transform.hpp"

#include <cmath>

#include "core/stats/preprocessor.hpp"
#include "pg/agg_state.hpp"
#include "pg/host.hpp"
#include "pg/row_values.hpp"

using namespace ecom;
using namespace ecom::pg;

namespace {

constexpr double kIntervalLevel = 0.95;

core::DistinctValues column_of(const core::PreprocessorState& state, core::Host& host) {
    return core::distinct_values(state.data().column(0, host), host);
}

Datum power_fit_row(FunctionCallInfo fcinfo, const core::DistinctValues& column, double shift,
                    const core::LambdaFit& fit, const core::LambdaInterval& interval) {
    RowValues<6> row;
    row.put(static_cast<std::int64_t>(column.rows));
    row.put(shift);
    row.put(fit.lambda);
    row.put(interval.low);
    row.put(interval.high);
    row.put(fit.log_likelihood);
    return row.datum(fcinfo);
}

double require_finite(double value, const char* name) {
    if (!std::isfinite(value))
        throw core::Error(core::ErrorCode::kNonFiniteInput, std::string("argument \"") + name + "\" must be finite",
                          "Filter NaN and infinite values out, or turn them into NULL.");
    return value;
}

double finite_arg(FunctionCallInfo fcinfo, int i, const char* name) {
    return require_finite(DatumGetFloat8(PG_GETARG_DATUM(i)), name);
}

Datum finite_result(double value, const char* what) {
    if (!std::isfinite(value))
        throw core::Error(core::ErrorCode::kNonFiniteInput, what,
                          "Check lambda, or leave the row out.");
    return Float8GetDatum(value);
}

}  // namespace

// (state, x float8)
ECOM_FUNCTION(ecom_power_add) {
    const Args args(fcinfo);
    const auto value = args.float8(1);
    if (!value) {
        if (args.is_null(0)) PG_RETURN_NULL();
        return args.datum(0);
    }
    require_finite(*value, "x");
    const auto running = writable_state<core::PreprocessorState>(fcinfo, [] {
        return core::PreprocessorState(1, {core::PowerTransform::kNone, core::ScalingMethod::kNone});
    });
    running.state->add(&*value, BackendHost());
    return running.datum;
}

ECOM_FUNCTION(ecom_boxcox_fit_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::PreprocessorState> state(fcinfo, 0);
    BackendHost host;
    const core::DistinctValues column = column_of(*state, host);
    const double shift = core::positive_shift(column.values.front());
    const core::LambdaFit fit = core::fit_box_cox(column, shift, host);
    return power_fit_row(fcinfo, column, shift, fit,
                         core::box_cox_interval(column, shift, fit, kIntervalLevel, host));
}

ECOM_FUNCTION(ecom_boxcox_lambda_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::PreprocessorState> state(fcinfo, 0);
    BackendHost host;
    return Float8GetDatum(core::fit_box_cox(column_of(*state, host), 0.0, host).lambda);
}

ECOM_FUNCTION(ecom_yeojohnson_fit_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::PreprocessorState> state(fcinfo, 0);
    BackendHost host;
    const core::DistinctValues column = column_of(*state, host);
    const core::LambdaFit fit = core::fit_yeo_johnson(column, host);
    return power_fit_row(fcinfo, column, 0.0, fit, core::yeo_johnson_interval(column, fit, kIntervalLevel, host));
}

ECOM_FUNCTION(ecom_yeojohnson_lambda_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::PreprocessorState> state(fcinfo, 0);
    BackendHost host;
    return Float8GetDatum(core::fit_yeo_johnson(column_of(*state, host), host).lambda);
}

// (x float8, lambda float8, shift float8), strict
ECOM_FUNCTION(ecom_boxcox) {
    const double x = finite_arg(fcinfo, 0, "x") + finite_arg(fcinfo, 2, "shift");
    const double lambda = finite_arg(fcinfo, 1, "lambda");
    if (!(x > 0.0))
        throw core::Error(core::ErrorCode::kNonFiniteInput, "Box-Cox needs a positive value",
                          "Pass the shift that ecom.boxcox_fit returns, or use ecom.yeojohnson.");
    return finite_result(core::box_cox(x, lambda), "Box-Cox of the value is out of range");
}

// (y float8, lambda float8, shift float8), strict
ECOM_FUNCTION(ecom_boxcox_inverse) {
    const double y = finite_arg(fcinfo, 0, "y");
    const double x = core::box_cox_inverse(y, finite_arg(fcinfo, 1, "lambda"));
    return finite_result(x - finite_arg(fcinfo, 2, "shift"), "no value has this Box-Cox transform");
}

// (x float8, lambda float8), strict
ECOM_FUNCTION(ecom_yeojohnson) {
    const double x = finite_arg(fcinfo, 0, "x");
    return finite_result(core::yeo_johnson(x, finite_arg(fcinfo, 1, "lambda")),
                         "Yeo-Johnson of the value is out of range");
}

// (y float8, lambda float8), strict
ECOM_FUNCTION(ecom_yeojohnson_inverse) {
    const double y = finite_arg(fcinfo, 0, "y");
    return finite_result(core::yeo_johnson_inverse(y, finite_arg(fcinfo, 1, "lambda")),
                         "no value has this Yeo-Johnson transform");
}

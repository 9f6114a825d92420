// ecom.preprocessor_fit, ecom.scaler_fit and what their models do to rows.
#include "core/stats/preprocessor.hpp"

#include "pg/agg_state.hpp"
#include "pg/feature_array.hpp"
#include "pg/host.hpp"
#include "pg/row_values.hpp"

using namespace ecom;
using namespace ecom::pg;

namespace {

Datum add_row(FunctionCallInfo fcinfo, const Args& args, const core::PreprocessorParams& params) {
    const FeatureArray row(args.datum(1));
    const auto running =
        writable_state<core::PreprocessorState>(fcinfo, [&] { return core::PreprocessorState(row.count, params); });
    core::require_same_dimension(running.state->data().features(), row.count);
    running.state->add(row.values, BackendHost());
    return running.datum;
}

// Every row through the model, in either direction.
template <typename Map>
Datum mapped(FunctionCallInfo fcinfo, Map map) {
    const auto& model = model_arg<core::Preprocessor>(fcinfo, 0);
    const FeatureArray row(PG_GETARG_DATUM(1));
    row.require(model.features());
    core::require_finite(row.values, row.count);
    const NewFloat8Array result(row.count);
    map(model, row.values, result.values);
    require_finite_result(result, "feature");
    return result.datum();
}

}  // namespace

// (state, features float8[], transform text, scaling text)
ECOM_FUNCTION(ecom_preprocessor_add) {
    const Args args(fcinfo);
    if (args.is_null(1)) {
        if (args.is_null(0)) PG_RETURN_NULL();
        return args.datum(0);
    }
    core::PreprocessorParams params;
    if (args.is_null(0))
        params = {core::parse_power_transform(args.text(2, "transform")), core::parse_scaling(args.text(3, "scaling"))};
    return add_row(fcinfo, args, params);
}

// (state, features float8[], method text)
ECOM_FUNCTION(ecom_scaler_add) {
    const Args args(fcinfo);
    if (args.is_null(1)) {
        if (args.is_null(0)) PG_RETURN_NULL();
        return args.datum(0);
    }
    core::PreprocessorParams params;
    if (args.is_null(0)) params.scaling = core::parse_scaling(args.text(2, "method"));
    return add_row(fcinfo, args, params);
}

ECOM_FUNCTION(ecom_preprocessor_combine) {
    BackendHost host;
    return combine_states<core::PreprocessorState>(fcinfo, host);
}

ECOM_FUNCTION(ecom_preprocessor_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::PreprocessorState> state(fcinfo, 0);
    BackendHost host;
    return varlena_datum(core::encode_model(state->fit(host)));
}

// (model, features float8[]), strict
ECOM_FUNCTION(ecom_transform) {
    return mapped(fcinfo, [](const core::Preprocessor& model, const double* from, double* to) { model.apply(from, to); });
}

// (model, features float8[]), strict
ECOM_FUNCTION(ecom_inverse_transform) {
    return mapped(fcinfo, [](const core::Preprocessor& model, const double* from, double* to) { model.invert(from, to); });
}

// (model) returns setof (feature int, transform text, shift float8, lambda float8, centre float8, scale float8)
ECOM_FUNCTION(ecom_preprocessor_columns) {
    RowSink rows(fcinfo);
    if (PG_ARGISNULL(0)) return static_cast<Datum>(0);
    const auto& model = model_arg<core::Preprocessor>(fcinfo, 0);
    int feature = 0;
    for (const core::PreprocessedColumn& column : model.columns()) {
        const bool has_shift = column.transform == core::PowerTransform::kLog ||
                               column.transform == core::PowerTransform::kBoxCox;
        const bool has_lambda = column.transform == core::PowerTransform::kBoxCox ||
                                column.transform == core::PowerTransform::kYeoJohnson;
        RowValues<6> row;
        row.put_datum(Int32GetDatum(++feature));
        row.put_datum(text_datum(core::name_of(column.transform)));
        if (has_shift)
            row.put(column.shift);
        else
            row.skip(1);
        if (has_lambda)
            row.put(column.lambda);
        else
            row.skip(1);
        row.put(column.centre);
        row.put(column.scale);
        row.into(rows);
    }
    return static_cast<Datum>(0);
}

// ecom.pca_fit and what its models give.
#include "core/stats/pca.hpp"

#include <algorithm>

#include "core/stats/feature_rows.hpp"
#include "pg/agg_state.hpp"
#include "pg/feature_array.hpp"
#include "pg/host.hpp"
#include "pg/row_values.hpp"

using namespace ecom;
using namespace ecom::pg;

// (state, features float8[] [, n_components int])
ECOM_FUNCTION(ecom_pca_add) {
    const Args args(fcinfo);
    if (args.is_null(1)) {
        if (args.is_null(0)) PG_RETURN_NULL();
        return args.datum(0);
    }
    const FeatureArray row(args.datum(1));
    const auto running = writable_state<core::PcaState>(fcinfo, [&] {
        std::optional<int> components;
        if (PG_NARGS() > 2) components = args.int4(2, "n_components");
        return core::PcaState(row.count, components, BackendHost());
    });
    core::require_same_dimension(running.state->features(), row.count);
    running.state->add(row.values);
    return running.datum;
}

ECOM_FUNCTION(ecom_pca_combine) {
    BackendHost host;
    return combine_states<core::PcaState>(fcinfo, host);
}

ECOM_FUNCTION(ecom_pca_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::PcaState> state(fcinfo, 0);
    BackendHost host;
    return varlena_datum(core::encode_model(state->fit(host)));
}

// (model, features float8[]), strict
ECOM_FUNCTION(ecom_pca_transform) {
    const auto& model = model_arg<core::Pca>(fcinfo, 0);
    const FeatureArray row(PG_GETARG_DATUM(1));
    row.require(model.features());
    core::require_finite(row.values, row.count);
    const NewFloat8Array scores(model.components());
    model.apply(row.values, scores.values);
    require_finite_result(scores, "component");
    return scores.datum();
}

// (model, scores float8[]), strict
ECOM_FUNCTION(ecom_pca_inverse_transform) {
    const auto& model = model_arg<core::Pca>(fcinfo, 0);
    const FeatureArray scores(PG_GETARG_DATUM(1));
    if (scores.count != model.components())
        throw core::Error(core::ErrorCode::kInvalidArgument,
                          "the model has " + std::to_string(model.components()) + " components, the row has " +
                              std::to_string(scores.count),
                          "Pass what ecom.pca_transform returned for the same model.");
    core::require_finite(scores.values, scores.count);
    const NewFloat8Array row(model.features());
    model.invert(scores.values, row.values);
    require_finite_result(row, "feature");
    return row.datum();
}

// (model) returns setof (component int, explained_variance float8, explained_variance_ratio float8,
// cumulative_ratio float8, loadings float8[])
ECOM_FUNCTION(ecom_pca_components) {
    RowSink rows(fcinfo);
    if (PG_ARGISNULL(0)) return static_cast<Datum>(0);
    const auto& model = model_arg<core::Pca>(fcinfo, 0);
    double cumulative = 0.0;
    for (std::size_t i = 0; i < model.components(); ++i) {
        const double variance = model.explained_variance()[i];
        cumulative += variance;
        const NewFloat8Array loadings(model.features());
        std::copy_n(model.loadings(i), model.features(), loadings.values);
        RowValues<5> row;
        row.put_datum(Int32GetDatum(static_cast<int>(i + 1)));
        row.put(variance);
        row.put(variance / model.total_variance());
        row.put(std::min(1.0, cumulative / model.total_variance()));
        row.put_datum(loadings.datum());
        row.into(rows);
    }
    return static_cast<Datum>(0);
}

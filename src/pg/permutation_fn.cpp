// ecom.permutation_importance: of a model, and of a learner by cross-validation.
#include "core/forest/permutation_importance.hpp"

#include "core/forest/uplift_model.hpp"
#include "pg/agg_state.hpp"
#include "pg/call_site.hpp"
#include "pg/host.hpp"
#include "pg/learner_options.hpp"
#include "pg/row_values.hpp"

using namespace ecom;
using namespace ecom::pg;

namespace {

// Arguments repeats, metric and seed, from the one numbered `first`.
core::PermutationParams params_arg(const Args& args, int first, bool classify) {
    core::PermutationParams params;
    params.repeats = args.int4(first, "repeats");
    params.quality = core::parse_quality(args.is_null(first + 1) ? std::string_view() : args.text(first + 1, "metric"), classify);
    params.seed = args.int4(first + 2, "seed");
    return params;
}

Datum put_rows(RowSink& rows, const std::vector<core::Feature>& features, const core::PermutationResult& result) {
    for (std::size_t f = 0; f < features.size(); ++f) {
        RowValues<4> row;
        row.put_datum(text_datum(features[f].name));
        row.put(result.features[f].importance);
        row.put(result.features[f].standard_deviation);
        row.put(result.quality);
        row.into(rows);
    }
    return static_cast<Datum>(0);
}

}  // namespace

// (state, folds int, repeats int, metric text, seed int) returns setof (feature text, importance float8, standard_deviation float8, quality float8)
ECOM_FUNCTION(ecom_learner_permutation) {
    RowSink rows(fcinfo);
    const Args args(fcinfo);
    if (args.is_null(0)) return static_cast<Datum>(0);
    const ReadableState<core::LearnerState> state(fcinfo, 0);
    const core::LearnerParams learner = learner_params(*state);
    const core::PermutationParams params = params_arg(args, 2, learner.classify);
    BackendHost host;
    const core::TrainingRows training = state->rows(host);
    return put_rows(rows, training.features, core::permutation_importance(training, learner, args.int4(1, "folds"), params, host));
}

// (state, model, repeats int, metric text, seed int) returns the same
ECOM_FUNCTION(ecom_model_permutation) {
    RowSink rows(fcinfo);
    const Args args(fcinfo);
    if (args.is_null(0) || args.is_null(1)) return static_cast<Datum>(0);
    const ReadableState<core::LearnerState> state(fcinfo, 0);
    const auto& model = model_arg<core::FeatureModel>(fcinfo, 1);
    if (dynamic_cast<const core::UpliftModel*>(&model) != nullptr)
        throw core::Error(core::ErrorCode::kWrongKind, "effects of single rows are not known, so that there is nothing to compare an uplift model with",
                          "Use ecom.feature_importance.");
    if (learner_params(*state).classify != model.classifies())
        throw core::Error(core::ErrorCode::kInvalidArgument,
                          model.classifies() ? "model predicts yes or no, the labels are numbers" : "model predicts a number, the labels are yes or no",
                          "Collect labels of the type that the model was fitted on.");
    const core::PermutationParams params = params_arg(args, 2, model.classifies());
    BackendHost host;
    return put_rows(rows, model.features(), core::permutation_importance(model, state->rows(host), params, host));
}

// ecom.forest_fit, gbm_fit, churn_fit and uplift_fit; ecom.predict, predict_prob, churn_prob and explain.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/forest/cross_validation.hpp"
#include "core/forest/fit.hpp"
#include "core/forest/uplift_model.hpp"
#include "pg/agg_state.hpp"
#include "pg/feature_row.hpp"
#include "pg/host.hpp"
#include "pg/learner_options.hpp"
#include "pg/row_values.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
}

using namespace ecom;
using namespace ecom::pg;

namespace {

std::string json_arg(FunctionCallInfo fcinfo, int i) {
    if (PG_NARGS() <= i || PG_ARGISNULL(i)) return "{}";
    const Datum value = fcinfo->args[i].value;
    return call([&] { return DatumGetCString(DirectFunctionCall1(jsonb_out, value)); });
}

// All columns of a row but some.
RowReader training_reader(const FeatureRow& row, const std::vector<std::string>& excluded) {
    std::size_t left_out = 0;
    RowReader reader = row.reader([&](const std::string& name) {
        const bool is_excluded = std::find(excluded.begin(), excluded.end(), name) != excluded.end();
        left_out += is_excluded ? 1 : 0;
        return !is_excluded;
    });
    if (left_out < excluded.size())
        throw core::Error(core::ErrorCode::kInvalidArgument, "option \"exclude\" names a column that the row does not have",
                          "Name columns of the row, each once.");
    return reader;
}

enum class Label { kBoolean, kNumber, kTrial };

// (state, label, features record [, options jsonb]); of a trial (state, treated, outcome, features record [, options jsonb])
Datum learner_add(FunctionCallInfo fcinfo, std::string_view learner, Label kind) {
    const Args args(fcinfo);
    const int features_arg = kind == Label::kTrial ? 3 : 2;
    for (int i = 1; i <= features_arg; ++i)
        if (args.is_null(i)) {
            if (args.is_null(0)) PG_RETURN_NULL();
            return args.datum(0);
        }
    const FeatureRow row(args.datum(features_arg));
    const auto running = writable_state<core::LearnerState>(fcinfo, [&] {
        const std::string json = json_arg(fcinfo, features_arg + 1);
        // Refuses bad options before rows are collected.
        const core::LearnerParams params = learner_params(learner, json);
        std::vector<core::Feature> features;
        for (const FeatureColumn& column : training_reader(row, params.exclude).columns) features.push_back(column.feature);
        return core::LearnerState(std::move(features), learner_options(learner, json));
    });
    core::LearnerState& state = *running.state;
    if (state.reader == nullptr || static_cast<RowReader*>(state.reader.get())->row_type != row.type()) {
        auto fresh = std::make_shared<RowReader>(training_reader(row, learner_params(state).exclude));
        bool same = state.features().size() == fresh->columns.size();
        for (std::size_t f = 0; same && f < fresh->columns.size(); ++f) same = state.features()[f] == fresh->columns[f].feature;
        if (!same)
            throw core::Error(core::ErrorCode::kInvalidArgument, "rows have different columns",
                              "Pass rows of one type, such as the alias of a sub-query.");
        state.reader = fresh;
    }
    auto& reader = *static_cast<RowReader*>(state.reader.get());
    row.deform(reader);
    std::vector<core::FeatureValue> features(reader.columns.size());
    for (std::size_t f = 0; f < features.size(); ++f) features[f] = feature_value(reader, reader.columns[f]);
    double label = kind == Label::kNumber ? DatumGetFloat8(args.datum(1)) : DatumGetBool(args.datum(1)) ? 1.0 : 0.0;
    if (kind == Label::kTrial) label = label * core::kTreatedLabel + (DatumGetBool(args.datum(2)) ? 1.0 : 0.0);
    state.add(label, features.data(), BackendHost());
    return running.datum;
}

// How the columns of a row type serve a model.
struct ScorePlan {
    std::uint64_t decodes = 0;
    RowReader reader;  // its columns are those of the model, in the model's order
    std::vector<double> values;
};

void make_plan(ScorePlan& plan, const core::FeatureModel& model, const FeatureRow& row) {
    plan.reader = row.reader([&](const std::string& name) {
        return std::any_of(model.features().begin(), model.features().end(), [&](const core::Feature& f) { return f.name == name; });
    });
    const std::vector<FeatureColumn> columns = std::move(plan.reader.columns);
    plan.reader.columns.clear();
    std::string lacking;
    for (const core::Feature& wanted : model.features()) {
        const FeatureColumn* found = nullptr;
        for (const FeatureColumn& column : columns)
            if (column.feature.name == wanted.name) found = &column;
        if (found == nullptr) {
            lacking += (lacking.empty() ? "\"" : ", \"") + wanted.name + "\"";
            continue;
        }
        if (found->feature.type != wanted.type)
            throw core::Error(core::ErrorCode::kInvalidArgument,
                              "feature \"" + wanted.name + "\" is a " + std::string(core::feature_type_name(found->feature.type)) +
                                  ", the model was fitted on a " + std::string(core::feature_type_name(wanted.type)),
                              "Cast the column to the type that the model was fitted on.");
        plan.reader.columns.push_back(*found);
    }
    if (!lacking.empty())
        throw core::Error(core::ErrorCode::kInvalidArgument, "row lacks features of the model: " + lacking,
                          "Pass a row with columns of these names, NULL where a value is not known.");
    plan.values.resize(plan.reader.columns.size());
}

// The row in argument 1 as the values of the model in argument 0.
const double* row_values(FunctionCallInfo fcinfo, const core::FeatureModel& model) {
    CallSite& site = CallSite::of(fcinfo);
    auto& plan = site.kept<ScorePlan>();
    const FeatureRow row(fcinfo->args[1].value);
    if (plan.values.empty() || plan.reader.row_type != row.type() || plan.decodes != site.decodes()) {
        plan.values.clear();
        make_plan(plan, model, row);
        plan.decodes = site.decodes();
    }
    row.deform(plan.reader);
    for (std::size_t f = 0; f < plan.values.size(); ++f) {
        const FeatureColumn& column = plan.reader.columns[f];
        const core::FeatureValue value = feature_value(plan.reader, column);
        if (value.missing)
            plan.values[f] = std::numeric_limits<double>::quiet_NaN();
        else if (column.feature.type == core::FeatureType::kCategory)
            plan.values[f] = model.category(f, value.text);
        else
            plan.values[f] = value.number;
    }
    return plan.values.data();
}

const core::FeatureModel& class_model(FunctionCallInfo fcinfo) {
    const auto& model = model_arg<core::FeatureModel>(fcinfo, 0);
    if (!model.classifies())
        throw core::Error(core::ErrorCode::kWrongKind, "model predicts a number, not a probability", "Use ecom.predict.");
    return model;
}

}  // namespace

ECOM_FUNCTION(ecom_churn_add) { return learner_add(fcinfo, kChurn, Label::kBoolean); }
ECOM_FUNCTION(ecom_forest_class_add) { return learner_add(fcinfo, kForestClass, Label::kBoolean); }
ECOM_FUNCTION(ecom_forest_value_add) { return learner_add(fcinfo, kForestValue, Label::kNumber); }
ECOM_FUNCTION(ecom_gbm_class_add) { return learner_add(fcinfo, kBoostingClass, Label::kBoolean); }
ECOM_FUNCTION(ecom_gbm_value_add) { return learner_add(fcinfo, kBoostingValue, Label::kNumber); }

ECOM_FUNCTION(ecom_logistic_add) { return learner_add(fcinfo, kLogistic, Label::kBoolean); }
ECOM_FUNCTION(ecom_linear_add) { return learner_add(fcinfo, kLinear, Label::kNumber); }

ECOM_FUNCTION(ecom_value_learner_add) { return learner_add(fcinfo, kValue, Label::kNumber); }

ECOM_FUNCTION(ecom_uplift_fit_add) { return learner_add(fcinfo, kUplift, Label::kTrial); }

ECOM_FUNCTION(ecom_learner_combine) {
    BackendHost host;
    return combine_states<core::LearnerState>(fcinfo, host);
}

// (state) returns ecom.model
ECOM_FUNCTION(ecom_learner_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::LearnerState> state(fcinfo, 0);
    BackendHost host;
    const core::LearnerParams params = learner_params(*state);
    return varlena_datum(core::encode_model(*core::fit_learner(state->rows(host), params, host)));
}

// (state) returns ecom.model
ECOM_FUNCTION(ecom_uplift_fit_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::LearnerState> state(fcinfo, 0);
    BackendHost host;
    return varlena_datum(core::encode_model(*core::fit_uplift(state->rows(host), learner_params(*state), host)));
}

// (state, folds int) returns setof (fold int, actual float8, predicted float8)
ECOM_FUNCTION(ecom_holdout_predictions) {
    RowSink rows(fcinfo);
    const Args args(fcinfo);
    if (args.is_null(0)) return static_cast<Datum>(0);
    const ReadableState<core::LearnerState> state(fcinfo, 0);
    BackendHost host;
    const core::LearnerParams params = learner_params(*state);
    for (const core::HeldOut& held : core::cross_validate(state->rows(host), params, args.int4(1, "folds"), host)) {
        host.poll();
        RowValues<3> row;
        row.put_datum(Int32GetDatum(held.fold));
        row.put(held.actual);
        row.put(held.predicted);
        row.into(rows);
    }
    return static_cast<Datum>(0);
}

// (model, features record), strict
ECOM_FUNCTION(ecom_predict) {
    const auto& model = model_arg<core::FeatureModel>(fcinfo, 0);
    PG_RETURN_FLOAT8(model.predict(row_values(fcinfo, model)));
}

// (model, features record), strict
ECOM_FUNCTION(ecom_predict_prob) {
    const auto& model = class_model(fcinfo);
    PG_RETURN_FLOAT8(model.predict(row_values(fcinfo, model)));
}

// (model, features record) returns setof (feature text, contribution float8, base float8, prediction float8), strict
ECOM_FUNCTION(ecom_explain) {
    RowSink rows(fcinfo);
    const auto& model = model_arg<core::FeatureModel>(fcinfo, 0);
    const double* values = row_values(fcinfo, model);
    BackendHost host;
    std::vector<double> contributions(model.width());
    const double base = model.explain(values, contributions.data(), host);
    const double raw = model.raw(values);
    for (std::size_t f = 0; f < model.width(); ++f) {
        RowValues<4> row;
        row.put_datum(text_datum(model.features()[f].name));
        row.put(contributions[f]);
        row.put(base);
        row.put(raw);
        row.into(rows);
    }
    return static_cast<Datum>(0);
}

// (model) returns setof (feature text, importance float8), strict
ECOM_FUNCTION(ecom_feature_importance) {
    RowSink rows(fcinfo);
    const auto& model = model_arg<core::FeatureModel>(fcinfo, 0);
    for (std::size_t f = 0; f < model.width(); ++f) {
        RowValues<2> row;
        row.put_datum(text_datum(model.features()[f].name));
        row.put(model.importance()[f]);
        row.into(rows);
    }
    return static_cast<Datum>(0);
}

// (model) returns setof (term text, estimate float8, standard_error float8, statistic float8, p_value float8), strict
ECOM_FUNCTION(ecom_coefficients) {
    RowSink rows(fcinfo);
    const auto optional = [](double v) { return std::isnan(v) ? std::nullopt : std::optional<double>(v); };
    for (const core::Coefficient& c : model_arg<core::LinearModel>(fcinfo, 0).coefficients()) {
        RowValues<5> row;
        row.put_datum(text_datum(c.term));
        row.put(c.estimate);
        row.put(optional(c.error));
        row.put(optional(c.statistic));
        row.put(optional(c.p_value));
        row.into(rows);
    }
    return static_cast<Datum>(0);
}

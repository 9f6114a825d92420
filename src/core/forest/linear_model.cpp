#include "core/forest/linear_model.hpp"

#include <cmath>

#include "core/base/json.hpp"
#include "core/stats/distributions.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// NaN has no place in JSON numbers: a negative error stands for none.
double stored(double error) { return std::isnan(error) ? -1.0 : error; }
double loaded(double error) { return error < 0 ? kNone : error; }

}  // namespace

LinearModel::LinearModel(LinearFit fit) : fit_(std::move(fit)) {
    const std::size_t p = fit_.features.size();
    if (p == 0 || p > kMaxRowFeatures || fit_.categories.size() != p || fit_.fill.size() != p || fit_.importance.size() != p ||
        !std::isfinite(fit_.intercept) || !(fit_.residual_df >= 0))
        Reader::corrupt();
    for (const LinearTerm& term : fit_.terms) {
        if (term.feature >= p || !std::isfinite(term.coefficient) || !std::isfinite(term.mean)) Reader::corrupt();
        if (term.kind == TermKind::kLevel && term.level >= fit_.categories[term.feature].size()) Reader::corrupt();
    }
    index_categories();
}

double LinearModel::raw(const double* values) const {
    double sum = fit_.intercept;
    for (const LinearTerm& term : fit_.terms)
        sum += term.coefficient * term_value(term, values[term.feature], fit_.fill[term.feature]);
    return sum;
}

double LinearModel::predict(const double* values) const {
    const double sum = raw(values);
    return fit_.classify ? 1 / (1 + std::exp(-sum)) : sum;
}

double LinearModel::explain(const double* values, double* contributions, Host& host) const {
    PollEvery poll(host);
    std::fill_n(contributions, width(), 0.0);
    double base = fit_.intercept;
    for (const LinearTerm& term : fit_.terms) {
        poll();
        base += term.coefficient * term.mean;
        contributions[term.feature] += term.coefficient * (term_value(term, values[term.feature], fit_.fill[term.feature]) - term.mean);
    }
    return base;
}

std::vector<Coefficient> LinearModel::coefficients() const {
    std::vector<Coefficient> out;
    const auto add = [&](std::string name, double estimate, double error) {
        double statistic = kNone, p = kNone;
        if (error > 0) {
            statistic = estimate / error;
            p = 2 * (fit_.residual_df > 0 ? student_t_cdf(-std::abs(statistic), fit_.residual_df) : normal_cdf(-std::abs(statistic)));
        }
        out.push_back({std::move(name), estimate, error, statistic, p});
    };
    add("(intercept)", fit_.intercept, fit_.intercept_error);
    for (const LinearTerm& term : fit_.terms) {
        std::string name = fit_.features[term.feature].name;
        if (term.kind == TermKind::kMissing) name += " is missing";
        if (term.kind == TermKind::kLevel) name += " = " + fit_.categories[term.feature][term.level];
        add(std::move(name), term.coefficient, term.error);
    }
    return out;
}

Document LinearModel::body() const {
    Document::Strings names;
    Document::Ints types, of_feature, kinds, levels;
    Document::List categories;
    Document::Doubles means, coefficients, errors;
    for (std::size_t f = 0; f < width(); ++f) {
        names.push_back(fit_.features[f].name);
        types.push_back(static_cast<std::int64_t>(fit_.features[f].type));
        categories.push_back(Document(fit_.categories[f]));
    }
    for (const LinearTerm& term : fit_.terms) {
        of_feature.push_back(term.feature);
        kinds.push_back(static_cast<std::int64_t>(term.kind));
        levels.push_back(term.level);
        means.push_back(term.mean);
        coefficients.push_back(term.coefficient);
        errors.push_back(stored(term.error));
    }
    return Document::object()
        .set("classify", Document(fit_.classify))
        .set("names", Document(names))
        .set("types", Document(types))
        .set("categories", Document(categories))
        .set("fill", Document(fit_.fill))
        .set("term_feature", Document(of_feature))
        .set("term_kind", Document(kinds))
        .set("term_level", Document(levels))
        .set("term_mean", Document(means))
        .set("coefficient", Document(coefficients))
        .set("error", Document(errors))
        .set("intercept", Document(fit_.intercept))
        .set("intercept_error", Document(stored(fit_.intercept_error)))
        .set("residual_df", Document(fit_.residual_df))
        .set("importance", Document(fit_.importance))
        .set("rows", Document(fit_.rows))
        .set("parameters", Document(to_json(fit_.parameters)))
        .set("metrics", Document(to_json(fit_.metrics)));
}

std::unique_ptr<Model> LinearModel::decode(const Document& body, int) {
    LinearFit fit;
    fit.classify = body.at("classify").as_bool();
    const auto names = body.at("names").as_strings();
    const auto types = body.at("types").as_ints();
    if (names.size() != types.size()) Reader::corrupt();
    for (std::size_t f = 0; f < names.size(); ++f) {
        if (types[f] < 0 || types[f] > 3) Reader::corrupt();
        fit.features.push_back({names[f], static_cast<FeatureType>(types[f])});
    }
    for (const Document& list : body.at("categories").as_list()) fit.categories.push_back(list.as_strings());
    fit.fill = body.at("fill").as_doubles();
    const auto of_feature = body.at("term_feature").as_ints(), kinds = body.at("term_kind").as_ints(), levels = body.at("term_level").as_ints();
    const auto means = body.at("term_mean").as_doubles(), coefficients = body.at("coefficient").as_doubles(), errors = body.at("error").as_doubles();
    const std::size_t terms = of_feature.size();
    if (kinds.size() != terms || levels.size() != terms || means.size() != terms || coefficients.size() != terms || errors.size() != terms)
        Reader::corrupt();
    for (std::size_t i = 0; i < terms; ++i) {
        if (of_feature[i] < 0 || of_feature[i] > std::numeric_limits<std::int32_t>::max() || kinds[i] < 0 || kinds[i] > 2 || levels[i] < 0 ||
            levels[i] > std::numeric_limits<std::int32_t>::max() || std::isnan(errors[i]))
            Reader::corrupt();
        fit.terms.push_back({static_cast<std::uint32_t>(of_feature[i]), static_cast<TermKind>(kinds[i]), static_cast<std::uint32_t>(levels[i]), means[i],
                             coefficients[i], loaded(errors[i])});
    }
    fit.intercept = body.at("intercept").as_double();
    fit.intercept_error = loaded(body.at("intercept_error").as_double());
    fit.residual_df = body.at("residual_df").as_double();
    fit.importance = body.at("importance").as_doubles();
    fit.rows = body.at("rows").as_int();
    fit.parameters = from_json(body.at("parameters").as_string(), "model");
    fit.metrics = from_json(body.at("metrics").as_string(), "model");
    return std::make_unique<LinearModel>(std::move(fit));
}

Document LinearModel::summary() const {
    Document::List terms;
    for (const Coefficient& c : coefficients())
        terms.push_back(Document::object().set("term", Document(c.term)).set("estimate", Document(c.estimate)));
    Document::List features;
    for (const Feature& feature : fit_.features)
        features.push_back(Document::object().set("name", Document(feature.name)).set("type", Document(std::string(feature_type_name(feature.type)))));
    return Document::object()
        .set("learner", Document(std::string(fit_.classify ? "logistic regression" : "linear regression")))
        .set("task", Document(std::string(fit_.classify ? "classification" : "regression")))
        .set("rows", Document(fit_.rows))
        .set("features", Document(features))
        .set("parameters", fit_.parameters)
        .set("metrics", fit_.metrics)
        .set("coefficients", Document(terms));
}

}  // namespace ecom::core

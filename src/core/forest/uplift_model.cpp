#include "core/forest/uplift_model.hpp"

#include <cmath>
#include <string>

#include "core/base/codec.hpp"
#include "core/base/error.hpp"
#include "core/forest/fit.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

Document part_document(const FeatureModel& model) {
    return Document::object()
        .set("kind", Document(std::string(model.kind())))
        .set("version", Document(static_cast<std::int64_t>(model.version())))
        .set("body", model.body());
}

std::unique_ptr<FeatureModel> read_part(const Document& part) {
    const std::string kind = part.at("kind").as_string();
    const int version = static_cast<int>(part.at("version").as_int());
    std::unique_ptr<Model> model;
    if (kind == TreeModel::kKind) model = TreeModel::decode(part.at("body"), version);
    if (kind == LinearModel::kKind) model = LinearModel::decode(part.at("body"), version);
    auto* read = dynamic_cast<FeatureModel*>(model.get());
    if (read == nullptr) Reader::corrupt();
    model.release();
    return std::unique_ptr<FeatureModel>(read);
}

}  // namespace

UpliftModel::UpliftModel(std::unique_ptr<FeatureModel> treated, std::unique_ptr<FeatureModel> held_out)
    : treated_(std::move(treated)), held_out_(std::move(held_out)) {
    if (treated_->features() != held_out_->features() || !treated_->classifies() || !held_out_->classifies()) Reader::corrupt();
    for (std::size_t f = 0; f < width(); ++f) {
        number_in_held_out_.emplace_back();
        for (const std::string& name : categories()[f]) number_in_held_out_[f].push_back(held_out_->category(f, name));
    }
    double sum = 0.0;
    for (std::size_t f = 0; f < treated_->importance().size(); ++f) {
        importance_.push_back(treated_->importance()[f] + held_out_->importance()[f]);
        sum += importance_.back();
    }
    // 2, less where a model uses no feature.
    for (double& part : importance_) part = sum > 0.0 ? part / sum : 0.0;
    index_categories();
}

std::vector<double> UpliftModel::translated(const double* values) const {
    std::vector<double> out(values, values + width());
    for (std::size_t f = 0; f < out.size(); ++f)
        if (!number_in_held_out_[f].empty() && !std::isnan(out[f])) out[f] = number_in_held_out_[f][static_cast<std::size_t>(out[f])];
    return out;
}

double UpliftModel::explain(const double* values, double* contributions, Host& host) const {
    std::vector<double> without(width());
    const double base = treated_->explain(values, contributions, host) - held_out_->explain(translated(values).data(), without.data(), host);
    for (std::size_t f = 0; f < without.size(); ++f) contributions[f] -= without[f];
    return base;
}

Document UpliftModel::body() const {
    return Document::object().set("treated", part_document(*treated_)).set("held_out", part_document(*held_out_));
}

Document UpliftModel::summary() const {
    return Document::object()
        .set("learner", Document(std::string("uplift, two models")))
        .set("task", Document(std::string("difference of probabilities")))
        .set("treated", treated_->summary())
        .set("held_out", held_out_->summary());
}

std::unique_ptr<Model> UpliftModel::decode(const Document& body, int) {
    return std::make_unique<UpliftModel>(read_part(body.at("treated")), read_part(body.at("held_out")));
}

std::unique_ptr<UpliftModel> fit_uplift(const TrainingRows& rows, const LearnerParams& params, Host& host) {
    std::vector<std::uint32_t> arms[2];
    std::size_t outcomes[2] = {0, 0};
    PollEvery poll(host);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        poll();
        const int arm = rows.labels[i] >= kTreatedLabel ? 1 : 0;
        arms[arm].push_back(static_cast<std::uint32_t>(i));
        outcomes[arm] += rows.labels[i] - arm * kTreatedLabel > 0 ? 1 : 0;
    }
    for (int arm = 0; arm < 2; ++arm)
        if (outcomes[arm] == 0 || outcomes[arm] == arms[arm].size())
            throw Error(ErrorCode::kNotEnoughData,
                        std::string(arm ? "treated" : "held-out") + " rows must hold both outcomes: " + std::to_string(outcomes[arm]) + " of " +
                            std::to_string(arms[arm].size()) + " have it",
                        "Fit on a trial with treated and held-out rows of which some have the outcome and some do not.");
    std::unique_ptr<FeatureModel> models[2];
    for (int arm = 0; arm < 2; ++arm) {
        TrainingRows part = rows.subset(arms[arm], host);
        for (double& label : part.labels) label -= arm * kTreatedLabel;
        models[arm] = fit_learner(part, params, host);
    }
    return std::make_unique<UpliftModel>(std::move(models[1]), std::move(models[0]));
}

}  // namespace ecom::core

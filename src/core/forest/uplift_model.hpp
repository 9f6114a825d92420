// What a treatment changes, row by row: two learners, one fitted on treated rows and one on those held out.
//
// The prediction is the difference of their probabilities (the two-model or T-learner approach: Radcliffe, 2007; Kuenzel and
// others, 2019). Both have the same features; each numbers the categories in its own way, so those of the first are translated.
#pragma once

#include <memory>
#include <vector>

#include "core/forest/feature_model.hpp"
#include "core/forest/learner_params.hpp"

namespace ecom::core {

class UpliftModel final : public FeatureModel {
public:
    static constexpr std::string_view kKind = "uplift_model";

    // Throws kCorruptValue where the two do not read the same features.
    UpliftModel(std::unique_ptr<FeatureModel> treated, std::unique_ptr<FeatureModel> held_out);

    const std::vector<Feature>& features() const override { return treated_->features(); }
    const std::vector<std::vector<std::string>>& categories() const override { return treated_->categories(); }
    bool classifies() const override { return false; }  // a difference of probabilities, -1 .. 1
    const std::vector<double>& importance() const override { return importance_; }

    double predict(const double* values) const override { return treated_->predict(values) - held_out_->predict(translated(values).data()); }
    double raw(const double* values) const override { return treated_->raw(values) - held_out_->raw(translated(values).data()); }
    double explain(const double* values, double* contributions, Host& host) const override;

    std::string_view kind() const override { return kKind; }
    int version() const override { return 1; }
    Document body() const override;
    Document summary() const override;
    static std::unique_ptr<Model> decode(const Document& body, int version);

private:
    std::vector<double> translated(const double* values) const;

    std::unique_ptr<FeatureModel> treated_, held_out_;
    std::vector<std::vector<double>> number_in_held_out_;  // by feature and category of the treated; NaN where it was not seen
    std::vector<double> importance_;
};

// rows: labels are kTreatedLabel for a treated row, else 0, plus 1 for a row with the outcome. Throws kNotEnoughData unless both
// arms have rows with and rows without it.
constexpr double kTreatedLabel = 2.0;
std::unique_ptr<UpliftModel> fit_uplift(const TrainingRows& rows, const LearnerParams& params, Host& host);

}  // namespace ecom::core

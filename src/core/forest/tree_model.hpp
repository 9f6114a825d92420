// A fitted ensemble of trees: predictions and the reasons for them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/forest/feature_model.hpp"
#include "core/forest/learner_params.hpp"
#include "core/forest/tree.hpp"
#include "core/stats/isotonic.hpp"

namespace ecom::core {

// What a fitted ensemble consists of.
struct TreeEnsemble {
    Learner learner = Learner::kForest;
    bool classify = true;
    std::vector<Feature> features;
    std::vector<std::vector<std::string>> categories;  // per feature, in the order of their numbers
    std::vector<Tree> trees;
    double base = 0;                  // added to the sum of a boosted ensemble
    std::vector<double> calibration;  // empty, or Platt's A and B over the logit of the mean
    IsotonicFunction isotonic;        // empty, or the probability of the mean
    std::vector<double> importance;   // per feature, sum 1, or all 0
    Document parameters = Document::object();
    Document metrics = Document::object();
    std::int64_t rows = 0;
    double label_mean = 0;
};

class TreeModel final : public FeatureModel {
public:
    static constexpr std::string_view kKind = "tree_ensemble";

    explicit TreeModel(TreeEnsemble ensemble);  // throws kCorruptValue where parts contradict each other

    const TreeEnsemble& ensemble() const { return e_; }
    const std::vector<Feature>& features() const override { return e_.features; }
    const std::vector<std::vector<std::string>>& categories() const override { return e_.categories; }
    bool classifies() const override { return e_.classify; }
    const std::vector<double>& importance() const override { return e_.importance; }

    double predict(const double* values) const override { return from_raw(raw(values)); }

    // The mean of the trees of a forest, the sum (on the scale of log-odds for classes) of boosting.
    double raw(const double* values) const override;
    double from_raw(double raw) const;

    // Shapley values of the path-dependent game (Lundberg et al., 2020).
    double explain(const double* values, double* contributions, Host& host) const override;

    std::string_view kind() const override { return kKind; }
    int version() const override { return 1; }
    Document body() const override;
    Document summary() const override;
    static std::unique_ptr<Model> decode(const Document& body, int version);

private:
    // A node as the walk reads it: 8 bytes. Right, that is, one further, where code - offset > limit in 16 bits.
    struct Step {
        std::uint16_t feature;
        std::uint16_t limit;
        std::uint32_t children;  // the left one; bit 31: offset, that is, missing values go right
    };

    void check_tree(const Tree& tree);
    void compile();

    TreeEnsemble e_;
    std::vector<std::vector<double>> thresholds_;  // per feature, distinct, ascending
    std::vector<Step> steps_;            // by level, the roots first
    std::vector<double> values_;         // by step
    std::vector<std::uint32_t> depths_;  // per tree
    std::uint32_t deepest_ = 0;
    double base_ = 0;  // mean of raw over the training rows as the leaves counted them
};

}  // namespace ecom::core

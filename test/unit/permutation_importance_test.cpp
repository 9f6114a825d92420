#include "core/forest/permutation_importance.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "core/forest/fit.hpp"
#include "learner_rows.hpp"

using namespace ecom::core;
using namespace ecom::test;

namespace {

LearnerParams learner(Learner kind, bool classify) {
    LearnerParams p = LearnerParams::from(kind, classify, Document::object());
    p.trees = 20;
    return p;
}

PermutationParams permutation(Quality quality, int repeats = 3) {
    PermutationParams p;
    p.quality = quality;
    p.repeats = repeats;
    return p;
}

}  // namespace

// Permuting a feature that is independent of the others adds twice the variance of what it contributes to the squared error.
TEST(PermutationImportance, IsTwiceTheVarianceOfWhatAFeatureContributes) {
    FakeHost host;
    TrainingRows rows;
    rows.features = {{"a", FeatureType::kNumber}, {"b", FeatureType::kNumber}, {"c", FeatureType::kNumber}};
    rows.columns.resize(3);
    rows.categories.resize(3);
    Rng rng(5, 0);
    for (int i = 0; i < 20000; ++i) {
        for (auto& column : rows.columns) column.push_back(rng.uniform(-1, 1));
        rows.labels.push_back(3 * rows.columns[0].back() + rows.columns[1].back() + rng.uniform(-1, 1));
    }
    const double third = 1.0 / 3, variance = (9 + 1 + 1) * third;
    const LearnerParams linear = learner(Learner::kLinear, false);
    const PermutationResult r2 = permutation_importance(rows, linear, 5, permutation(Quality::kR2, 5), host);
    EXPECT_NEAR(r2.quality, 10.0 / 11, 0.01);
    EXPECT_NEAR(r2.features[0].importance, 2 * 9 * third / variance, 0.03);
    EXPECT_NEAR(r2.features[1].importance, 2 * third / variance, 0.01);
    EXPECT_NEAR(r2.features[2].importance, 0, 0.001);
    EXPECT_GT(*r2.features[0].standard_deviation, 0);
    EXPECT_LT(*r2.features[0].standard_deviation, 0.1);
    // Errors: what they grow by, for a model on rows that it knows as well.
    const auto model = fit_learner(rows, linear, host);
    const PermutationResult rmse = permutation_importance(*model, rows, permutation(Quality::kRmse, 1), host);
    EXPECT_NEAR(rmse.quality, std::sqrt(third), 0.01);
    EXPECT_NEAR(rmse.features[0].importance, std::sqrt(19 * third) - std::sqrt(third), 0.03);
    EXPECT_FALSE(rmse.features[0].standard_deviation.has_value());
    EXPECT_GT(permutation_importance(*model, rows, permutation(Quality::kMae), host).features[0].importance, 1);
}

TEST(PermutationImportance, FindsWhatMattersToEveryLearner) {
    FakeHost host;
    for (const bool classify : {true, false}) {
        const TrainingRows rows = learner_state(learner_rows(3000, classify), host).rows(host);
        for (const Learner kind : {Learner::kForest, Learner::kBoosting, Learner::kLinear}) {
            const auto result = permutation_importance(rows, learner(kind, classify), 3, permutation(classify ? Quality::kRocAuc : Quality::kR2), host);
            ASSERT_EQ(result.features.size(), 4u);
            EXPECT_GT(result.features[0].importance, 0.1);
            EXPECT_GT(result.features[0].importance, result.features[1].importance);  // x before y
            EXPECT_GT(result.features[1].importance, result.features[2].importance);  // y before z, which tells nothing
            EXPECT_LT(std::abs(result.features[2].importance), 0.02);
            EXPECT_GT(result.features[3].importance, 0.02);  // colour
        }
    }
    const TrainingRows rows = learner_state(learner_rows(3000, true), host).rows(host);
    for (const Quality loss : {Quality::kLogLoss, Quality::kBrier}) {
        const auto result = permutation_importance(rows, learner(Learner::kLinear, true), 3, permutation(loss), host);
        EXPECT_GT(result.features[0].importance, 0.02);
        EXPECT_LT(result.quality, loss == Quality::kBrier ? 0.25 : 0.69);
    }
}

TEST(PermutationImportance, IsTheSameForAnyThreadsAndAnyOrderOfRows) {
    const auto data = learner_rows(600, true);
    const auto measured = [&](int threads, bool reversed, std::int64_t seed) {
        FakeHost host;
        host.threads = threads;
        PermutationParams p = permutation(Quality::kLogLoss);
        p.seed = seed;
        std::vector<double> out;
        const auto result = permutation_importance(learner_state(data, host, reversed).rows(host), learner(Learner::kForest, true), 3, p, host);
        for (const PermutationImportance& f : result.features) {
            out.push_back(f.importance);
            out.push_back(*f.standard_deviation);
        }
        return out;
    };
    const auto one = measured(1, false, 1);
    EXPECT_EQ(measured(2, true, 1), one);
    EXPECT_EQ(measured(8, false, 1), one);
    EXPECT_NE(measured(1, false, 2), one);
}

// Rows may have their columns in another order than the model, further ones, and texts that it has not seen.
TEST(PermutationImportance, ReadsRowsAsTheModelDoes) {
    FakeHost host;
    const TrainingRows rows = learner_state(learner_rows(1000, true), host).rows(host);
    const auto model = fit_learner(rows, learner(Learner::kForest, true), host);
    TrainingRows other = rows;
    std::swap(other.features[0], other.features[3]);
    std::swap(other.columns[0], other.columns[3]);
    std::swap(other.categories[0], other.categories[3]);
    other.features.push_back({"further", FeatureType::kNumber});
    other.columns.push_back(std::vector<double>(rows.size(), 1));
    other.categories.emplace_back();
    const auto a = permutation_importance(*model, rows, permutation(Quality::kRocAuc), host);
    const auto b = permutation_importance(*model, other, permutation(Quality::kRocAuc), host);
    for (std::size_t f = 0; f < 4; ++f) EXPECT_EQ(a.features[f].importance, b.features[f].importance);
    other.features[0].name = "shade";
    const Error lacking = error_of([&] { permutation_importance(*model, other, permutation(Quality::kRocAuc), host); });
    EXPECT_EQ(lacking.code(), ErrorCode::kInvalidArgument);
    EXPECT_NE(std::string(lacking.what()).find("colour"), std::string::npos);
}

TEST(PermutationImportance, RefusesWhatSaysNothing) {
    FakeHost host;
    EXPECT_EQ(parse_quality("", true), Quality::kRocAuc);
    EXPECT_EQ(parse_quality("", false), Quality::kR2);
    EXPECT_ERROR_CODE(parse_quality("r2", true), kInvalidArgument);
    EXPECT_ERROR_CODE(parse_quality("gini", true), kInvalidArgument);
    TrainingRows rows = learner_state(learner_rows(100, true), host).rows(host);
    const LearnerParams forest = learner(Learner::kForest, true);
    EXPECT_ERROR_CODE(permutation_importance(rows, forest, 5, permutation(Quality::kR2), host), kInvalidArgument);
    EXPECT_ERROR_CODE(permutation_importance(rows, forest, 1, permutation(Quality::kRocAuc), host), kInvalidArgument);
    EXPECT_ERROR_CODE(permutation_importance(rows, forest, 51, permutation(Quality::kRocAuc), host), kNotEnoughData);
    EXPECT_ERROR_CODE(permutation_importance(rows, forest, 5, permutation(Quality::kRocAuc, 0), host), kInvalidArgument);
    rows.labels.assign(rows.size(), 1);
    EXPECT_ERROR_CODE(permutation_importance(rows, forest, 5, permutation(Quality::kRocAuc), host), kNotEnoughData);
    EXPECT_ERROR_CODE(permutation_importance(rows, learner(Learner::kForest, false), 5, permutation(Quality::kR2), host), kNotEnoughData);
}

TEST(PermutationImportance, StopsAndKeepsWithinItsMemory) {
    FakeHost host, counting, small;
    const TrainingRows rows = learner_state(learner_rows(3000, true), host).rows(host);
    const auto model = fit_learner(rows, learner(Learner::kForest, true), host);
    permutation_importance(*model, rows, permutation(Quality::kRocAuc), counting);
    ASSERT_GT(counting.polls, 20);
    for (const std::int64_t at : {std::int64_t{1}, counting.polls / 2, counting.polls}) {
        CancellingHost cancelling(at);
        EXPECT_THROW(permutation_importance(*model, rows, permutation(Quality::kRocAuc), cancelling), Cancelled);
    }
    small.memory = 100000;
    EXPECT_ERROR_CODE(permutation_importance(*model, rows, permutation(Quality::kRocAuc), small), kLimitExceeded);
}

#include "core/forest/uplift_model.hpp"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "core/base/rng.hpp"
#include "core/forest/learner_state.hpp"
#include "core/forest/linear_model.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using test::Cancelled;
using test::CancellingHost;
using test::FakeHost;

// Treating helps "a", does nothing for "b", and harms "c".
TrainingRows trial(int n, std::uint64_t seed) {
    FakeHost host;
    LearnerState state({{"x", FeatureType::kNumber}, {"kind", FeatureType::kCategory}}, "uplift\n{}");
    for (int i = 0; i < n; ++i) {
        Rng rng(seed, static_cast<std::uint64_t>(i));
        const bool treated = rng.uniform() < 0.5;
        const double x = rng.uniform(-1, 1);
        const std::size_t kind = rng.below(3);
        const double effect = kind == 0 ? 0.3 : kind == 1 ? 0.0 : -0.2;
        const double label = rng.uniform() < 0.4 + 0.1 * x + (treated ? effect : 0) ? 1 : 0;
        const char* const names[] = {"a", "b", "c"};
        const FeatureValue values[] = {{false, x, {}}, {false, 0, names[kind]}};
        state.add(label + (treated ? kTreatedLabel : 0), values, host);
    }
    return state.rows(host);
}

LearnerParams params_of(Learner learner) {
    return LearnerParams::from(learner, true, Document::object());
}

double uplift(const UpliftModel& model, const char* kind) {
    const double values[] = {0.0, model.category(1, kind)};
    return model.predict(values);
}

TEST(UpliftModel, KnowsWhomTheTreatmentHelps) {
    FakeHost host;
    for (const Learner learner : {Learner::kLinear, Learner::kForest}) {
        LearnerParams params = params_of(learner);
        if (learner == Learner::kForest) params.min_leaf = 100;
        const auto model = fit_uplift(trial(4000, 7), params, host);
        // A forest that looks at one of two features at a time shrinks effects to their mean.
        const double tolerance = learner == Learner::kForest ? 0.2 : 0.1;
        EXPECT_NEAR(uplift(*model, "a"), 0.3, tolerance);
        EXPECT_NEAR(uplift(*model, "b"), 0.0, tolerance);
        EXPECT_NEAR(uplift(*model, "c"), -0.2, tolerance);
        EXPECT_GT(uplift(*model, "a"), uplift(*model, "b") + 0.05);
        EXPECT_GT(uplift(*model, "b"), uplift(*model, "c") + 0.05);
        EXPECT_FALSE(model->classifies());
    }
}

TEST(UpliftModel, ContributionsAddUpAndTheModelTravels) {
    FakeHost host;
    for (const Learner learner : {Learner::kLinear, Learner::kForest}) {
        LearnerParams params = params_of(learner);
        params.trees = 10;
        const auto model = fit_uplift(trial(600, 3), params, host);
        const auto copy = UpliftModel::decode(model->body(), 1);
        const auto& read = dynamic_cast<const UpliftModel&>(*copy);
        for (const char* kind : {"a", "b", "c", "unseen"}) {
            const double values[] = {0.3, model->category(1, kind)};
            double contributions[2];
            const double base = model->explain(values, contributions, host);
            EXPECT_NEAR(base + contributions[0] + contributions[1], model->raw(values), 1e-9);
            EXPECT_EQ(read.predict(values), model->predict(values));
        }
        EXPECT_EQ(encode_model(*copy), encode_model(*model));
    }
}

// Leaves too large to split: a model that uses no feature has no part in the importance.
TEST(UpliftModel, ImportanceSumsToOneOrIsZero) {
    FakeHost host;
    LearnerParams params = params_of(Learner::kForest);
    params.trees = 10;
    const TrainingRows rows = trial(600, 3);
    const auto sum = [](const UpliftModel& model) { return model.importance()[0] + model.importance()[1]; };
    EXPECT_NEAR(sum(*fit_uplift(rows, params, host)), 1.0, 1e-12);
    params.min_leaf = 600;
    EXPECT_EQ(sum(*fit_uplift(rows, params, host)), 0.0);
    // Of the treated few are left, too few to split.
    params.min_leaf = 20;
    std::vector<std::uint32_t> kept;
    std::size_t outcomes[2] = {0, 0};
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
        const double label = rows.labels[i];
        if (label < kTreatedLabel || outcomes[label > kTreatedLabel ? 1 : 0]++ < 5) kept.push_back(i);
    }
    EXPECT_NEAR(sum(*fit_uplift(rows.subset(kept, host), params, host)), 1.0, 1e-12);
}

// Each arm numbers the categories that it has seen; one that only the other arm has seen is missing there.
TEST(UpliftModel, CategoriesAreTranslated) {
    FakeHost host;
    LearnerState state({{"kind", FeatureType::kCategory}}, "uplift\n{}");
    // By arm and category: the outcome is sure except for one row of each.
    for (int i = 0; i < 300; ++i) {
        const bool treated = i % 2 == 0;
        const std::string name = i % 4 < 2 ? "both" : treated ? "treated" : "held out";
        const FeatureValue value[] = {{false, 0, name}};
        const bool outcome = (name == "both") == treated;
        state.add((outcome != (i < 4) ? 1 : 0) + (treated ? kTreatedLabel : 0), value, host);
    }
    LearnerParams params = params_of(Learner::kForest);
    params.trees = 20;
    const auto model = fit_uplift(state.rows(host), params, host);
    const double both[] = {model->category(0, "both")};
    EXPECT_GT(model->predict(both), 0.9);
    const double treated[] = {model->category(0, "treated")};
    EXPECT_TRUE(std::isfinite(model->predict(treated)));
    const double unseen[] = {std::nan("")};
    EXPECT_TRUE(std::isfinite(model->predict(unseen)));
}

TEST(UpliftModel, NeedsBothOutcomesInBothArms) {
    FakeHost host;
    LearnerState state({{"x", FeatureType::kNumber}}, "uplift\n{}");
    const FeatureValue value[] = {{false, 1.0, {}}};
    state.add(1, value, host);
    state.add(0, value, host);
    state.add(kTreatedLabel, value, host);
    EXPECT_EQ(test::error_of([&] { fit_uplift(state.rows(host), params_of(Learner::kForest), host); }).code(), ErrorCode::kNotEnoughData);
}

TEST(UpliftModel, IsTheSameForAnyNumberOfThreads) {
    FakeHost one, two, eight;
    two.threads = 2;
    eight.threads = 8;
    LearnerParams params = params_of(Learner::kForest);
    params.trees = 10;
    const std::string bytes = encode_model(*fit_uplift(trial(600, 5), params, one));
    EXPECT_EQ(encode_model(*fit_uplift(trial(600, 5), params, two)), bytes);
    EXPECT_EQ(encode_model(*fit_uplift(trial(600, 5), params, eight)), bytes);
    CancellingHost cancelling(3);
    EXPECT_THROW(fit_uplift(trial(600, 5), params, cancelling), Cancelled);
    FakeHost little;
    little.memory = 100;
    EXPECT_THROW(fit_uplift(trial(600, 5), params, little), Error);
}

}  // namespace
}  // namespace ecom::core

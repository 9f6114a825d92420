#include <cmath>

#include <gtest/gtest.h>

#include "core/forest/fit.hpp"
#include "learner_rows.hpp"

using namespace ecom::core;
using namespace ecom::test;

namespace {

LearnerParams params(bool classify, double l2 = 0) {
    LearnerParams p = LearnerParams::from(Learner::kLinear, classify, Document::object());
    p.lambda = l2;
    return p;
}

}  // namespace

TEST(LinearFit, FindsTheFormula) {
    FakeHost host;
    const TrainingRows numbers = learner_state(learner_rows(20000, false), host).rows(host);
    const LinearModel line(fit_linear(numbers, params(false), host));
    const TrainingRows classes = learner_state(learner_rows(40000, true), host).rows(host);
    const LinearModel curve(fit_linear(classes, params(true), host));
    for (const LinearModel* model : {&line, &curve}) {
        double x = 0, y = 0, z = 0, gone = 0, blue = 0, red = 0;
        for (const Coefficient& c : model->coefficients()) {
            if (c.term == "x") x = c.estimate;
            if (c.term == "y") y = c.estimate;
            if (c.term == "z") z = c.estimate;
            if (c.term == "y is missing") gone = c.estimate;
            if (c.term == "colour = blue") blue = c.estimate;
            if (c.term == "colour = red") red = c.estimate;
            EXPECT_GT(c.error, 0) << c.term;
        }
        EXPECT_NEAR(x, 1, 0.05);
        EXPECT_NEAR(y, 0.5, 0.05);
        EXPECT_NEAR(z, 0, 0.05);
        EXPECT_NEAR(gone, 1, 0.15);
        EXPECT_NEAR(blue - red, 1.8, 0.15);
    }
}

TEST(LinearFit, IsTheSameForAnyThreadsAndOrderAndComesBack) {
    for (const bool classify : {true, false}) {
        FakeHost host, many;
        many.threads = 8;
        const auto data = learner_rows(700, classify);
        const LinearModel model(fit_linear(learner_state(data, host).rows(host), params(classify), host));
        EXPECT_EQ(encode_model(LinearModel(fit_linear(learner_state(data, host, true).rows(many), params(classify), many))), encode_model(model));
        const auto decoded = LinearModel::decode(model.body(), 1);
        EXPECT_EQ(encode_model(*decoded), encode_model(model));
        const double values[] = {0.5, std::nan(""), 2, std::nan("")};
        EXPECT_EQ(static_cast<const LinearModel&>(*decoded).predict(values), model.predict(values));
        double contributions[4];
        double sum = model.explain(values, contributions, host);
        for (const double c : contributions) sum += c;
        EXPECT_NEAR(sum, model.raw(values), 1e-12);
    }
}

TEST(LinearFit, PenaltyBearsWhatLikelihoodCannot) {
    FakeHost host;
    auto data = learner_rows(200, true);
    for (LearnerRow& row : data) row.label = row.x > 0 ? 1 : 0;
    const TrainingRows rows = learner_state(data, host).rows(host);
    EXPECT_ERROR_CODE(fit_linear(rows, params(true), host), kNumericFailure);
    const LinearModel ridge(fit_linear(rows, params(true, 1), host));
    EXPECT_GT(ridge.coefficients()[1].estimate, 1);
    EXPECT_TRUE(std::isnan(ridge.coefficients()[1].error));
    for (LearnerRow& row : data) row.label = 1;
    EXPECT_ERROR_CODE(fit_linear(learner_state(data, host).rows(host), params(true), host), kNotEnoughData);
    EXPECT_ERROR_CODE(fit_linear(learner_state(learner_rows(5, false), host).rows(host), params(false), host), kNotEnoughData);
}

TEST(LinearFit, StopsAndKeepsWithinItsMemory) {
    FakeHost host, counting, small;
    const TrainingRows rows = learner_state(learner_rows(5000, true), host).rows(host);
    fit_linear(rows, params(true), counting);
    ASSERT_GT(counting.polls, 20);
    for (const std::int64_t at : {std::int64_t{1}, counting.polls / 2, counting.polls}) {
        CancellingHost cancelling(at);
        EXPECT_THROW(fit_linear(rows, params(true), cancelling), Cancelled);
    }
    small.memory = 100000;
    EXPECT_ERROR_CODE(fit_linear(rows, params(true), small), kLimitExceeded);
}

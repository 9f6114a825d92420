#include <cmath>
#include <numeric>

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

// Four features, of which the third is nearly the first, and labels of both kinds.
TrainingRows waves(bool classify) {
    TrainingRows rows;
    for (const char* name : {"a", "b", "c", "d"}) rows.features.push_back({name, FeatureType::kNumber});
    rows.columns.resize(4);
    rows.categories.resize(4);
    for (int k = 1; k <= 80; ++k) {
        const double i = k, x[] = {std::sin(i), std::cos(2 * i), std::sin(i) + 0.1 * std::cos(5 * i), std::fmod(i, 7)};
        for (std::size_t f = 0; f < 4; ++f) rows.columns[f].push_back(x[f]);
        const double noise = std::sin(17 * i);
        rows.labels.push_back(!classify ? 2 * x[0] - x[1] + 0.5 * x[3] + noise : x[0] + 0.5 * x[3] - 1.5 + 2 * noise > 0 ? 1.0 : 0.0);
    }
    return rows;
}

LinearModel net(const TrainingRows& rows, bool classify, double penalty, double l1_ratio, Host& host) {
    LearnerParams p = params(classify);
    p.penalty = penalty;
    p.l1_ratio = l1_ratio;
    return LinearModel(fit_linear(rows, p, host));
}

}  // namespace

// ElasticNet and LogisticRegression (saga, C = 1 / (rows x penalty)) of scikit-learn 1.2.1 after StandardScaler, in the units of the features.
TEST(LinearFit, ElasticNetOfScikitLearn) {
    struct Case {
        bool classify;
        double penalty, l1_ratio, coefficients[5];  // the intercept first
    };
    const Case cases[] = {
        {false, 0.1, 1, {0.1255964465, 1.852154024, -0.8435176348, 0, 0.4560715176}},
        {false, 0.1, 0.5, {0.1138090903, 1.0435323841, -0.8718075182, 0.834152576, 0.4599528899}},
        {false, 0.5, 1, {0.8731160495, 1.1937955219, -0.2351926012, 0, 0.207541543}},
        {false, 0.05, 0.2, {0.0268711311, 1.1049463304, -0.9393641965, 0.8482221282, 0.4888732829}},
        {true, 0.02, 1, {-0.9430773483, 0.7921223051, 0.174025306, 0, 0.2978479016}},
        {true, 0.02, 0.5, {-0.9831868638, 0.7230110238, 0.2286109479, 0.1140822031, 0.3108459396}},
        {true, 0.1, 1, {-0.2948368948, 0.1878001436, 0, 0, 0.0820903388}},
        {true, 0.05, 0.2, {-0.851677615, 0.4583772963, 0.2033122775, 0.2951353293, 0.2670475873}},
    };
    FakeHost host;
    for (const Case& c : cases) {
        const LinearModel model(net(waves(c.classify), c.classify, c.penalty, c.l1_ratio, host));
        const auto found = model.coefficients();
        ASSERT_EQ(found.size(), 5u);
        for (std::size_t k = 0; k < 5; ++k) {
            EXPECT_NEAR(found[k].estimate, c.coefficients[k], 1e-7) << c.classify << ' ' << c.penalty << ' ' << c.l1_ratio << ' ' << found[k].term;
            EXPECT_EQ(found[k].estimate == 0, c.coefficients[k] == 0) << found[k].term;
            EXPECT_TRUE(std::isnan(found[k].error));
        }
    }
}

TEST(LinearFit, PenaltyOfTheNetWithoutAbsoluteValuesIsTheRidge) {
    FakeHost host;
    for (const bool classify : {false, true}) {
        const TrainingRows rows = waves(classify);
        const auto ridge = LinearModel(fit_linear(rows, params(classify, 80 * 0.3), host)).coefficients();
        const auto same = net(rows, classify, 0.3, 0, host).coefficients();
        // Nearly none of the absolute values: coordinate descent meets Cholesky's and Newton's method.
        const auto near = net(rows, classify, 0.3, 1e-10, host).coefficients();
        for (std::size_t k = 0; k < ridge.size(); ++k) {
            EXPECT_EQ(same[k].estimate, ridge[k].estimate);
            EXPECT_NEAR(near[k].estimate, ridge[k].estimate, 1e-7);
        }
    }
}

TEST(LinearFit, LargestPenaltyLeavesNothing) {
    FakeHost host;
    for (const bool classify : {false, true}) {
        const TrainingRows rows = waves(classify);
        const double largest = net(rows, classify, 0.01, 0.7, host).fit().metrics.at("largest_penalty").as_double();
        for (const double share : {0.999, 1.001}) {
            const LinearModel model(net(rows, classify, share * largest, 0.7, host));
            EXPECT_EQ(model.fit().metrics.at("nonzero_coefficients").as_int(), share < 1 ? 1 : 0);
            if (share < 1) continue;
            const double mean = std::accumulate(rows.labels.begin(), rows.labels.end(), 0.0) / 80;
            EXPECT_NEAR(model.fit().intercept, classify ? std::log(mean / (1 - mean)) : mean, 1e-9);
        }
    }
}

// What plain estimates cannot bear: columns that are equal, more of them than rows, labels told apart, labels that do not vary.
TEST(LinearFit, ElasticNetBearsWhatEstimatesCannot) {
    FakeHost host;
    for (const bool classify : {false, true}) {
        TrainingRows rows = waves(classify);
        for (int copy = 0; copy < 100; ++copy) {
            rows.features.push_back({"copy" + std::to_string(copy), FeatureType::kNumber});
            rows.columns.push_back(rows.columns[static_cast<std::size_t>(copy) % 4]);
            rows.categories.emplace_back();
        }
        const LinearModel model(net(rows, classify, 0.1, 1, host));
        const LinearModel plain(net(waves(classify), classify, 0.1, 1, host));
        const std::vector<double> values(rows.width(), 0.3);
        EXPECT_NEAR(model.predict(values.data()), plain.predict(values.data()), 1e-7);
        TrainingRows flat = waves(classify);
        for (std::size_t i = 0; i < flat.size(); ++i) flat.labels[i] = classify ? (flat.columns[0][i] > 0 ? 1 : 0) : 1e6;
        EXPECT_EQ(net(flat, classify, 0.01, 1, host).fit().metrics.at("nonzero_coefficients").as_int() > 0, classify);
    }
}

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
    FakeHost host, small;
    const TrainingRows rows = learner_state(learner_rows(5000, true), host).rows(host);
    for (const double penalty : {0.0, 0.01}) {
        FakeHost counting;
        net(rows, true, penalty, penalty > 0 ? 1 : 0, counting);
        ASSERT_GT(counting.polls, 20);
        for (const std::int64_t at : {std::int64_t{1}, counting.polls / 2, counting.polls}) {
            CancellingHost cancelling(at);
            EXPECT_THROW(net(rows, true, penalty, penalty > 0 ? 1 : 0, cancelling), Cancelled);
        }
    }
    small.memory = 100000;
    EXPECT_ERROR_CODE(fit_linear(rows, params(true), small), kLimitExceeded);
}

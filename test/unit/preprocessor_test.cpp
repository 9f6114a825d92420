#include "core/stats/preprocessor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "core/base/rng.hpp"
#include "core/catalog/models.hpp"
#include "fakes.hpp"
#include "iris_data.hpp"

using namespace ecom::core;
using ecom::test::CancellingHost;
using ecom::test::FakeHost;

namespace {

DistinctValues iris_column(std::size_t feature, Host& host) {
    std::vector<double> column;
    for (const auto& row : ecom::test::kIris) column.push_back(row[feature]);
    return distinct_values(std::move(column), host);
}

FeatureRows random_rows(std::size_t rows, std::size_t features, Host& host) {
    std::mt19937_64 random(7);
    FeatureRows data(features);
    std::vector<double> row(features);
    for (std::size_t i = 0; i < rows; ++i) {
        for (double& x : row) x = std::floor(std::exp2(static_cast<double>(random() % 1000) / 100.0));
        data.add(row.data(), host);
    }
    return data;
}

TEST(PowerTransform, LambdasOfIris) {
    FakeHost host;
    // Box-Cox: the root of the derivative in 40 digits; scipy 1.10 with its own tolerance.
    const double exact[] = {-0.144750905242608, 0.2810114006640787, 0.9312837717675165, 0.6433690728343662};
    const double scipy[] = {-0.14475085608489685, 0.2810114563809341, 0.9312837581008226, 0.6433690821580517};
    const double yeo_johnson_scipy[] = {-0.3212233665360589, 0.039075567649469435, 1.093218113818945,
                                        0.8404842133329918};
    for (std::size_t f = 0; f < 4; ++f) {
        const double lambda = fit_box_cox(iris_column(f, host), 0.0, host).lambda;
        EXPECT_NEAR(lambda, exact[f], 1e-11);
        EXPECT_NEAR(lambda, scipy[f], 1e-6);
        EXPECT_NEAR(fit_yeo_johnson(iris_column(f, host), host).lambda, yeo_johnson_scipy[f], 1e-6);
    }
}

TEST(PowerTransform, IntervalEndsLieAtTheLikelihoodRatio) {
    FakeHost host;
    const DistinctValues column = iris_column(0, host);
    const auto likelihood = [&](double lambda) {
        double logs = 0.0, sum = 0.0, squares = 0.0;
        for (const auto& row : ecom::test::kIris) {
            const double y = box_cox(row[0], lambda);
            logs += std::log(row[0]), sum += y, squares += y * y;
        }
        return (lambda - 1.0) * logs - 75.0 * std::log(squares / 150.0 - sum / 150.0 * (sum / 150.0));
    };
    const LambdaFit fit = fit_box_cox(column, 0.0, host);
    EXPECT_NEAR(fit.log_likelihood, likelihood(fit.lambda), 1e-8);
    const LambdaInterval interval = box_cox_interval(column, 0.0, fit, 0.95, host);
    // Half the 95 % quantile of chi-squared with one degree of freedom.
    EXPECT_NEAR(fit.log_likelihood - likelihood(interval.low), 1.9207294103470627, 1e-7);
    EXPECT_NEAR(fit.log_likelihood - likelihood(interval.high), 1.9207294103470627, 1e-7);
    EXPECT_LT(interval.low, fit.lambda);
    EXPECT_GT(interval.high, fit.lambda);
    EXPECT_ERROR_CODE(box_cox_interval(column, 0.0, fit, 1.0, host), kInvalidArgument);
}

TEST(PowerTransform, InversesReturn) {
    for (const double lambda : {-2.0, -0.5, -1e-9, 0.0, 1e-12, 0.3, 1.0, 2.0, 2.5}) {
        for (const double x : {1e-3, 0.5, 1.0, 7.0, 40.0})
            EXPECT_NEAR(box_cox_inverse(box_cox(x, lambda), lambda), x, 1e-9 * x) << lambda << " " << x;
        for (const double x : {-30.0, -1.0, 0.0, 0.25, 30.0})
            EXPECT_NEAR(yeo_johnson_inverse(yeo_johnson(x, lambda), lambda), x, 1e-9 * (1.0 + std::fabs(x)));
    }
}

TEST(PowerTransform, ExtremeColumns) {
    FakeHost host;
    const auto lambda = [&](std::vector<double> values) {
        return fit_box_cox(distinct_values(std::move(values), host), 0.0, host).lambda;
    };
    EXPECT_TRUE(std::isfinite(lambda({1e-300, 1.0, 1e300})));
    EXPECT_TRUE(std::isfinite(lambda({5e-324, 1.7e308})));
    // Multiplying a column by a constant leaves lambda where it is.
    EXPECT_NEAR(lambda({1, 2, 3, 5, 8, 13}), lambda({1e9, 2e9, 3e9, 5e9, 8e9, 13e9}), 1e-9);
    EXPECT_ERROR_CODE(lambda({3, 3, 3}), kNotEnoughData);
    EXPECT_ERROR_CODE(lambda({0, 1, 2}), kNonFiniteInput);
    EXPECT_ERROR_CODE(fit_yeo_johnson(distinct_values({2, 2}, host), host), kNotEnoughData);
    EXPECT_TRUE(std::isfinite(fit_yeo_johnson(distinct_values({-1e100, 0, 3, 1e100}, host), host).lambda));
}

// A long column is searched by groups of its values first; the root is the column's own.
TEST(PowerTransform, LambdaOfALongColumn) {
    FakeHost host;
    Rng rng(11, 0);
    std::vector<double> few, many;
    for (int i = 0; i < 4000; ++i) {
        few.push_back(std::exp(0.7 * rng.normal()) + 0.2 * rng.uniform());
        for (int copy = -2; copy <= 2; ++copy) many.push_back(few.back() * (1.0 + copy * 1e-12));
    }
    const double lambda = fit_box_cox(distinct_values(few, host), 0.0, host).lambda;
    const DistinctValues long_column = distinct_values(many, host);
    EXPECT_GT(long_column.values.size(), 19000u);
    EXPECT_NEAR(fit_box_cox(long_column, 0.0, host).lambda, lambda, 1e-9);
    EXPECT_NEAR(fit_yeo_johnson(long_column, host).lambda, fit_yeo_johnson(distinct_values(few, host), host).lambda, 1e-9);
    // A column that one value rules: the middle of a group says little about it.
    for (int i = 0; i < 3000; ++i) many.push_back(1e6 + i);
    std::vector<double> reversed;
    for (const double x : many) reversed.push_back(1.0 / x);
    EXPECT_NEAR(fit_box_cox(distinct_values(many, host), 0.0, host).lambda, -fit_box_cox(distinct_values(reversed, host), 0.0, host).lambda, 1e-9);
}

// Counts stand for equal rows.
TEST(Preprocessor, CountsStandForRows) {
    FakeHost host;
    FeatureRows data(2), repeated(2);
    std::vector<double> counts;
    for (int i = 1; i <= 50; ++i) {
        const double row[] = {static_cast<double>(i * i % 17) + 1.0, std::sqrt(i)};
        data.add(row, host);
        counts.push_back(1 + i % 4);
        for (int copy = 0; copy < 1 + i % 4; ++copy) repeated.add(row, host);
    }
    for (const auto scaling : {ScalingMethod::kStandard, ScalingMethod::kRobust}) {
        const PreprocessorParams params{PowerTransform::kBoxCox, scaling};
        EXPECT_EQ(encode_model(Preprocessor::fit(data, counts, params, host)), encode_model(Preprocessor::fit(repeated, params, host)));
    }
}

TEST(Scaling, KnownValues) {
    FakeHost host;
    const DistinctValues column = distinct_values({4, 1, 1, 10}, host);
    EXPECT_DOUBLE_EQ(fit_scaling(column, ScalingMethod::kStandard, host).centre, 4.0);
    EXPECT_DOUBLE_EQ(fit_scaling(column, ScalingMethod::kStandard, host).scale, std::sqrt(13.5));
    EXPECT_DOUBLE_EQ(fit_scaling(column, ScalingMethod::kMinMax, host).centre, 1.0);
    EXPECT_DOUBLE_EQ(fit_scaling(column, ScalingMethod::kMinMax, host).scale, 9.0);
    EXPECT_DOUBLE_EQ(fit_scaling(column, ScalingMethod::kRobust, host).centre, 2.5);
    EXPECT_DOUBLE_EQ(fit_scaling(column, ScalingMethod::kRobust, host).scale, 4.5);
    // A large offset costs no digits; no spread gives scale 1.
    const DistinctValues offset = distinct_values({1e9 + 4, 1e9 + 1, 1e9 + 1, 1e9 + 10}, host);
    EXPECT_DOUBLE_EQ(fit_scaling(offset, ScalingMethod::kStandard, host).scale, std::sqrt(13.5));
    const DistinctValues huge = distinct_values({4e300, 1e300, 1e300, 10e300}, host);
    EXPECT_DOUBLE_EQ(fit_scaling(huge, ScalingMethod::kStandard, host).scale, 1e300 * std::sqrt(13.5));
    const DistinctValues tiny = distinct_values({4e-300, 1e-300, 1e-300, 10e-300}, host);
    EXPECT_DOUBLE_EQ(fit_scaling(tiny, ScalingMethod::kStandard, host).scale, 1e-300 * std::sqrt(13.5));
    EXPECT_EQ(fit_scaling(distinct_values({7, 7}, host), ScalingMethod::kStandard, host).scale, 1.0);
    EXPECT_EQ(fit_scaling(distinct_values({1, 7, 7, 7, 7, 9}, host), ScalingMethod::kRobust, host).scale, 1.0);
    EXPECT_ERROR_CODE(fit_scaling(distinct_values({-1.7e308, 1.7e308}, host), ScalingMethod::kMinMax, host),
                      kNonFiniteInput);
}

TEST(Preprocessor, StandardisesWhatItWasFittedOn) {
    FakeHost host;
    for (const PowerTransform transform :
         {PowerTransform::kNone, PowerTransform::kLog, PowerTransform::kBoxCox, PowerTransform::kYeoJohnson}) {
        const FeatureRows data = random_rows(500, 3, host);
        const Preprocessor model = Preprocessor::fit(data, {transform, ScalingMethod::kStandard}, host);
        double sum = 0.0, squares = 0.0;
        double row[3], back[3];
        for (std::size_t i = 0; i < data.rows(); ++i) {
            for (std::size_t f = 0; f < 3; ++f) row[f] = data.at(i, f);
            model.apply(row, row);
            sum += row[1], squares += row[1] * row[1];
            model.invert(row, back);
            EXPECT_NEAR(back[2], data.at(i, 2), 1e-8 * (1.0 + data.at(i, 2)));
        }
        EXPECT_NEAR(sum / 500, 0.0, 1e-10);
        EXPECT_NEAR(squares / 500, 1.0, 1e-10);
    }
}

TEST(Preprocessor, TakesNewRowsBelowWhatItSaw) {
    FakeHost host;
    FeatureRows data(1);
    for (const double x : {-5.0, 0.0, 20.0}) data.add(&x, host);
    const Preprocessor model = Preprocessor::fit(data, {PowerTransform::kBoxCox, ScalingMethod::kStandard}, host);
    EXPECT_EQ(model.columns()[0].shift, 6.0);
    EXPECT_EQ(model.columns()[0].apply(-100.0), model.columns()[0].apply(-5.0));
    EXPECT_GT(model.columns()[0].apply(-4.0), model.columns()[0].apply(-5.0));
}

TEST(Preprocessor, ShiftsLargeNegativeValues) {
    EXPECT_EQ(positive_shift(0.5), 0.0);
    EXPECT_EQ(positive_shift(0.0), 1.0);
    EXPECT_EQ(positive_shift(-4.0), 5.0);
    for (const double smallest : {-1e17, -1e300}) EXPECT_GT(smallest + positive_shift(smallest), 0.0);
}

TEST(Preprocessor, ConstantColumnBecomesZero) {
    FakeHost host;
    FeatureRows data(1);
    const double x = -3.0;
    for (int i = 0; i < 3; ++i) data.add(&x, host);
    const Preprocessor model = Preprocessor::fit(data, {PowerTransform::kBoxCox, ScalingMethod::kStandard}, host);
    EXPECT_EQ(model.columns()[0].apply(x), 0.0);
    EXPECT_EQ(model.columns()[0].transform, PowerTransform::kNone);
}

TEST(Preprocessor, IsTheSameForAnyThreadsOrderAndSplit) {
    FakeHost host;
    const PreprocessorParams params{PowerTransform::kBoxCox, ScalingMethod::kStandard};
    const FeatureRows data = random_rows(3000, 5, host);
    const std::string bytes = encode_model(Preprocessor::fit(data, params, host));
    for (const int threads : {2, 8}) {
        host.threads = threads;
        EXPECT_EQ(encode_model(Preprocessor::fit(data, params, host)), bytes);
    }
    PreprocessorState a(5, params), b(5, params);
    double row[5];
    for (std::size_t i = data.rows(); i-- > 0;) {
        for (std::size_t f = 0; f < 5; ++f) row[f] = data.at(i, f);
        (i % 3 == 0 ? a : b).add(row, host);
    }
    const std::string travelled = encode_state(b);
    Reader in = open_state(travelled, PreprocessorState::kKind);
    a.merge(PreprocessorState::decode(in), host);
    EXPECT_EQ(encode_model(a.fit(host)), bytes);
    EXPECT_EQ(encode_model(*decode_model(bytes, find_model_decoder)), bytes);
}

TEST(Preprocessor, RefusesWhatDoesNotFit) {
    FakeHost host;
    PreprocessorState state(2, {});
    const double nan[2] = {1.0, std::nan("")};
    EXPECT_ERROR_CODE(state.add(nan, host), kNonFiniteInput);
    EXPECT_ERROR_CODE(state.fit(host), kNotEnoughData);
    EXPECT_ERROR_CODE(state.merge(PreprocessorState(3, {}), host), kInvalidArgument);
    EXPECT_ERROR_CODE(state.merge(PreprocessorState(2, {PowerTransform::kLog, ScalingMethod::kNone}), host),
                      kInvalidArgument);
    EXPECT_ERROR_CODE(PreprocessorState(0, {}), kInvalidArgument);
    EXPECT_ERROR_CODE(PreprocessorState(kMaxFeatures + 1, {}), kInvalidArgument);
    PreprocessedColumn column;
    column.scale = 0.0;
    EXPECT_ERROR_CODE(Preprocessor({column}, {}, 1), kInvalidArgument);
    EXPECT_ERROR_CODE(parse_scaling("z"), kInvalidArgument);
    EXPECT_ERROR_CODE(parse_power_transform("sqrt"), kInvalidArgument);
}

TEST(Preprocessor, StopsAndKeepsToItsMemory) {
    FakeHost host;
    const FeatureRows data = random_rows(20000, 2, host);
    const PreprocessorParams params{PowerTransform::kYeoJohnson, ScalingMethod::kRobust};
    for (const int at_poll : {1, 5, 20}) {
        CancellingHost cancelling(at_poll);
        EXPECT_THROW(Preprocessor::fit(data, params, cancelling), ecom::test::Cancelled);
    }
    FakeHost small;
    small.memory = 100000;
    EXPECT_ERROR_CODE(Preprocessor::fit(data, params, small), kLimitExceeded);
    EXPECT_ERROR_CODE(random_rows(20000, 2, small), kLimitExceeded);
    FeatureRows own(2);
    EXPECT_ERROR_CODE(own.merge(data, small), kLimitExceeded);
}

}  // namespace

#include "core/forecast/regression.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "core/base/rng.hpp"
#include "core/forecast/series.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

RegularSeries months(std::vector<double> values, Regressors regressors = {}) {
    RegularSeries series;
    series.grid = TimeGrid(Step::kMonth, 0);
    series.points = values.size();
    series.values = std::move(values);
    series.regressors = std::move(regressors);
    return series;
}

std::unique_ptr<Forecaster> fit(const RegularSeries& series, const RegressionParams& params = {}, std::size_t period = 12) {
    test::FakeHost host;
    return fit_regression(series, period, params, host);
}

const RegressionForecaster& as_regression(const Forecaster& model) { return dynamic_cast<const RegressionForecaster&>(model); }

std::vector<double> trend_and_season(std::size_t n, double noise) {
    Rng random(3, 1);
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i)
        values.push_back(50.0 + 2.0 * static_cast<double>(i) + (i % 12 == 11 ? 30.0 : 0.0) + noise * random.normal());
    return values;
}

TEST(Regression, StraightLineByHand) {
    // Slope 15 / 10, intercept 3.8 - 3, squares 0.3, variance 0.1; the next step is 5, the mean of those before 2.
    const auto model = fit(months({1, 2, 4, 5, 7}), {true, false, std::vector<std::size_t>{}}, 1);
    const auto& b = as_regression(*model).coefficients();
    ASSERT_EQ(b.size(), 2u);
    EXPECT_NEAR(b[0], 0.8, 1e-12);
    EXPECT_NEAR(b[1], 1.5, 1e-12);
    test::FakeHost host;
    const Forecast forecast = model->forecast(1, {}, host);
    EXPECT_NEAR(forecast.mean[0], 8.3, 1e-12);
    EXPECT_NEAR(forecast.variance[0], 0.1 * (1.0 + 0.2 + 0.9), 1e-12);
    // Student's distribution with three degrees of freedom.
    EXPECT_NEAR(model->interval(forecast, 0, 0.95).high - 8.3, 3.182446305284263 * std::sqrt(0.21), 1e-9);
}

TEST(Regression, TermsAreChosen) {
    const auto both = fit(months(trend_and_season(72, 1.0)));
    EXPECT_TRUE(as_regression(*both).terms().trend);
    EXPECT_TRUE(as_regression(*both).terms().season);
    EXPECT_EQ(both->method().substr(0, 27), "regression(trend, season 12");
    test::FakeHost host;
    const Forecast forecast = both->forecast(12, {}, host);
    EXPECT_NEAR(forecast.mean[11], 50.0 + 2.0 * 83.0 + 30.0, 3.0);
    Rng random(11, 1);
    std::vector<double> noise;
    for (int i = 0; i < 60; ++i) noise.push_back(random.normal());
    EXPECT_EQ(fit(months(noise))->method(), "regression(mean)");
}

TEST(Regression, AutoregressionGoesOn) {
    Rng random(4, 1);
    std::vector<double> values{0.0};
    for (int i = 1; i < 400; ++i) values.push_back(2.0 + 0.8 * values.back() + random.normal());
    const auto model = fit(months(values), {false, false, std::vector<std::size_t>{1}});
    const auto& b = as_regression(*model).coefficients();
    EXPECT_NEAR(b[1], 0.8, 0.08);
    test::FakeHost host;
    const Forecast forecast = model->forecast(200, {}, host);
    EXPECT_NEAR(forecast.mean[0], b[0] + b[1] * values.back(), 1e-12);
    EXPECT_NEAR(forecast.mean[1], b[0] + b[1] * forecast.mean[0], 1e-12);
    EXPECT_NEAR(forecast.mean[199], b[0] / (1.0 - b[1]), 1e-6);
    EXPECT_GT(forecast.variance[199], 2.0 * forecast.variance[0]);
}

TEST(Regression, Regressors) {
    std::vector<double> values, promotion;
    for (int i = 0; i < 30; ++i) {
        promotion.push_back(i % 4 == 1 ? 1.0 : 0.0);
        values.push_back(10.0 + 5.0 * promotion.back());
    }
    const auto model = fit(months(values, {promotion}), {false, false, std::vector<std::size_t>{}}, 1);
    test::FakeHost host;
    const Forecast forecast = model->forecast(2, {{1.0, 0.0}}, host);
    EXPECT_NEAR(forecast.mean[0], 15.0, 1e-10);
    EXPECT_NEAR(forecast.mean[1], 10.0, 1e-10);
    EXPECT_ERROR_CODE(model->forecast(2, {{1.0}}, host), kInvalidArgument);
    EXPECT_ERROR_CODE(fit(months(values, {promotion, promotion})), kNumericFailure);
    EXPECT_ERROR_CODE(fit(months(values, {std::vector<double>(30, 0.0)})), kNumericFailure);
}

TEST(Regression, MissingValuesAreLeftOut) {
    std::vector<double> values;
    for (int i = 0; i < 40; ++i) values.push_back(i % 9 == 4 ? kMissingValue : 3.0 * i + 1.0);
    const auto model = fit(months(values), {true, false, std::vector<std::size_t>{}}, 1);
    test::FakeHost host;
    EXPECT_NEAR(model->forecast(1, {}, host).mean[0], 121.0, 1e-9);
}

TEST(Regression, TakesValuesInAndTravels) {
    test::FakeHost host;
    std::vector<double> values = trend_and_season(72, 1.0);
    const std::vector<double> more(values.end() - 6, values.end());
    values.resize(66);
    const RegressionParams params{true, true, std::vector<std::size_t>{1, 2}};
    const auto model = fit(months(values), params);
    const auto copy = RegressionForecaster::decode(model->body(), 1);
    auto& again = dynamic_cast<Forecaster&>(*copy);
    EXPECT_EQ(again.forecast(5, {}, host).mean, model->forecast(5, {}, host).mean);
    const double foretold = model->forecast(1, {}, host).mean[0];
    model->append(more, {}, host);
    again.append(more, {}, host);
    EXPECT_NEAR(model->series().fitted[66], foretold, 1e-9);
    EXPECT_EQ(again.forecast(5, {}, host).mean, model->forecast(5, {}, host).mean);
    EXPECT_EQ(model->series().size(), 72u);
}

TEST(Regression, WhatCannotBe) {
    EXPECT_ERROR_CODE(fit(months({1, 2})), kNotEnoughData);
    EXPECT_ERROR_CODE(fit(months(trend_and_season(14, 1.0)), {true, true, std::vector<std::size_t>{}}), kNotEnoughData);
    EXPECT_ERROR_CODE(fit(months({1, 2, 4, 5}), {true, false, std::vector<std::size_t>{0}}), kInvalidArgument);
    EXPECT_ERROR_CODE(fit(months({1, 2, 4, 5}), {true, false, std::vector<std::size_t>{2, 2}}), kInvalidArgument);
    test::FakeHost poor;
    poor.memory = 1000;
    EXPECT_ERROR_CODE(fit_regression(months(trend_and_season(72, 1.0)), 12, {}, poor), kLimitExceeded);
    test::CancellingHost cancelling(2);
    EXPECT_THROW(fit_regression(months(trend_and_season(72, 1.0)), 12, {}, cancelling), test::Cancelled);
}

}  // namespace
}  // namespace ecom::core

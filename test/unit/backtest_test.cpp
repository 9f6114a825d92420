#include "core/forecast/backtest.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/forecast/accuracy.hpp"
#include "core/forecast/diebold_mariano.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

RegularSeries days(std::vector<double> values) {
    RegularSeries series;
    series.grid = TimeGrid(Step::kDay, 0);
    series.points = values.size();
    series.values = std::move(values);
    return series;
}

std::vector<double> weekly(std::size_t n) {
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i) values.push_back(100.0 + 10.0 * static_cast<double>(i % 7) + 0.5 * static_cast<double>(i));
    return values;
}

ForecastAccuracy accuracy(const std::vector<ForecastPair>& pairs) {
    test::FakeHost host;
    return forecast_accuracy(pairs, host).value();
}

TEST(ForecastAccuracy, ByHand) {
    const ForecastAccuracy a = accuracy({{10, 12, 8, 14, 4}, {20, 15, 16, 18, 2}, {0, 3}, {0, 0}});
    EXPECT_EQ(a.n, 4);
    EXPECT_EQ(a.zero_actuals, 2);
    EXPECT_DOUBLE_EQ(a.mae, 2.5);
    EXPECT_DOUBLE_EQ(a.rmse, std::sqrt(38.0 / 4));
    EXPECT_DOUBLE_EQ(a.bias, 0.0);
    EXPECT_DOUBLE_EQ(a.mape.value(), (20.0 + 25.0) / 2);
    EXPECT_DOUBLE_EQ(a.smape, (400.0 / 22 + 1000.0 / 35 + 200.0 + 0.0) / 4);
    EXPECT_DOUBLE_EQ(a.wape.value(), 100.0 * 10 / 30);
    EXPECT_DOUBLE_EQ(a.mase.value(), (0.5 + 2.5) / 2);
    EXPECT_DOUBLE_EQ(a.coverage.value(), 0.5);
    EXPECT_DOUBLE_EQ(a.interval_width.value(), 4.0);
}

TEST(ForecastAccuracy, WhatNoPairAllowsIsMissing) {
    const ForecastAccuracy a = accuracy({{0, 1}, {0, 2}});
    EXPECT_FALSE(a.mape || a.wape || a.mase || a.coverage || a.interval_width);
    test::FakeHost host;
    EXPECT_FALSE(forecast_accuracy({}, host));
}

TEST(ForecastAccuracy, OrderOfPairsDoesNotCount) {
    std::vector<ForecastPair> pairs;
    for (int i = 0; i < 500; ++i) pairs.push_back({std::sin(i) * 1e6, std::cos(i), i % 3 == 0 ? kNone : -2.0, 2.0, i % 5 * 0.1});
    const ForecastAccuracy forward = accuracy(pairs);
    std::reverse(pairs.begin(), pairs.end());
    const ForecastAccuracy backward = accuracy(pairs);
    EXPECT_EQ(forward.mae, backward.mae);
    EXPECT_EQ(forward.bias, backward.bias);
    EXPECT_EQ(forward.mase, backward.mase);
}

TEST(ForecastAccuracy, StateTravelsAndRefusesNonsense) {
    test::FakeHost host;
    ForecastPairsState state;
    state.add({1, 2, 0, 3, 1}, host);
    state.add({5, 4}, host);
    const std::string bytes = encode_state(state);
    Reader in = open_state(bytes, ForecastPairsState::kKind);
    ForecastPairsState again = ForecastPairsState::decode(in);
    EXPECT_EQ(encode_state(again), bytes);
    again.merge(state, host);
    EXPECT_EQ(again.accuracy(host)->n, 4);
    EXPECT_ERROR_CODE(state.add({1, std::numeric_limits<double>::infinity()}, host), kNonFiniteInput);
    EXPECT_ERROR_CODE(state.add({1, 1, 2, 1}, host), kInvalidArgument);
    EXPECT_ERROR_CODE(state.add({1, 1, 0, 1, -1}, host), kInvalidArgument);
    host.memory = 100;
    EXPECT_ERROR_CODE(again.merge(state, host), kLimitExceeded);
    EXPECT_ERROR_CODE(again.accuracy(host), kLimitExceeded);
}

TEST(NaiveScale, SeasonalOrOfNeighbours) {
    EXPECT_DOUBLE_EQ(naive_scale({1, 2, 4, 5}, 4, 2), 3.0);
    EXPECT_DOUBLE_EQ(naive_scale({1, 2, 4, 5}, 3, 7), 1.5);
    EXPECT_DOUBLE_EQ(naive_scale({1, kNone, 4, 5}, 4, 1), 1.0);
    EXPECT_TRUE(std::isnan(naive_scale({1}, 1, 1)));
}

TEST(DieboldMariano, ByHand) {
    // n = 4, mean 1, squares around it 4 + 0 + 1 + 9 = 14: 1 / sqrt(14 / 16), corrected by sqrt(3 / 4).
    const DieboldMariano one = diebold_mariano({3, 1, 2, -2}, 1);
    EXPECT_DOUBLE_EQ(one.mean_difference, 1.0);
    EXPECT_NEAR(one.statistic.value(), std::sqrt(0.75) / std::sqrt(14.0 / 16.0), 1e-14);
    EXPECT_EQ(one.horizon, 1u);
    // Neighbours: 2 * (0 + 0 - 3) = -6, so 8 / 16; correction (4 + 1 - 4 + 2 / 4) / 4.
    const DieboldMariano two = diebold_mariano({3, 1, 2, -2}, 2);
    EXPECT_NEAR(two.statistic.value(), std::sqrt(1.5 / 4) / std::sqrt(0.5), 1e-14);
}

TEST(DieboldMariano, NoVarianceNoTest) {
    EXPECT_FALSE(diebold_mariano({}, 1).statistic);
    EXPECT_FALSE(diebold_mariano({2}, 1).statistic);
    EXPECT_FALSE(diebold_mariano({0.1, 0.1, 0.1}, 1).statistic);
    EXPECT_FALSE(diebold_mariano({1, 2, 3}, 3).statistic);
    // A negative variance for two steps gives way to that for one.
    const DieboldMariano alternating = diebold_mariano({2, 0, 2, 0, 2, 0.5}, 2);
    EXPECT_EQ(alternating.horizon, 1u);
    EXPECT_TRUE(alternating.statistic);
    EXPECT_ERROR_CODE(diebold_mariano({1, 2}, 0), kInvalidArgument);
}

TEST(Backtest, OriginsOfSplitAndRolling) {
    BacktestParams params;
    EXPECT_EQ(backtest_origins(584, params), (std::vector<std::size_t>{467}));
    EXPECT_EQ(backtest_horizon(584, params), 117u);
    EXPECT_EQ(backtest_origins(10, params), (std::vector<std::size_t>{8}));
    EXPECT_EQ(backtest_origins(2, params), (std::vector<std::size_t>{1}));
    EXPECT_TRUE(backtest_origins(1, params).empty());
    params.horizon = 5;
    EXPECT_EQ(backtest_origins(100, params), (std::vector<std::size_t>{80, 85, 90, 95}));
    params.stride = 10;
    EXPECT_EQ(backtest_origins(100, params), (std::vector<std::size_t>{80, 90}));
    params.horizon = 30;
    EXPECT_TRUE(backtest_origins(100, params).empty());
}

TEST(Backtest, SeasonalNaiveKnowsOnlyThePast) {
    test::FakeHost host;
    const RegularSeries series = days(weekly(70));
    const FitRequest request = fit_request("seasonal_naive", Document::object());
    BacktestParams params;
    params.horizon = 7;
    const std::vector<std::size_t> origins = backtest_origins(70, params);
    const auto forecasts = backtest(series, request, params, origins, host);
    ASSERT_EQ(forecasts.size(), 2u);
    for (const BacktestForecast& f : forecasts) {
        ASSERT_EQ(f.forecast.mean.size(), 7u);
        EXPECT_NEAR(f.scale, 3.5, 1e-12);
        for (std::size_t i = 0; i < 7; ++i) EXPECT_DOUBLE_EQ(f.forecast.mean[i], series.values[f.origin + i - 7]);
    }
}

TEST(Backtest, WithoutRefitLaterValuesAreTakenIn) {
    test::FakeHost host;
    const RegularSeries series = days(weekly(70));
    const FitRequest request = fit_request("seasonal_naive", Document::object());
    BacktestParams params;
    params.horizon = 3;
    params.stride = 2;
    const auto origins = backtest_origins(70, params);
    const auto refitted = backtest(series, request, params, origins, host);
    params.refit = false;
    const auto continued = backtest(series, request, params, origins, host);
    ASSERT_EQ(refitted.size(), continued.size());
    for (std::size_t i = 0; i < origins.size(); ++i) EXPECT_EQ(refitted[i].forecast.mean, continued[i].forecast.mean);
}

TEST(Backtest, ValuesMissingBeforeTheOriginAreForecastOver) {
    test::FakeHost host;
    std::vector<double> values(40);
    for (std::size_t i = 0; i < 40; ++i) values[i] = static_cast<double>(i);
    values[31] = kNone;
    const auto forecasts = backtest(days(values), fit_request("drift", Document::object()), BacktestParams(), {32}, host);
    ASSERT_EQ(forecasts.size(), 1u);
    ASSERT_EQ(forecasts[0].forecast.mean.size(), 8u);
    EXPECT_NEAR(forecasts[0].forecast.mean[0], 32.0, 1e-9);
}

TEST(Backtest, OptionsOfOneMethodWin) {
    const Document options = Document::object()
                                 .set("level", Document(0.9))
                                 .set("ets", Document::object().set("level", Document(0.5)))
                                 .set("theta", Document::object().set("x", Document(1.0)));
    EXPECT_EQ(backtest_options(options, "ets").at("level").as_double(), 0.5);
    EXPECT_EQ(backtest_options(options, "naive").at("level").as_double(), 0.9);
    EXPECT_EQ(backtest_options(options, "naive").find("theta"), nullptr);
    EXPECT_EQ(backtest_options(Document(), "naive").as_fields().size(), 0u);
    EXPECT_ERROR_CODE(backtest_options(Document::object().set("ets", Document(1.0)), "ets"), kInvalidArgument);
}

TEST(Backtest, StopsWithItsHost) {
    test::CancellingHost host(3);
    BacktestParams params;
    params.horizon = 1;
    EXPECT_THROW(backtest(days(weekly(70)), fit_request("ets", Document::object()), params, backtest_origins(70, params), host),
                 test::Cancelled);
}

TEST(Backtest, ParametersWithoutMeaning) {
    BacktestParams params;
    params.test_share = 1.0;
    EXPECT_ERROR_CODE(params.check(), kInvalidArgument);
    params = {};
    params.stride = 1;
    EXPECT_ERROR_CODE(params.check(), kInvalidArgument);
}

}  // namespace
}  // namespace ecom::core

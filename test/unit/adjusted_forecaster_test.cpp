#include "core/forecast/adjusted_forecaster.hpp"

#include <gtest/gtest.h>

#include "core/forecast/ets.hpp"
#include "unit/fakes.hpp"
#include "unit/series_data.hpp"

namespace ecom::core {
namespace {

constexpr double kEffect = 60.0;

// A series with a holiday every 17 steps, and the holidays of 20 more.
RegularSeries with_holidays(std::size_t n) {
    RegularSeries series = test::monthly(test::formula_series(n));
    series.regressors.emplace_back();
    series.future.emplace_back();
    for (std::size_t t = 0; t < n + 20; ++t) {
        const double holiday = t % 17 == 5 ? 1.0 : 0.0;
        if (t < n) series.values[t] += kEffect * holiday;
        (t < n ? series.regressors : series.future)[0].push_back(holiday);
    }
    return series;
}

Fit ets() {
    return with_regressors([](const RegularSeries& series, std::size_t period, Host& host) { return fit_ets(series, period, {}, host); });
}

TEST(AdjustedForecaster, TakesEffectsOutAndGivesThemBack) {
    test::FakeHost host;
    const RegularSeries series = with_holidays(131);
    const auto model = ets()(series, 12, host);
    EXPECT_EQ(model->regressor_count(), 1U);
    const double effect = model->summary().at("regressor1").as_double();
    EXPECT_NEAR(effect, kEffect, 8.0);
    // Beside the effect it is the forecast of the series without it.
    RegularSeries plain = test::monthly(series.values);
    for (std::size_t t = 0; t < 131; ++t) plain.values[t] -= effect * series.regressors[0][t];
    const Forecast without = fit_ets(plain, 12, {}, host)->forecast(20, {}, host);
    const Forecast with = model->forecast(20, series.future, host);
    for (std::size_t h = 0; h < 20; ++h) EXPECT_NEAR(with.mean[h], without.mean[h] + effect * series.future[0][h], 1e-6);
    const Interval interval = model->interval(with, 3, 0.95);
    EXPECT_NEAR((interval.low + interval.high) / 2.0, with.mean[3], 1e-9);
}

TEST(AdjustedForecaster, IsTheSameReadBackAndRunsOn) {
    test::FakeHost host;
    const RegularSeries series = with_holidays(60);
    const auto model = ets()(series, 12, host);
    const auto decoded = AdjustedForecaster::decode(model->body(), 1);
    EXPECT_EQ(static_cast<const Forecaster&>(*decoded).forecast(6, series.future, host).mean, model->forecast(6, series.future, host).mean);
    const Forecast before = model->forecast(2, series.future, host);
    model->append({before.mean[0]}, {{series.future[0][0]}}, host);
    Regressors later{{series.future[0].begin() + 1, series.future[0].end()}};
    EXPECT_NEAR(model->forecast(1, later, host).mean[0], before.mean[1], 1e-6);
}

// Holidays that have not been seen yet, or whose effect is part of the season, take nothing out and leave the others their effect.
TEST(AdjustedForecaster, WhatDoesNotVaryHasNoEffect) {
    test::FakeHost host;
    const std::size_t n = 131;
    const RegularSeries series = with_holidays(n);
    RegularSeries more = series;
    for (const double step : {0.0, 1.0, 12.0}) {
        more.regressors.emplace_back();
        for (std::size_t t = 0; t < n; ++t)
            more.regressors.back().push_back(step > 1.0 ? (t % static_cast<std::size_t>(step) == 3 ? 0.3 : 0.0) : 0.3 * step);
        more.future.emplace_back(20, 1.0);
    }
    const auto model = ets()(more, 12, host);
    EXPECT_EQ(model->regressor_count(), 4U);
    for (const char* name : {"regressor2", "regressor3", "regressor4"}) {
        EXPECT_EQ(model->summary().at(name).as_double(), 0.0) << name;
        EXPECT_EQ(model->summary().find(std::string(name) + "_se"), nullptr) << name;
    }
    EXPECT_EQ(model->forecast(20, more.future, host).mean, ets()(series, 12, host)->forecast(20, series.future, host).mean);
    more.regressors.erase(more.regressors.begin());
    more.future.erase(more.future.begin());
    const auto plain = fit_ets(test::monthly(series.values), 12, {}, host);
    EXPECT_EQ(ets()(more, 12, host)->forecast(20, more.future, host).mean, plain->forecast(20, {}, host).mean);
}

// Methods that take regressors themselves, and cannot fit a column of nothing.
TEST(AdjustedForecaster, MethodsOfTheirOwnLeaveOutWhatDoesNotVary) {
    test::FakeHost host;
    RegularSeries series = test::monthly(test::formula_series(131));
    for (const char* method : {"arima", "regression"}) {
        const FitRequest request = fit_request(method, Document::object().set("step", Document(std::string("month"))));
        std::string status;
        series.regressors.clear();
        series.future.clear();
        const auto plain = fit_series(series, request, status, host);
        series.regressors.emplace_back(131, 0.0);
        series.future.emplace_back(12, 1.0);
        const auto model = fit_series(series, request, status, host);
        EXPECT_EQ(status, "ok") << method;
        EXPECT_EQ(model->regressor_count(), 1U);
        EXPECT_EQ(model->forecast(12, series.future, host).mean, plain->forecast(12, {}, host).mean) << method;
        const auto decoded = AdjustedForecaster::decode(model->body(), 1);
        EXPECT_EQ(static_cast<const Forecaster&>(*decoded).forecast(12, series.future, host).mean, plain->forecast(12, {}, host).mean);
    }
}

TEST(AdjustedForecaster, RefusesWhatItCannotDo) {
    test::FakeHost host;
    RegularSeries series = with_holidays(60);
    EXPECT_ERROR_CODE(ets()(series, 12, host)->forecast(21, series.future, host), kInvalidArgument);
    series.regressors.push_back(series.regressors[0]);
    EXPECT_ERROR_CODE(ets()(series, 12, host), kNumericFailure);
    series.regressors.clear();
    EXPECT_EQ(ets()(series, 12, host)->regressor_count(), 0U);
    test::CancellingHost cancelling(3);
    EXPECT_THROW(ets()(with_holidays(60), 12, cancelling), test::Cancelled);
}

}  // namespace
}  // namespace ecom::core

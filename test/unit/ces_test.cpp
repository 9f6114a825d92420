#include "core/forecast/ces.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "core/forecast/decomposition_forecaster.hpp"
#include "unit/fakes.hpp"
#include "unit/series_data.hpp"

namespace ecom::core {
namespace {

using test::monthly;

// One step of each kind by hand.
TEST(Ces, RecursionByHand) {
    CesState state{{10.0}, {8.0}, {2.0, -1.0}, {1.0, 0.5}};
    const CesParams params{1.5, 1.2, 0.4, 0.9};
    EXPECT_DOUBLE_EQ(state.foretold(0), 12.0);
    state.move(params, 0, 1.0);
    EXPECT_NEAR(state.level[0], 10.0 + 0.2 * 8.0 + 0.3, 1e-12);
    EXPECT_NEAR(state.information[0], 10.0 - 0.5 * 8.0 + 2.7, 1e-12);
    EXPECT_NEAR(state.season[0], 2.0 - 0.1 * 1.0 - 0.5, 1e-12);
    EXPECT_NEAR(state.season_information[0], 2.0 + 0.6 * 1.0 + 1.3, 1e-12);
    EXPECT_DOUBLE_EQ(state.season[1], -1.0);
    EXPECT_NEAR(state.foretold(1), 11.9 - 1.0, 1e-12);
}

TEST(Ces, ReversingTwiceChangesNothing) {
    const CesState state{{1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}, {}, {}};
    for (const std::size_t n : {5U, 7U, 23U}) {
        const CesState twice = state.reversed(n).reversed(n);
        EXPECT_EQ(twice.level, state.level);
        EXPECT_EQ(twice.information, state.information);
        // The last step seen is the first of the other direction.
        EXPECT_EQ(state.reversed(n).level[0], state.level[(n - 1) % 5]);
    }
}

TEST(Ces, FindsTrendAndSeason) {
    test::FakeHost host;
    const std::vector<double> truth = test::formula_series(143);
    const auto model = fit_ces(monthly(test::formula_series()), 12, std::nullopt, host);
    EXPECT_EQ(model->series().period, 12U);
    const Forecast next = model->forecast(12, {}, host);
    for (std::size_t h = 0; h < 12; ++h) {
        EXPECT_NEAR(next.mean[h], truth[131 + h], 30.0) << h;
        if (h > 0) {
            EXPECT_GE(next.variance[h], next.variance[h - 1]);
        }
    }
}

TEST(Ces, UnitDoesNotMatterAndUpdatingIsRunningOn) {
    test::FakeHost host;
    for (const CesSeason season : {CesSeason::kNone, CesSeason::kSimple, CesSeason::kPartial, CesSeason::kFull}) {
        std::vector<double> values = test::formula_series(60);
        const auto model = fit_ces(monthly(values), 12, season, host);
        const Forecast before = model->forecast(3, {}, host);
        for (double& value : values) value *= 1024.0;
        EXPECT_NEAR(fit_ces(monthly(values), 12, season, host)->forecast(1, {}, host).mean[0] / 1024.0, before.mean[0], 1e-9);
        model->append({before.mean[0]}, {}, host);
        EXPECT_NEAR(model->forecast(1, {}, host).mean[0], before.mean[1], 1e-9);
        const auto decoded = CesForecaster::decode(model->body(), 1);
        EXPECT_EQ(static_cast<const Forecaster&>(*decoded).forecast(2, {}, host).mean[1], model->forecast(2, {}, host).mean[1]);
    }
}

TEST(Ces, RefusesWhatItCannotFit) {
    test::FakeHost host;
    EXPECT_ERROR_CODE(fit_ces(monthly({1, 2, 3, 4}), 1, std::nullopt, host), kNotEnoughData);
    const auto reason = [&](std::size_t n, std::size_t period) {
        try {
            fit_ces(monthly(test::formula_series(n)), period, CesSeason::kFull, host);
        } catch (const Error& e) {
            EXPECT_EQ(e.code(), ErrorCode::kNotEnoughData);
            EXPECT_FALSE(e.hint().empty());
            return std::string(e.what());
        }
        return std::string();
    };
    const std::string full = "season \"full\" of complex exponential smoothing ";
    EXPECT_EQ(reason(20, 12), full + "wants two periods of 12 steps, which 20 values are not");
    EXPECT_EQ(reason(20, 1), full + "is 2 to 1000 steps long, not 1 step");
    EXPECT_EQ(reason(2100, 1001), full + "is 2 to 1000 steps long, not 1001 steps");
    host.memory = 100;
    EXPECT_ERROR_CODE(fit_ces(monthly(test::kNile), 1, std::nullopt, host), kLimitExceeded);
    test::CancellingHost cancelling(2);
    EXPECT_THROW(fit_ces(monthly(test::kNile), 1, std::nullopt, cancelling), test::Cancelled);
}

// Two exact seasons on a straight line come back as they are.
TEST(DecompositionForecast, RepeatsSeveralSeasons) {
    test::FakeHost host;
    const auto value = [](int t) { return 100.0 + 0.5 * t + 10.0 * (t % 5) + 20.0 * std::sin(2.0 * std::acos(-1.0) * t / 30.0); };
    std::vector<double> values;
    for (int t = 0; t < 240; ++t) values.push_back(value(t));
    const auto model = fit_decomposition(monthly(values), {5, 30, 200}, false, host);
    const Forecast next = model->forecast(40, {}, host);
    for (int h = 0; h < 40; ++h) EXPECT_NEAR(next.mean[static_cast<std::size_t>(h)], value(240 + h), 6.0) << h;
    EXPECT_EQ(model->method().substr(0, 10), "STL[5, 30]");
    const auto decoded = DecompositionForecaster::decode(model->body(), 1);
    EXPECT_EQ(static_cast<const Forecaster&>(*decoded).forecast(9, {}, host).mean[8], next.mean[8]);
    model->append({value(240)}, {}, host);
    EXPECT_NEAR(model->forecast(1, {}, host).mean[0], value(241), 6.0);
}

TEST(DecompositionForecast, WithoutASeasonIsExponentialSmoothing) {
    test::FakeHost host;
    EXPECT_EQ(fit_decomposition(monthly(test::kNile), {70}, false, host)->method().substr(0, 3), "ETS");
    test::CancellingHost cancelling(2);
    EXPECT_THROW(fit_decomposition(monthly(test::formula_series()), {12}, false, cancelling), test::Cancelled);
}

}  // namespace
}  // namespace ecom::core

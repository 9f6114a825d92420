#include "core/forecast/combination.hpp"

#include <gtest/gtest.h>

#include "core/forecast/ets.hpp"
#include "core/forecast/theta.hpp"
#include "unit/fakes.hpp"
#include "unit/series_data.hpp"

namespace ecom::core {
namespace {

using test::monthly;

TEST(Combination, IsTheMeanOfItsMembers) {
    test::FakeHost host;
    const RegularSeries series = monthly(test::kNile);
    const Forecast both = fit_combination(series, 1, false, host)->forecast(4, {}, host);
    const Forecast ets = fit_ets(series, 1, {}, host)->forecast(4, {}, host);
    const Forecast dynamic = fit_theta(series, 1, {true, true}, host)->forecast(4, {}, host);
    // The dynamic optimised theta method counts twice.
    for (std::size_t h = 0; h < 4; ++h)
        EXPECT_NEAR(both.mean[h], (ets.mean[h] + 2.0 * dynamic.mean[h]) / 3.0, 1e-9 * both.mean[h]);
    EXPECT_EQ(fit_combination(series, 1, false, host)->method(), "mean of ETS(M,N,N) + 2 x DOTM");
}

TEST(Combination, CalibrationNeverNarrowsAndWidensWithTheLevel) {
    test::FakeHost host;
    const RegularSeries series = monthly(test::formula_series());
    const auto normal = fit_combination(series, 12, false, host);
    const auto calibrated = fit_combination(series, 12, true, host);
    const Forecast next = calibrated->forecast(6, {}, host);
    double before = 0.0;
    for (const double level : {0.5, 0.8, 0.95, 0.99}) {
        const Interval wide = calibrated->interval(next, 2, level);
        const Interval narrow = normal->interval(next, 2, level);
        EXPECT_GE(wide.high - wide.low, (narrow.high - narrow.low) * (1 - 1e-12));
        EXPECT_GT(wide.high - wide.low, before);
        before = wide.high - wide.low;
    }
}

TEST(Combination, IsTheSameReadBack) {
    test::FakeHost host;
    const auto model = fit_combination(monthly(test::formula_series(60)), 12, true, host);
    const auto decoded = CombinationForecaster::decode(model->body(), 1);
    const auto& other = static_cast<const Forecaster&>(*decoded);
    const Forecast one = model->forecast(5, {}, host);
    const Forecast two = other.forecast(5, {}, host);
    EXPECT_EQ(one.mean, two.mean);
    EXPECT_EQ(model->interval(one, 4, 0.95).high, other.interval(two, 4, 0.95).high);
}

TEST(Combination, FiveValuesAreTheFewest) {
    test::FakeHost host;
    EXPECT_EQ(fit_combination(monthly({3.0, 5.0, 4.0, 6.0, 5.0}), 1, true, host)->forecast(2, {}, host).mean.size(), 2U);
    EXPECT_ERROR_CODE(fit_combination(monthly({3.0, 5.0, 4.0, 6.0}), 1, false, host), kNotEnoughData);
    test::CancellingHost cancelling(2);
    EXPECT_THROW(fit_combination(monthly(test::kNile), 1, true, cancelling), test::Cancelled);
}

}  // namespace
}  // namespace ecom::core

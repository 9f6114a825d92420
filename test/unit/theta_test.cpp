#include "core/forecast/theta.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "unit/fakes.hpp"
#include "unit/series_data.hpp"

namespace ecom::core {
namespace {

using test::monthly;

constexpr ThetaKind kAllKinds[] = {{false, false}, {false, true}, {true, false}, {true, true}};

TEST(Theta, NamesOfTheFamily) {
    const char* const names[] = {"STM", "OTM", "DSTM", "DOTM"};
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(kAllKinds[i].name(), names[i]);
}

// On a straight line the theta line and the smoothing agree: every model goes on with half the slope or all of it.
TEST(Theta, FollowsAStraightLine) {
    test::FakeHost host;
    std::vector<double> line;
    for (int t = 0; t < 60; ++t) line.push_back(100.0 + 2.0 * t + 0.01 * (t * 7 % 5));
    for (const ThetaKind& kind : kAllKinds) {
        const Forecast next = fit_theta(monthly(line), 1, kind, host)->forecast(5, {}, host);
        EXPECT_NEAR(next.mean[0], 220.0, 1.5) << kind.name();
        for (std::size_t h = 1; h < 5; ++h) {
            EXPECT_GT(next.mean[h] - next.mean[h - 1], 0.9) << kind.name();
            EXPECT_LT(next.mean[h] - next.mean[h - 1], 2.1) << kind.name();
            EXPECT_GT(next.variance[h], next.variance[h - 1]);
        }
    }
}

TEST(Theta, TakesASeasonOutAndPutsItBack) {
    test::FakeHost host;
    const std::vector<double> truth = test::formula_series(143);
    const auto model = fit_theta(monthly(test::formula_series()), 12, {}, host);
    EXPECT_EQ(model->series().period, 12U);
    const Forecast next = model->forecast(12, {}, host);
    for (std::size_t h = 0; h < 12; ++h) EXPECT_NEAR(next.mean[h], truth[131 + h], 30.0) << h;
}

// Estimating theta cannot leave more squares than theta 2.
TEST(Theta, OptimisingLowersTheSquares) {
    test::FakeHost host;
    const auto squares = [&](const ThetaKind& kind) {
        const auto model = fit_theta(monthly(test::kNile), 1, kind, host);
        double sum = 0.0;
        for (std::size_t t = 3; t < test::kNile.size(); ++t) sum += std::pow(test::kNile[t] - model->series().fitted[t], 2);
        return sum;
    };
    EXPECT_LE(squares({true, true}), squares({true, false}) * (1 + 1e-6));
    EXPECT_LE(squares({false, true}), squares({false, false}) * (1 + 1e-6));
}

TEST(Theta, UnitDoesNotMatter) {
    test::FakeHost host;
    std::vector<double> scaled = test::kNile;
    for (double& value : scaled) value *= 1e6;
    const Forecast one = fit_theta(monthly(test::kNile), 1, {}, host)->forecast(3, {}, host);
    const Forecast other = fit_theta(monthly(scaled), 1, {}, host)->forecast(3, {}, host);
    for (std::size_t h = 0; h < 3; ++h) EXPECT_NEAR(other.mean[h] / 1e6, one.mean[h], 1e-6 * one.mean[h]);
}

TEST(Theta, RefusesWhatItCannotFit) {
    test::FakeHost host;
    EXPECT_ERROR_CODE(fit_theta(monthly({1, 2, 3, 4}), 1, {}, host), kNotEnoughData);
    host.memory = 100;
    EXPECT_ERROR_CODE(fit_theta(monthly(test::kNile), 1, {}, host), kLimitExceeded);
    test::CancellingHost cancelling(2);
    EXPECT_THROW(fit_theta(monthly(test::kNile), 1, {}, cancelling), test::Cancelled);
}

}  // namespace
}  // namespace ecom::core

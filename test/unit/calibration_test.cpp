#include "core/stats/calibration.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "core/base/rng.hpp"
#include "fakes.hpp"

using namespace ecom::core;
using namespace ecom::test;

namespace {

// Scores of 0 to 100 whose log-odds are 0.08 (score - 40).
std::vector<ScoreLevel> levels(std::size_t n) {
    Rng rng(3, 0);
    std::vector<ScoreLevel> out;
    for (int score = 0; score <= 100; ++score) out.push_back({static_cast<double>(score), 0, 0});
    for (std::size_t i = 0; i < n; ++i) {
        ScoreLevel& level = out[rng.below(101)];
        ++(rng.uniform() < 1 / (1 + std::exp(-0.08 * (level.score - 40))) ? level.positives : level.negatives);
    }
    return out;
}

}  // namespace

TEST(Calibration, FindsTheProbabilitiesOfAnyScore) {
    FakeHost host;
    const auto data = levels(50000);
    const CalibrationModel platt = fit_platt(data, host), isotonic = fit_isotonic(data, host);
    for (const double score : {5.0, 20.0, 40.0, 60.0, 90.0}) {
        const double truth = 1 / (1 + std::exp(-0.08 * (score - 40)));
        EXPECT_NEAR(platt.probability(score), truth, 0.015);
        EXPECT_NEAR(isotonic.probability(score), truth, 0.06);
    }
    // Whatever the unit and the origin of the score.
    auto shifted = data;
    for (ScoreLevel& level : shifted) level.score = 1e6 + 1e-3 * level.score;
    EXPECT_NEAR(fit_platt(shifted, host).probability(1e6 + 0.06), platt.probability(60), 1e-6);
    EXPECT_EQ(fit_isotonic(shifted, host).probability(shifted[60].score), isotonic.probability(60));
}

TEST(Calibration, BearsOneClassOneScoreAndOneRow) {
    FakeHost host;
    // Platt's targets: (2 + 1) / (2 + 2), and 3 / 4 of one row: 2 / 3.
    EXPECT_NEAR(fit_platt({{5, 2, 0}}, host).probability(5), 0.75, 1e-9);
    EXPECT_NEAR(fit_platt({{5, 1, 0}}, host).probability(-1e9), 2.0 / 3, 1e-9);
    EXPECT_NEAR(fit_platt({{5, 30, 70}}, host).probability(7), (30 * 31.0 / 32 + 70 / 72.0) / 100, 1e-9);
    EXPECT_EQ(fit_isotonic({{5, 30, 70}}, host).probability(7), 0.3);
    EXPECT_EQ(fit_isotonic({{5, 2, 0}}, host).probability(0), 1);
    const CalibrationModel huge = fit_platt({{-1e300, 0, 5}, {1e300, 5, 0}}, host);
    EXPECT_TRUE(std::isfinite(huge.probability(0)));
}

TEST(Calibration, ComesBackAndIsRefusedWhereItIsNone) {
    FakeHost host;
    for (const CalibrationModel& model : {fit_platt(levels(500), host), fit_isotonic(levels(500), host)}) {
        const auto decoded = CalibrationModel::decode(model.body(), 1);
        EXPECT_EQ(encode_model(*decoded), encode_model(model));
        EXPECT_EQ(static_cast<const CalibrationModel&>(*decoded).probability(33), model.probability(33));
    }
    EXPECT_ERROR_CODE(CalibrationModel(PlattFunction{std::nan(""), 0}, 1, 1), kCorruptValue);
    EXPECT_ERROR_CODE(CalibrationModel(PlattFunction{1, 0}, 1, 2), kCorruptValue);
    EXPECT_ERROR_CODE(CalibrationModel(IsotonicFunction{{1, 2}, {0.5, 1.5}}, 2, 1), kCorruptValue);
    EXPECT_ERROR_CODE(CalibrationModel(IsotonicFunction{{1, 2}, {0.5, 0.4}}, 2, 1), kCorruptValue);
}

TEST(Calibration, StopsAndKeepsWithinItsMemory) {
    FakeHost counting, small;
    const auto data = levels(100000);
    for (const auto fit : {fit_platt, fit_isotonic}) {
        counting.polls = 0;
        fit(data, counting);
        ASSERT_GT(counting.polls, 5);
        for (const std::int64_t at : {std::int64_t{1}, counting.polls / 2, counting.polls}) {
            CancellingHost cancelling(at);
            EXPECT_THROW(fit(data, cancelling), Cancelled);
        }
        small.memory = 100000;
        EXPECT_ERROR_CODE(fit(data, small), kLimitExceeded);
    }
}

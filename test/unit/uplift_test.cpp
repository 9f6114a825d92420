#include "core/stats/uplift.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/base/rng.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using test::Cancelled;
using test::CancellingHost;
using test::FakeHost;

// Four rows by hand: after each rank the gains are 1, 1 - 0, (2 - 0), (2 - 1 * 2/2).
TEST(Qini, ByHand) {
    FakeHost host;
    UpliftState state(0.95);
    state.add(true, 1, 9, host);
    state.add(false, 0, 8, host);
    state.add(true, 1, 7, host);
    state.add(false, 1, 6, host);
    const Qini qini = state.qini(host);
    EXPECT_EQ(qini.treated, 2);
    EXPECT_EQ(qini.held_out, 2);
    EXPECT_DOUBLE_EQ(*qini.effect, 0.5);
    EXPECT_DOUBLE_EQ(*qini.area, 0.5 + 1 + 1.5 + 1.5);
    EXPECT_DOUBLE_EQ(*qini.random_area, 2);
    EXPECT_DOUBLE_EQ(*qini.qini, 2.5 / 16);
    const auto curve = state.curve(2, host);
    ASSERT_EQ(curve.size(), 2U);
    EXPECT_DOUBLE_EQ(curve[0].gain, 1);
    EXPECT_DOUBLE_EQ(curve[1].gain, 1);
    EXPECT_DOUBLE_EQ(curve[0].random_gain, 0.5);
}

// Outcomes with an effect that rises with u; scores that know u or nothing.
UpliftState simulated(std::uint64_t seed, int n, double effect, bool informed, bool reversed = false) {
    FakeHost host;
    UpliftState state(0.95);
    for (int k = 0; k < n; ++k) {
        Rng rng(seed, static_cast<std::uint64_t>(reversed ? n - 1 - k : k));
        const double u = rng.uniform(0, 1);
        const bool treated = rng.uniform(0, 1) < 0.6;
        const double outcome = rng.uniform(0, 1) < 0.3 + (treated ? effect * (u - 0.3) : 0.0) ? 1 : 0;
        state.add(treated, outcome, informed ? u : rng.uniform(0, 1), host);
    }
    return state;
}

// The measure of a perfect ranking of the effect e (u - 0.3) of the treated: the integral over ranks of share * (e (0.7 k - k^2 / 2) - 0.2 e k).
TEST(Qini, IntervalHoldsTheTruth) {
    FakeHost host;
    const double effect = 0.4;
    const double truth = 0.6 * effect * (0.7 / 2 - 1.0 / 6 - 0.2 / 2);
    int held = 0, chance_held = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        const Qini informed = simulated(seed, 2000, effect, true).qini(host);
        held += *informed.low < truth && truth < *informed.high;
        const Qini chance = simulated(seed, 2000, effect, false).qini(host);
        chance_held += *chance.low < 0 && 0 < *chance.high;
    }
    EXPECT_GE(held, 53);
    EXPECT_GE(chance_held, 53);
}

TEST(Qini, TiesMakeAStraightLine) {
    FakeHost host;
    UpliftState state(0.95);
    for (int i = 0; i < 100; ++i) state.add(i % 2 == 0, i % 3 == 0 ? 1 : 0, 5, host);
    const Qini qini = state.qini(host);
    EXPECT_NEAR(*qini.qini, 0, 1e-15);
    EXPECT_NEAR(*qini.standard_error, 0, 1e-15);
}

TEST(Qini, OrderAndMergeDoNotChangeABit) {
    FakeHost host;
    const Qini forward = simulated(3, 500, 0.4, true).qini(host);
    const Qini backward = simulated(3, 500, 0.4, true, true).qini(host);
    EXPECT_EQ(*forward.qini, *backward.qini);
    EXPECT_EQ(*forward.standard_error, *backward.standard_error);
    UpliftState merged(0.95);
    merged.merge(simulated(3, 500, 0.4, true), host);
    const std::string bytes = encode_state(merged);
    Reader in = open_state(bytes, UpliftState::kKind);
    EXPECT_EQ(*UpliftState::decode(in).qini(host).qini, *forward.qini);
    EXPECT_THROW(merged.merge(UpliftState(0.9), host), Error);
}

TEST(Qini, EmptyArmsAndBadInput) {
    FakeHost host;
    UpliftState state(0.95);
    EXPECT_FALSE(state.qini(host).qini);
    state.add(true, 1, 1, host);
    EXPECT_FALSE(state.qini(host).effect);
    EXPECT_TRUE(state.curve(10, host).empty());
    state.add(false, 0, 1, host);
    EXPECT_TRUE(state.qini(host).qini);
    EXPECT_FALSE(state.qini(host).standard_error);
    EXPECT_THROW(state.add(true, std::nan(""), 1, host), Error);
    EXPECT_THROW(state.add(true, 1, std::numeric_limits<double>::infinity(), host), Error);
    EXPECT_THROW(state.curve(0, host), Error);
    EXPECT_THROW(UpliftState(1), Error);
}

TEST(Qini, StopsAndKeepsWithinMemory) {
    FakeHost little;
    little.memory = 1000;
    const UpliftState state = simulated(1, 20000, 0.4, true);
    EXPECT_THROW(state.qini(little), Error);
    // Room to rank the rows, but not for as many scores.
    little.memory = 20000 * 2 * 24 + 1000 * 72;
    EXPECT_EQ(test::error_of([&] { (void)state.qini(little); }).code(), ErrorCode::kLimitExceeded);
    FakeHost host;
    UpliftState tied(0.95);
    for (int i = 0; i < 20000; ++i) tied.add(i % 2 == 0, i % 3 == 0 ? 1 : 0, i % 1000, host);
    EXPECT_TRUE(tied.qini(little).qini);
    CancellingHost cancelling(2);
    EXPECT_THROW(state.qini(cancelling), Cancelled);
}

}  // namespace
}  // namespace ecom::core

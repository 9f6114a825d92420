#include "core/prescribe/channel_response.hpp"

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

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

struct Planted {
    double base = 4.0, beta = 12.0, carryover = 0.5, half = 30.0, shape = 1.4;
};

// Spend changes by week, demand by season.
ChannelResponseState simulated(const Planted& truth, double noise, int periods, std::uint64_t seed, bool reversed = false) {
    FakeHost host;
    std::vector<double> spend, response, demand;
    double adstock = 0;
    for (int t = 0; t < periods; ++t) {
        Rng week(seed, static_cast<std::uint64_t>(t / 7)), day(seed + 1000, static_cast<std::uint64_t>(t));
        const double levels[] = {0.0, 6.0, 12.0, 20.0, 40.0, 70.0};
        spend.push_back(levels[static_cast<std::size_t>(week.uniform(0, 6))]);
        demand.push_back(1.0 + 0.4 * std::sin(t / 20.0));
        adstock = spend.back() + truth.carryover * adstock;
        const double hill = adstock > 0 ? 1 / (1 + std::pow(truth.half / adstock, truth.shape)) : 0;
        const double mean = demand.back() * (truth.base + truth.beta * hill);
        response.push_back(mean + noise * std::sqrt(mean) * day.normal());
    }
    ChannelResponseState state;
    for (int k = 0; k < periods; ++k) {
        const auto t = static_cast<std::size_t>(reversed ? periods - 1 - k : k);
        state.add(static_cast<std::int32_t>(t), spend[t], response[t], demand[t], host);
    }
    return state;
}

TEST(ChannelResponse, RecoversACurveWithoutNoise) {
    FakeHost host;
    const Planted truth;
    const ChannelResponse fit = simulated(truth, 0, 200, 3).fit(host);
    ASSERT_EQ(fit.status, ResponseStatus::kFitted);
    EXPECT_NEAR(fit.base, truth.base, 1e-3);
    EXPECT_NEAR(fit.beta, truth.beta, 1e-2);
    EXPECT_NEAR(fit.carryover, truth.carryover, 1e-3);
    EXPECT_NEAR(fit.half_saturation, truth.half, 0.05);
    EXPECT_NEAR(fit.shape, truth.shape, 1e-3);
    EXPECT_NEAR(fit.r2, 1, 1e-6);
    EXPECT_NEAR(fit.half_spend(), fit.half_saturation * (1 - fit.carryover), 1e-12);
}

// The response to a steady spend: within two standard errors of the truth in about 19 of 20 series.
TEST(ChannelResponse, IntervalsHoldTheTruth) {
    FakeHost host;
    const Planted truth;
    int held = 0, gains_held = 0;
    constexpr int kSeries = 40;
    const auto true_response = [&](double spend, double demand) {
        return demand * truth.beta / (1 + std::pow(truth.half / (spend / (1 - truth.carryover)), truth.shape));
    };
    for (int seed = 1; seed <= kSeries; ++seed) {
        const ChannelResponse fit = simulated(truth, 1.0, 700, static_cast<std::uint64_t>(seed)).fit(host);
        ASSERT_EQ(fit.status, ResponseStatus::kFitted);
        EXPECT_LT(fit.p_value, 1e-6);
        const SteadyResponse at = steady_response(fit, 20, 12);
        const double truth_at = true_response(20, fit.mean_demand);
        const double truth_gain = truth_at - true_response(12, fit.mean_demand);
        held += std::abs(at.response - truth_at) < 1.96 * *at.response_error;
        gains_held += std::abs(at.gain - truth_gain) < 1.96 * *at.gain_error;
    }
    EXPECT_GE(held, 35);
    EXPECT_GE(gains_held, 35);
}

// Without an effect the test speaks up about as rarely as it should.
TEST(ChannelResponse, SpendWithoutEffectIsNotSignificant) {
    FakeHost host;
    Planted truth;
    truth.beta = 0;
    int loud = 0;
    for (int seed = 1; seed <= 40; ++seed) {
        const ChannelResponse fit = simulated(truth, 1.0, 300, static_cast<std::uint64_t>(seed)).fit(host);
        loud += fit.status == ResponseStatus::kFitted && fit.p_value < 0.05;
    }
    EXPECT_LE(loud, 6);
}

// By differences: the marginal response is the slope of the response, and its errors those of a linearised curve.
TEST(ChannelResponse, MarginalIsTheSlope) {
    FakeHost host;
    const ChannelResponse fit = simulated({}, 1.0, 300, 5).fit(host);
    const double h = 1e-4;
    const double slope = (steady_response(fit, 20 + h, 0).response - steady_response(fit, 20 - h, 0).response) / (2 * h);
    EXPECT_NEAR(steady_response(fit, 20, 0).marginal, slope, 1e-6 * slope);
    EXPECT_EQ(steady_response(fit, 0, 0).response, 0);
    EXPECT_NEAR(steady_response(fit, 20, 0).gain, steady_response(fit, 20, 0).response, 1e-12);
    EXPECT_NEAR(*steady_response(fit, 20, 20).gain_error, 0, 1e-9);
    // Robyn's documented geometric adstock: 100 a period at a carryover of 0.5 comes near 200, half saturation of what it sustains.
    ChannelResponse curve;
    curve.beta = 1;
    curve.carryover = 0.5;
    curve.half_saturation = 200;
    curve.shape = 3;
    EXPECT_NEAR(steady_response(curve, 100, 0).response, 0.5, 1e-15);
}

TEST(ChannelResponse, SaysWhyThereIsNoCurve) {
    FakeHost host;
    ChannelResponseState few, none, constant, deaf;
    for (int t = 0; t < 60; ++t) {
        if (t < 19) few.add(t, t % 5, 10 + t % 5, 1, host);
        none.add(t, 0, 10 + t % 3, 1, host);
        constant.add(t, 50 + 0.001 * (t % 2), 10 + t % 3, 1, host);
        deaf.add(t, t % 5, 10, 1, host);
    }
    EXPECT_EQ(few.fit(host).status, ResponseStatus::kTooFewPeriods);
    EXPECT_EQ(none.fit(host).status, ResponseStatus::kNoSpend);
    EXPECT_EQ(constant.fit(host).status, ResponseStatus::kNoVariation);
    EXPECT_EQ(deaf.fit(host).status, ResponseStatus::kNoResponse);
    EXPECT_EQ(ChannelResponseState().fit(host).status, ResponseStatus::kTooFewPeriods);
    EXPECT_EQ(response_status_name(ResponseStatus::kNoVariation), "spend hardly varies");
}

// Spend without a known response still has its aftermath.
TEST(ChannelResponse, UnknownResponsesAndGapsKeepTime) {
    FakeHost host;
    const Planted truth;
    ChannelResponseState state;
    double adstock = 0;
    for (int t = 0; t < 300; ++t) {
        const double spend = t % 11 < 4 ? 0.0 : 8.0 * (t % 7);
        adstock = spend + truth.carryover * adstock;
        const double hill = adstock > 0 ? 1 / (1 + std::pow(truth.half / adstock, truth.shape)) : 0;
        // No row where nothing is spent, and a response only on two of three days.
        if (spend > 0) state.add(t - 150, spend, t % 3 == 0 ? kUnknown : truth.base + truth.beta * hill, 1, host);
    }
    const ChannelResponse fit = state.fit(host);
    ASSERT_EQ(fit.status, ResponseStatus::kFitted);
    EXPECT_NEAR(fit.carryover, truth.carryover, 2e-3);
    EXPECT_NEAR(fit.half_saturation, truth.half, 0.2);
}

TEST(ChannelResponse, OrderAndMergeDoNotChangeABit) {
    FakeHost host;
    const ChannelResponse forward = simulated({}, 1, 120, 9).fit(host);
    const ChannelResponse backward = simulated({}, 1, 120, 9, true).fit(host);
    EXPECT_EQ(forward.beta, backward.beta);
    EXPECT_EQ(forward.covariance->at(6), backward.covariance->at(6));
    ChannelResponseState merged;
    merged.merge(simulated({}, 1, 120, 9), host);
    EXPECT_EQ(merged.fit(host).beta, forward.beta);
    const std::string bytes = encode_state(merged);
    Reader in = open_state(bytes, ChannelResponseState::kKind);
    EXPECT_EQ(ChannelResponseState::decode(in).fit(host).beta, forward.beta);
}

TEST(ChannelResponse, RefusesWhatHasNoMeaning) {
    FakeHost host;
    ChannelResponseState state;
    EXPECT_THROW(state.add(1, -1, 2, 1, host), Error);
    EXPECT_THROW(state.add(1, 1, 2, -1, host), Error);
    EXPECT_THROW(state.add(1, std::numeric_limits<double>::infinity(), 2, 1, host), Error);
    EXPECT_THROW(state.add(1, 1, std::numeric_limits<double>::infinity(), 1, host), Error);
    const ChannelResponse fit = simulated({}, 1, 60, 2).fit(host);
    EXPECT_THROW(steady_response(fit, -1, 0), Error);
    EXPECT_THROW(steady_response(ChannelResponse(), 1, 0), Error);
}

TEST(ChannelResponse, StopsAndKeepsWithinMemory) {
    FakeHost little;
    little.memory = 1000;
    ChannelResponseState far;
    FakeHost host;
    far.add(std::numeric_limits<std::int32_t>::min(), 1, 1, 1, host);
    far.add(std::numeric_limits<std::int32_t>::max(), 1, 1, 1, host);
    EXPECT_THROW(far.fit(little), Error);
    const ChannelResponseState state = simulated({}, 1, 200, 4);
    for (int polls : {1, 5, 20}) {
        CancellingHost cancelling(polls);
        EXPECT_THROW(state.fit(cancelling), Cancelled);
    }
}

}  // namespace
}  // namespace ecom::core

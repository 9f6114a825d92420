#include "core/prescribe/elasticity.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "core/base/rng.hpp"
#include "core/prescribe/demand_price.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using test::Cancelled;
using test::CancellingHost;
using test::FakeHost;

ElasticityState simulated(double elasticity, double noise, int n, bool reversed = false) {
    FakeHost host;
    ElasticityState state(1, 0.95);
    for (int k = 0; k < n; ++k) {
        const int i = reversed ? n - 1 - k : k;
        Rng rng(7, static_cast<std::uint64_t>(i));
        const double promotion = i % 4 == 0 ? 1.0 : 0.0;
        const double price = 10.0 * std::exp(rng.uniform(-0.2, 0.2) - 0.1 * promotion);
        const double quantity = std::exp(5 + elasticity * std::log(price) + 0.5 * promotion + noise * rng.normal());
        state.add(price, quantity, &promotion, host);
    }
    return state;
}

TEST(Elasticity, RecoversWhatWasPlanted) {
    FakeHost host;
    const Elasticity exact = simulated(-1.7, 0, 50).fit(host);
    EXPECT_NEAR(*exact.elasticity, -1.7, 1e-10);
    EXPECT_NEAR(*exact.r2, 1, 1e-12);
    const Elasticity noisy = simulated(-1.7, 0.3, 400).fit(host);
    EXPECT_LT(*noisy.low, -1.7);
    EXPECT_GT(*noisy.high, -1.7);
    EXPECT_EQ(noisy.n, 400);
}

// HC1 by hand: three controls-free rows, the formula n / (n - 2) sum(x^2 e^2) / (sum x^2)^2.
TEST(Elasticity, RobustStandardErrorByTheFormula) {
    FakeHost host;
    ElasticityState state(0, 0.9);
    const double x[] = {0.0, 0.1, 0.2, 0.4};
    const double y[] = {1.0, 0.7, 0.75, 0.2};
    for (int i = 0; i < 4; ++i) state.add(std::exp(x[i]), std::exp(y[i]), nullptr, host);
    double mx = 0, my = 0, sxx = 0, sxy = 0, meat = 0;
    for (int i = 0; i < 4; ++i) mx += x[i] / 4, my += y[i] / 4;
    for (int i = 0; i < 4; ++i) sxx += (x[i] - mx) * (x[i] - mx), sxy += (x[i] - mx) * (y[i] - my);
    const double b = sxy / sxx;
    for (int i = 0; i < 4; ++i) {
        const double e = y[i] - my - b * (x[i] - mx);
        meat += (x[i] - mx) * (x[i] - mx) * e * e;
    }
    const Elasticity fit = state.fit(host);
    EXPECT_NEAR(*fit.elasticity, b, 1e-12);
    EXPECT_NEAR(*fit.standard_error, std::sqrt(4.0 / 2.0 * meat) / sxx, 1e-12);
    EXPECT_NEAR(*fit.high - *fit.low, 2 * 2.919985580353726 * *fit.standard_error, 1e-9);  // t, 2 df, 90 percent
}

TEST(Elasticity, OrderAndMergeDoNotChangeABit) {
    FakeHost host;
    const Elasticity forward = simulated(-2, 0.2, 101).fit(host);
    const Elasticity backward = simulated(-2, 0.2, 101, true).fit(host);
    EXPECT_EQ(*forward.elasticity, *backward.elasticity);
    EXPECT_EQ(*forward.standard_error, *backward.standard_error);
    ElasticityState merged = simulated(-2, 0.2, 101);
    merged.merge(simulated(-2, 0.2, 7), host);
    const std::string bytes = encode_state(merged);
    Reader in = open_state(bytes, ElasticityState::kKind);
    EXPECT_EQ(*ElasticityState::decode(in).fit(host).elasticity, *merged.fit(host).elasticity);
}

// Controls that never vary change nothing, whatever rounding leaves of their mean.
TEST(Elasticity, SteadyControlsChangeNothing) {
    FakeHost host;
    for (const double steady : {0.0, 0.3}) {
        ElasticityState plain(0, 0.95), with(1, 0.95), beside(2, 0.95), varying(1, 0.95);
        for (int i = 0; i < 40; ++i) {
            Rng rng(11, static_cast<std::uint64_t>(i));
            const double price = 10 * std::exp(rng.uniform(-0.2, 0.2)), both[] = {steady, i % 3 == 0 ? 1.0 : 0.0};
            const double quantity = std::exp(4 - 1.5 * std::log(price) + 0.3 * both[1] + 0.1 * rng.normal());
            plain.add(price, quantity, nullptr, host);
            with.add(price, quantity, both, host);
            beside.add(price, quantity, both, host);
            varying.add(price, quantity, both + 1, host);
        }
        EXPECT_NEAR(*with.fit(host).elasticity, *plain.fit(host).elasticity, 1e-12);
        EXPECT_NEAR(*with.fit(host).standard_error, *plain.fit(host).standard_error, 1e-12);
        EXPECT_NEAR(*beside.fit(host).elasticity, *varying.fit(host).elasticity, 1e-12);
        EXPECT_NEAR(*beside.fit(host).standard_error, *varying.fit(host).standard_error, 1e-12);
    }
}

TEST(Elasticity, RefusesWhatTheEvidenceDoesNotSupport) {
    FakeHost host;
    ElasticityState two_prices(0, 0.95);
    ElasticityState steady(0, 0.95);
    ElasticityState explained(1, 0.95);
    for (int i = 0; i < 30; ++i) {
        two_prices.add(i % 2 ? 10 : 8, 5 + i % 3, nullptr, host);
        steady.add(10 + 0.001 * i, 5 + i % 3, nullptr, host);
        const double control = std::log(10.0 + i);
        explained.add(10.0 + i, 5 + i % 3, &control, host);
    }
    EXPECT_FALSE(two_prices.fit(host).elasticity);
    EXPECT_EQ(two_prices.fit(host).prices, 2);
    EXPECT_FALSE(steady.fit(host).elasticity);
    EXPECT_FALSE(explained.fit(host).elasticity);
    ElasticityState none(0, 0.95);
    none.add(0, 5, nullptr, host);
    none.add(5, -1, nullptr, host);
    EXPECT_EQ(none.fit(host).n, 0);
    EXPECT_ERROR_CODE(none.add(std::nan(""), 1, nullptr, host), kNonFiniteInput);
    EXPECT_ERROR_CODE(ElasticityState(51, 0.95), kInvalidArgument);
    EXPECT_ERROR_CODE(ElasticityState(0, 1), kInvalidArgument);
    EXPECT_ERROR_CODE(none.merge(explained, host), kInvalidArgument);
    FakeHost poor;
    poor.memory = 2000;
    EXPECT_ERROR_CODE(simulated(-1, 0.1, 500).fit(poor), kLimitExceeded);
    CancellingHost cancelling(2);
    EXPECT_THROW(simulated(-1, 0.1, 5000).fit(cancelling), Cancelled);
}

TEST(Shrinkage, DrawsToTheMean) {
    FakeHost host;
    const std::vector<Estimate> estimates{{-4.0, 0.5}, {-1.6, 0.1}, {-2.1, 0.9}, {std::nan(""), 1.0}, {-3.0, 0.0}};
    const Shrinkage result = shrink_estimates(estimates, host);
    const double tau2 = result.tau2;
    ASSERT_GT(tau2, 0);
    for (const std::size_t i : {0U, 1U, 2U}) {
        const double s2 = estimates[i].standard_error * estimates[i].standard_error;
        EXPECT_NEAR(result.estimates[i].value, (estimates[i].value * tau2 + result.mean * s2) / (tau2 + s2), 1e-12);
        EXPECT_LE(result.estimates[i].standard_error, estimates[i].standard_error);
    }
    EXPECT_TRUE(std::isnan(result.estimates[3].value));
    EXPECT_TRUE(std::isnan(result.estimates[4].value));
    // Differences that chance explains leave the mean alone.
    const Shrinkage same = shrink_estimates({{-2.0, 0.5}, {-2.1, 0.5}}, host);
    EXPECT_EQ(same.tau2, 0);
    EXPECT_NEAR(same.estimates[0].value, -2.05, 1e-12);
    EXPECT_NEAR(same.estimates[0].standard_error, 0.5 / std::sqrt(2.0), 1e-12);
    EXPECT_TRUE(std::isnan(shrink_estimates({}, host).mean));
}

TEST(OptimalPrice, LernersRule) {
    FakeHost host;
    PriceParams params;
    params.current_price = 1.5;
    params.unit_cost = 1;
    params.elasticity = -3.13871325556;
    params.max_change = 0.5;
    EXPECT_NEAR(optimal_price(params, host).price, 1.46757086177883, 1e-6);
    EXPECT_EQ(optimal_price(params, host).probability_of_gain, 1.0);
    // Demand that hardly answers: the bound.
    params.elasticity = -0.5;
    params.max_change = 0.1;
    EXPECT_NEAR(optimal_price(params, host).price, 1.65, 1e-12);
    // An uncertain elasticity makes the gain uncertain.
    params.elasticity = -2;
    params.standard_error = 1;
    const PriceAdvice advice = optimal_price(params, host);
    EXPECT_GT(advice.probability_of_gain, 0.5);
    EXPECT_LT(advice.probability_of_gain, 1.0);
    EXPECT_GT(advice.profit_change, 0);
    params.max_change = 1;
    EXPECT_ERROR_CODE(optimal_price(params, host), kInvalidArgument);
    params.max_change = 0.1;
    params.current_price = 0;
    EXPECT_ERROR_CODE(optimal_price(params, host), kInvalidArgument);
}

// Closed forms, and none of them beaten by a neighbour.
TEST(DemandPrice, TextbookCurves) {
    EXPECT_EQ(*price_for_demand(DemandCurve::kLinear, 100, 2, 10), 30);
    EXPECT_EQ(*price_for_demand(DemandCurve::kSemiLog, 7, 0.5, 3), 5);
    EXPECT_NEAR(*price_for_demand(DemandCurve::kLogit, 2, 1, 1), 2.56714329040978, 1e-13);
    for (const double a : {-800.0, -3.0, 0.0, 4.0, 900.0}) {
        const double p = *price_for_demand(DemandCurve::kLogit, a, 0.7, 2);
        const double share = 1 / (1 + std::exp(0.7 * p - a));
        EXPECT_NEAR(p, 2 + 1 / (0.7 * (1 - share)), 1e-9 * p) << a;
    }
    EXPECT_FALSE(price_for_demand(DemandCurve::kLinear, 10, 2, 5));
    EXPECT_EQ(demand_curve("semi_log"), DemandCurve::kSemiLog);
    EXPECT_ERROR_CODE(demand_curve("cubic"), kInvalidArgument);
    EXPECT_ERROR_CODE(price_for_demand(DemandCurve::kLinear, 10, 0, 5), kInvalidArgument);
    EXPECT_ERROR_CODE(price_for_demand(DemandCurve::kLinear, 10, 1, -5), kInvalidArgument);
    EXPECT_ERROR_CODE(price_for_demand(DemandCurve::kLinear, std::nan(""), 1, 5), kInvalidArgument);
}

}  // namespace
}  // namespace ecom::core

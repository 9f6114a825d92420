#include "core/forecast/unit_root.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/base/rng.hpp"
#include "core/forecast/autocorrelation.hpp"
#include "core/forecast/long_run.hpp"
#include "core/forecast/series.hpp"
#include "unit/fakes.hpp"
#include "unit/series_data.hpp"

namespace ecom::core {
namespace {

using Values = std::vector<double>;

StationarityTest adf(const Values& values, Deterministic deterministic = Deterministic::kConstant,
                     std::optional<std::size_t> lags = std::nullopt, AdfLagRule rule = AdfLagRule::kAic) {
    test::FakeHost host;
    return adf_test(values, {deterministic, rule, lags}, host);
}

StationarityTest kpss(const Values& values, Deterministic deterministic = Deterministic::kConstant,
                      KpssLagRule rule = KpssLagRule::kAuto, std::optional<std::size_t> lags = std::nullopt) {
    test::FakeHost host;
    return kpss_test(values, {deterministic, rule, lags}, host);
}

Values line(std::size_t n, double slope) {
    Values values;
    for (std::size_t i = 0; i < n; ++i) values.push_back(1.0 + slope * static_cast<double>(i));
    return values;
}

Values random_walk(std::size_t n, std::uint64_t seed, double share = 1.0) {
    Rng random(3, seed);
    Values values;
    double x = 0.0;
    for (std::size_t i = 0; i < n; ++i) values.push_back(x = share * x + random.normal());
    return values;
}

// ur.df of urca 1.3-3, adf.test of tseries 0.10-53, adfuller of statsmodels 0.13.5.
TEST(Adf, IsThatOfRAndStatsmodels) {
    const Values y = test::formula_series();
    EXPECT_NEAR(*adf(y, Deterministic::kNone, 3).statistic, -0.063958753233667, 1e-11);
    EXPECT_NEAR(*adf(y, Deterministic::kConstant, 3).statistic, -4.38097942455629, 1e-11);
    EXPECT_NEAR(*adf(y, Deterministic::kTrend, 3).statistic, -12.0767375330937, 1e-10);
    const StationarityTest tseries = adf(y, Deterministic::kTrend, std::nullopt, AdfLagRule::kCubeRoot);
    EXPECT_NEAR(*tseries.statistic, -7.87022123271756, 1e-10);
    EXPECT_EQ(tseries.lags, 5U);

    struct Case {
        Deterministic deterministic;
        double statistic;
        double p_value;
        double critical_value;
    };
    for (const Case& c : {Case{Deterministic::kNone, 6.225880676186815, 1.0, -1.9434762390967262},
                          Case{Deterministic::kConstant, -0.7383162355153852, 0.8365736227888826, -2.8861509858476264},
                          Case{Deterministic::kTrend, -2.2556129375654295, 0.45863969975741636, -3.4480491338265407}}) {
        for (const AdfLagRule rule : {AdfLagRule::kAic, AdfLagRule::kBic}) {
            const StationarityTest test = adf(y, c.deterministic, std::nullopt, rule);
            EXPECT_NEAR(*test.statistic, c.statistic, 1e-9);
            EXPECT_NEAR(*test.p_value, c.p_value, 1e-9);
            EXPECT_NEAR(*test.critical_value, c.critical_value, 1e-12);
            EXPECT_EQ(test.lags, 11U);
            EXPECT_EQ(test.n, 119U);
        }
    }
}

// A unit root is rejected in one of twenty random walks, and in nearly all stationary series.
TEST(Adf, HasItsSizeAndItsPower) {
    int walks = 0;
    int stationary = 0;
    for (std::uint64_t s = 0; s < 400; ++s) {
        walks += *adf(random_walk(200, s), Deterministic::kConstant, 1).p_value < 0.05;
        stationary += *adf(random_walk(200, s, 0.8), Deterministic::kConstant, 1).p_value < 0.05;
    }
    EXPECT_NEAR(walks, 20, 13);
    EXPECT_GT(stationary, 360);
}

// The answer does not depend on the unit or, with a constant, on where zero is.
TEST(Adf, UnitsDoNotMatter) {
    const Values y = random_walk(300, 5);
    for (const double unit : {1e-290, 1e-3, 1e290}) {
        Values scaled = y;
        for (double& value : scaled) value *= unit;
        EXPECT_NEAR(*adf(scaled).statistic, *adf(y).statistic, 1e-9);
        EXPECT_NEAR(*kpss(scaled).statistic, *kpss(y).statistic, 1e-12);
    }
    Values moved = y;
    for (double& value : moved) value += 1e9;
    EXPECT_NEAR(*adf(moved).statistic, *adf(y).statistic, 1e-5);
}

TEST(Adf, NothingToTest) {
    for (const std::size_t n : {0, 1, 2, 3}) EXPECT_FALSE(adf(line(n, 1.0)).statistic.has_value());
    for (const double value : {0.0, 1e300}) EXPECT_FALSE(adf(Values(50, value)).statistic.has_value());
    // A straight line leaves no error around a constant and a trend.
    for (const Deterministic d : {Deterministic::kConstant, Deterministic::kTrend})
        EXPECT_FALSE(adf(line(60, 0.1), d, 0).statistic.has_value());
    EXPECT_EQ(adf(line(20, 1.0), Deterministic::kConstant, 15).n, 0U);
    EXPECT_EQ(adf_meaning(adf({}), Deterministic::kConstant), "too few values for the test");
    EXPECT_EQ(adf_meaning(adf(Values(50, 1.0)), Deterministic::kConstant), "nothing to test: no noise is left");
    EXPECT_ERROR_CODE(adf(line(2000, 1.0), Deterministic::kConstant, 201), kInvalidArgument);
    EXPECT_ERROR_CODE(parse_deterministic("c"), kInvalidArgument);
    EXPECT_ERROR_CODE(parse_adf_lag_rule("t-stat"), kInvalidArgument);
    EXPECT_ERROR_CODE(parse_kpss_lag_rule("aic"), kInvalidArgument);
    test::CancellingHost cancelling(3);
    EXPECT_THROW(adf_test(random_walk(20'000, 1), {}, cancelling), test::Cancelled);
    test::FakeHost small;
    small.memory = 100;
    EXPECT_ERROR_CODE(adf_test(random_walk(200, 1), {}, small), kLimitExceeded);
    EXPECT_ERROR_CODE(kpss_test(random_walk(200, 1), {}, small), kLimitExceeded);
}

TEST(Kpss, IsThatOfRAndStatsmodels) {
    const Values y = test::formula_series();
    EXPECT_NEAR(*kpss(y, Deterministic::kConstant, KpssLagRule::kShort).statistic, 2.4278809359767, 1e-12);
    EXPECT_NEAR(*kpss(y, Deterministic::kConstant, KpssLagRule::kLong).statistic, 1.12077996635281, 1e-12);
    EXPECT_NEAR(*kpss(y, Deterministic::kTrend, KpssLagRule::kShort).statistic, 0.0260062566692289, 1e-13);
    EXPECT_NEAR(*kpss(y, Deterministic::kTrend, KpssLagRule::kLong).statistic, 0.0558481731867397, 1e-13);
    EXPECT_NEAR(*kpss(y).statistic, 2.0403199625439163, 1e-12);
    EXPECT_EQ(kpss(y).lags, 5U);
    EXPECT_EQ(*kpss(y).p_value, 0.01);
    const StationarityTest trend = kpss(y, Deterministic::kTrend);
    EXPECT_NEAR(*trend.statistic, 0.015001727351900347, 1e-13);
    EXPECT_EQ(trend.lags, 3U);
    EXPECT_EQ(*trend.p_value, 0.1);
    EXPECT_EQ(kpss_meaning(trend, Deterministic::kTrend),
              "stationary around a trend: stationarity is not rejected (p >= 0.1)");
    EXPECT_EQ(kpss_meaning(kpss(y), Deterministic::kConstant), "not stationary: stationarity is rejected (p <= 0.01)");
}

TEST(Kpss, NothingToTest) {
    EXPECT_FALSE(kpss({}).statistic.has_value());
    EXPECT_FALSE(kpss({1.0}).statistic.has_value());
    EXPECT_FALSE(kpss(Values(30, 2.5)).statistic.has_value());
    EXPECT_FALSE(kpss(line(30, 0.1), Deterministic::kTrend).statistic.has_value());
    EXPECT_TRUE(kpss(line(30, 0.1)).statistic.has_value());
    EXPECT_EQ(kpss(random_walk(30, 1), Deterministic::kConstant, KpssLagRule::kAuto, 1000).lags, 29U);
    test::CancellingHost cancelling(3);
    EXPECT_THROW(kpss_test(random_walk(20'000, 1), {}, cancelling), test::Cancelled);
}

// ndiffs of forecast 8.20.
TEST(Differences, AreThoseOfR) {
    test::FakeHost host;
    Values y = test::formula_series();
    EXPECT_EQ(differences_needed(y, host), 1U);
    for (std::size_t i = 1; i < y.size(); ++i) y[i] += y[i - 1];
    EXPECT_EQ(differences_needed(y, host), 2U);
    Values wave;
    for (int i = 0; i < 131; ++i) wave.push_back(std::sin(i));
    EXPECT_EQ(differences_needed(wave, host), 0U);
    EXPECT_EQ(differences_needed({}, host), 0U);
    EXPECT_EQ(differences_needed(Values(20, 1.0), host), 0U);
    EXPECT_EQ(differences_needed(line(100, 1.0), host), 1U);
}

// acf, pacf and Box.test of R 4.2.2.
TEST(Autocorrelation, IsThatOfR) {
    test::FakeHost host;
    Values y = test::formula_series();
    const Autocorrelations a = autocorrelations(y, 12, host);
    EXPECT_NEAR(a.acf[0], -0.115043819583596, 1e-13);
    EXPECT_NEAR(a.acf[11], 0.852040349524489, 1e-13);
    EXPECT_NEAR(a.pacf[1], 0.34535312638582, 1e-13);
    EXPECT_NEAR(a.pacf[11], 0.71962748335556, 1e-12);
    EXPECT_NEAR(a.statistic[11], 239.855720162591, 1e-9);
    for (const std::size_t i : {4, 5, 49, 130}) y[i] = kMissingValue;
    const Autocorrelations b = autocorrelations(y, 3, host);
    EXPECT_EQ(b.n, 127U);
    EXPECT_NEAR(b.acf[0], -0.109857022811767, 1e-13);
    EXPECT_NEAR(b.acf[2], 0.104972486691401, 1e-13);
    EXPECT_NEAR(b.statistic[2], 18.5941360215721, 1e-10);
}

TEST(Autocorrelation, Edges) {
    test::FakeHost host;
    EXPECT_EQ(default_lags(0), 0U);
    EXPECT_EQ(default_lags(1), 0U);
    EXPECT_EQ(default_lags(2), 1U);
    EXPECT_EQ(default_lags(131), 21U);
    EXPECT_TRUE(std::isnan(autocorrelations(Values(20, 3.0), 5, host).acf[0]));
    // A value and its neighbour are never both there.
    const Autocorrelations sparse = autocorrelations({1, kMissingValue, 2, kMissingValue, 4}, 2, host);
    EXPECT_TRUE(std::isnan(sparse.acf[0]));
    EXPECT_TRUE(std::isnan(sparse.pacf[0]));
    for (const double r : autocorrelations({1e300, -1e300, 5e299}, 2, host).acf) EXPECT_TRUE(std::fabs(r) <= 1.0);
    test::CancellingHost cancelling(3);
    EXPECT_THROW(autocorrelations(random_walk(20'000, 1), 40, cancelling), test::Cancelled);
}

TEST(SeriesState, TravelsUnchanged) {
    test::FakeHost host;
    SeriesState state({{std::nullopt, -3, 7}, {"constant", ""}});
    for (const double value : {1.5, kMissingValue, -1e300}) state.add(value, host);
    const std::string bytes = encode_state(state);
    Reader in = open_state(bytes, SeriesState::kKind);
    const SeriesState copy = SeriesState::decode(in);
    EXPECT_EQ(encode_state(copy), bytes);
    EXPECT_EQ(copy.options().number(1), -3);
    EXPECT_EQ(copy.options().number(0), std::nullopt);
    EXPECT_EQ(copy.options().number(9), std::nullopt);
    EXPECT_EQ(copy.options().word(0), "constant");
    EXPECT_EQ(copy.options().word(2), std::nullopt);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        EXPECT_ERROR_CODE(
            [&] {
                Reader part = open_state(std::string_view(bytes).substr(0, length), SeriesState::kKind);
                SeriesState::decode(part);
            }(),
            kCorruptValue);
    }
    EXPECT_ERROR_CODE(state.add(2e300, host), kNonFiniteInput);
    test::FakeHost small;
    small.memory = 100;
    SeriesState other({});
    EXPECT_ERROR_CODE(other.add(1.0, small), kLimitExceeded);
}

}  // namespace
}  // namespace ecom::core

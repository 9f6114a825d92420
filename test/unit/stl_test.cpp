#include "core/forecast/stl.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "core/base/rng.hpp"
#include "core/forecast/classical.hpp"
#include "unit/fakes.hpp"
#include "unit/series_data.hpp"

namespace ecom::core {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
using Values = std::vector<double>;

StlResult fit(const Values& values, const StlParams& params) {
    test::FakeHost host;
    return stl(values, params, host);
}

StlParams with(std::size_t period, std::optional<std::size_t> seasonal_window = 11, bool robust = false) {
    StlParams params;
    params.period = period;
    params.seasonal_window = seasonal_window;
    params.robust = robust;
    return params;
}

MstlResult fit_several(const Values& values, std::vector<std::size_t> periods) {
    test::FakeHost host;
    MstlParams params;
    params.periods = std::move(periods);
    return mstl(values, params, host);
}

void expect_at_ends_and_middle(const Values& actual, double first, double middle, double last) {
    const double scale = std::fabs(first) + std::fabs(middle) + std::fabs(last);
    EXPECT_NEAR(actual.front(), first, 2e-13 * scale);
    EXPECT_NEAR(actual[actual.size() / 2], middle, 2e-13 * scale);
    EXPECT_NEAR(actual.back(), last, 2e-13 * scale);
}

double sum_of_squares(const Values& values) {
    return std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
}

// stl(ts(y, frequency = 12), ...) of R 4.2.2.
TEST(Stl, IsThatOfR) {
    const Values y = test::formula_series();
    StlResult r = fit(y, with(12, std::nullopt));
    expect_at_ends_and_middle(r.seasonal, -56.4762901119325, 52.8019439043504, 43.2220119212845);
    expect_at_ends_and_middle(r.trend, 159.985935352333, 198.192542892463, 224.938102363044);
    EXPECT_NEAR(sum_of_squares(r.remainder), 3807.92614416925, 1e-9);

    r = fit(y, with(12, 13));
    expect_at_ends_and_middle(r.seasonal, -56.7480915981184, 53.1932567475873, 43.3556339764832);
    expect_at_ends_and_middle(r.trend, 160.059838614299, 197.799430363639, 224.909431962184);
    EXPECT_NEAR(sum_of_squares(r.remainder), 3662.0843565586, 1e-9);
    for (const double weight : r.weight) EXPECT_EQ(weight, 1.0);

    StlParams everywhere = with(12, 7);
    everywhere.trend_window = 25;
    everywhere.jump = 1;
    r = fit(y, everywhere);
    expect_at_ends_and_middle(r.seasonal, -57.6741967730115, 53.2862842040433, 44.6526379811519);
    expect_at_ends_and_middle(r.trend, 160.870874826017, 197.417482393911, 225.271303829337);
    EXPECT_NEAR(sum_of_squares(r.remainder), 2884.75208911953, 1e-9);
}

TEST(Stl, RobustIsThatOfRForAnOddNumberOfValues) {
    const StlResult r = fit(test::formula_series(), with(12, 13, true));
    expect_at_ends_and_middle(r.seasonal, -56.5471342652477, 53.1650363291964, 42.8744254548604);
    expect_at_ends_and_middle(r.trend, 159.607476164243, 197.700962419482, 224.743367236927);
    EXPECT_NEAR(r.weight.front(), 0.973869406527233, 1e-12);
    EXPECT_NEAR(r.weight[65], 0.858429057044464, 1e-12);
    EXPECT_NEAR(sum_of_squares(r.remainder), 3667.48157567065, 1e-9);
}

// mstl(msts(y, c(7, 12))) of forecast 8.20.
TEST(Stl, SeveralSeasonsAreThoseOfMstl) {
    const MstlResult r = fit_several(test::formula_series(), {7, 12});
    expect_at_ends_and_middle(r.trend, 160.531052930172, 197.82917738697, 225.520438625998);
    expect_at_ends_and_middle(r.seasonals[0], -7.84455885633217, 2.52100809039718, 3.1127940752344);
    expect_at_ends_and_middle(r.seasonals[1], -51.6706658476539, 51.1905116422378, 36.1038434043922);
}

// Two years of growth with a season: R's own passes leave a good part of the growth in the remainder.
TEST(Stl, GrowthFirst) {
    Values y;
    for (int i = 0; i < 24; ++i) y.push_back(100.0 + 3.0 * i + 5.0 * (i * 7 % 12));
    test::FakeHost host;
    MstlParams params;
    params.periods = {12};
    EXPECT_GT(sum_of_squares(mstl(y, params, host).remainder), 50.0);
    params.growth_first = true;
    const MstlResult r = mstl(y, params, host);
    EXPECT_LT(sum_of_squares(r.remainder), 1e-20);
    for (std::size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(r.trend[i] + r.seasonals[0][i], y[i], 1e-10);
    EXPECT_NEAR(r.trend[23] - r.trend[0], 69.0, 1e-9);
}

TEST(Stl, PartsAddUp) {
    const Values y = test::formula_series();
    const StlResult one = fit(y, with(12));
    const MstlResult two = fit_several(y, {7, 12});
    for (std::size_t i = 0; i < y.size(); ++i) {
        EXPECT_NEAR(one.trend[i] + one.seasonal[i] + one.remainder[i], y[i], 1e-12 * y[i]);
        EXPECT_NEAR(two.trend[i] + two.seasonals[0][i] + two.seasonals[1][i] + two.remainder[i], y[i], 1e-12 * y[i]);
    }
}

Values clean(std::size_t n, double growth = 0.25) {
    const double week[] = {-9, 3, 2, 1, 0, 8, -5};
    Values values;
    for (std::size_t i = 0; i < n; ++i) values.push_back(50.0 + growth * static_cast<double>(i) + week[i % 7]);
    return values;
}

// Without noise, what was put in comes out, also where values are missing: alone, in a row, at the ends.
TEST(Stl, MissingValuesHaveNoInfluence) {
    Values y = clean(140, 0.0);
    for (const std::size_t i : {0, 1, 30, 70, 71, 72, 73, 74, 75, 76, 77, 138, 139}) y[i] = kMissing;
    for (const bool robust : {false, true}) {
        const StlResult r = fit(y, with(7, 11, robust));
        for (std::size_t i = 0; i < y.size(); ++i) {
            EXPECT_NEAR(r.trend[i] + r.seasonal[i], clean(140, 0.0)[i], 1e-9) << i;
            EXPECT_NEAR(r.trend[i], 50.0, 1e-9) << i;
            EXPECT_EQ(std::isnan(r.remainder[i]), std::isnan(y[i])) << i;
            EXPECT_EQ(std::isnan(r.weight[i]), std::isnan(y[i])) << i;
        }
    }
}

// Up to some hundred times the noise; see Loess for larger ones, which stl of R takes for the fit as well.
TEST(Stl, RobustLeavesOutliersOut) {
    for (const double outlier : {-200.0, 100.0, 300.0, 1e3}) {
        Values y = clean(140);
        for (std::size_t i = 0; i < y.size(); ++i) y[i] += Rng(4, i).normal();
        y[20] = outlier;
        const StlResult r = fit(y, with(7, 11, true));
        EXPECT_EQ(r.weight[20], 0.0);
        EXPECT_NEAR(r.trend[20] + r.seasonal[20], clean(140)[20], 1.5);
        for (std::size_t i = 0; i < y.size(); ++i)
            if (i != 20) {
                EXPECT_NEAR(r.remainder[i], 0.0, 4.0) << i;
            }
    }
}

// The shop is closed on one day of the week: that place lies between its neighbours and bends nothing else.
TEST(Stl, APlaceWithoutValues) {
    Values y = clean(140);
    for (std::size_t i = 2; i < y.size(); i += 7) y[i] = kMissing;
    const StlResult r = fit(y, with(7));
    for (std::size_t i = 0; i < y.size(); ++i) {
        EXPECT_FALSE(std::isnan(r.seasonal[i]));
        if (!std::isnan(y[i])) {
            EXPECT_NEAR(r.remainder[i], 0.0, 0.3) << i;
        }
        if (i % 7 == 2) {
            EXPECT_NEAR(r.trend[i] + r.seasonal[i], (clean(140)[i - 1] + clean(141)[i + 1]) / 2.0, 0.6) << i;
        }
    }
    // Most places are empty.
    for (std::size_t i = 0; i < y.size(); ++i)
        if (i % 7 > 1) y[i] = kMissing;
    for (const double value : fit(y, with(7)).seasonal) EXPECT_TRUE(std::isfinite(value));
}

TEST(Stl, WithoutSeason) {
    Values y;
    for (int i = 0; i < 80; ++i) y.push_back(3.0 + 2.0 * i);
    y[40] = kMissing;
    const StlResult r = fit(y, with(1));
    for (std::size_t i = 0; i < y.size(); ++i) {
        EXPECT_NEAR(r.trend[i], 3.0 + 2.0 * static_cast<double>(i), 1e-9);
        EXPECT_EQ(r.seasonal[i], 0.0);
    }
    EXPECT_EQ(fit_several(y, {}).trend, r.trend);
}

TEST(Stl, ConstantAndExtremeSeries) {
    for (const double value : {0.0, 3.0, -1e300, 1e-290}) {
        const StlResult r = fit(Values(30, value), with(7, 11, true));
        for (std::size_t i = 0; i < 30; ++i) {
            EXPECT_NEAR(r.trend[i] + r.seasonal[i], value, 1e-12 * std::fabs(value));
            EXPECT_TRUE(std::isfinite(r.remainder[i]));
        }
    }
    Values y = clean(400);
    y[350] = 1e300;
    const StlResult r = fit(y, with(7));
    for (std::size_t i = 0; i < y.size(); ++i) EXPECT_TRUE(std::isfinite(r.trend[i] + r.seasonal[i])) << i;
    // Once it has left the window it is forgotten.
    EXPECT_NEAR(r.trend[10] + r.seasonal[10], y[10], 0.5);
}

TEST(Stl, AsManyValuesAsTwoPeriods) {
    EXPECT_FALSE(is_decomposable(clean(13), 7));
    EXPECT_TRUE(is_decomposable(clean(14), 7));
    EXPECT_FALSE(is_decomposable(clean(2), 1));
    EXPECT_TRUE(is_decomposable(clean(3), 1));
    EXPECT_FALSE(is_decomposable(clean(50), std::numeric_limits<std::size_t>::max()));
    Values y = clean(14);
    y[3] = kMissing;
    EXPECT_FALSE(is_decomposable(y, 7));
    for (const double value : fit(clean(14), with(7)).trend) EXPECT_TRUE(std::isfinite(value));
    for (const double value : fit(clean(100), with(50, 101)).trend) EXPECT_TRUE(std::isfinite(value));
    for (const double value : fit(clean(4), with(2, std::nullopt, true)).trend) EXPECT_TRUE(std::isfinite(value));

    const MstlResult r = fit_several(clean(100), {7, 51});
    EXPECT_FALSE(r.trend.empty());
    EXPECT_FALSE(r.seasonals[0].empty());
    EXPECT_TRUE(r.seasonals[1].empty());
    EXPECT_TRUE(fit_several(clean(100), {51}).trend.empty());
    EXPECT_TRUE(fit_several({}, {7}).trend.empty());
    EXPECT_TRUE(fit_several({1.0, 2.0}, {}).trend.empty());
}

// Any pattern of missing values gives finite numbers.
TEST(Stl, AnyPatternOfMissingValues) {
    for (std::uint64_t pattern = 0; pattern < 200; ++pattern) {
        Rng random(11, pattern);
        Values y = clean(60);
        const double share = random.uniform();
        for (double& value : y)
            if (random.uniform() < share) value = kMissing;
        for (const std::size_t period : {1, 5, 7, 12}) {
            if (!is_decomposable(y, period)) continue;
            const StlResult r = fit(y, with(period, 7, pattern % 2 == 0));
            for (std::size_t i = 0; i < y.size(); ++i) EXPECT_TRUE(std::isfinite(r.trend[i] + r.seasonal[i])) << pattern;
        }
    }
}

TEST(Stl, RefusesWhatHasNoMeaning) {
    EXPECT_ERROR_CODE(with(0).check(), kInvalidArgument);
    for (const std::size_t window : {0, 1, 2, 10}) EXPECT_ERROR_CODE(with(7, window).check(), kInvalidArgument);
    StlParams params = with(7);
    params.trend_window = 4;
    EXPECT_ERROR_CODE(params.check(), kInvalidArgument);
    for (const std::vector<std::size_t>& periods : std::vector<std::vector<std::size_t>>{{1}, {0}, {7, 7}, {12, 7}})
        EXPECT_ERROR_CODE(fit_several(clean(100), periods), kInvalidArgument);
    MstlParams several;
    several.periods = {7, 12};
    several.seasonal_windows = {7};
    EXPECT_ERROR_CODE(several.check(), kInvalidArgument);
    several.seasonal_windows = {7, 8};
    EXPECT_ERROR_CODE(several.check(), kInvalidArgument);
    several.seasonal_windows = {7, 9};
    EXPECT_NO_THROW(several.check());

    test::CancellingHost cancelling(3);
    EXPECT_THROW(stl(clean(100'000), with(7, 11, true), cancelling), test::Cancelled);
    EXPECT_EQ(stl_bytes(std::numeric_limits<std::size_t>::max(), 7), std::numeric_limits<std::size_t>::max());
}

// Polls come often enough, whatever the period.
TEST(Stl, PollsInEveryPart) {
    for (const std::size_t period : {1, 2, 7, 365, 10'000}) {
        test::FakeHost host;
        stl(clean(20'001), with(period), host);
        EXPECT_GT(host.polls, 20) << period;
    }
}

ClassicalResult classical(const Values& values, std::size_t period, DecompositionType type) {
    test::FakeHost host;
    return classical_decomposition(values, period, type, host);
}

// decompose(ts(y, frequency = 12)) of R 4.2.2.
TEST(Classical, IsThatOfR) {
    const Values y = test::formula_series();
    ClassicalResult r = classical(y, 12, DecompositionType::kAdditive);
    EXPECT_NEAR(r.seasonal[0], -55.8743981481482, 1e-11);
    EXPECT_NEAR(r.seasonal[14], -34.2752314814815, 1e-11);
    EXPECT_NEAR(r.trend[6], 167.666666666667, 1e-11);
    EXPECT_NEAR(r.trend[124], 226.241666666667, 1e-11);
    EXPECT_NEAR(r.remainder[65], 6.22995370370379, 1e-11);
    EXPECT_TRUE(std::isnan(r.trend[5]));
    EXPECT_TRUE(std::isnan(r.trend[125]));
    EXPECT_TRUE(std::isnan(r.remainder[125]));

    r = classical(y, 12, DecompositionType::kMultiplicative);
    EXPECT_NEAR(r.seasonal[0], 0.715962628371408, 1e-13);
    EXPECT_NEAR(r.remainder[124], 1.03676392093343, 1e-13);
}

TEST(Classical, OddPeriodsGapsAndZeros) {
    ClassicalResult r = classical(clean(28), 7, DecompositionType::kAdditive);
    for (std::size_t i = 3; i < 25; ++i) EXPECT_NEAR(r.trend[i] + r.seasonal[i], clean(28)[i], 1e-12);
    EXPECT_TRUE(std::isnan(r.trend[2]));
    Values y = clean(28);
    y[10] = kMissing;
    r = classical(y, 7, DecompositionType::kAdditive);
    EXPECT_TRUE(std::isnan(r.trend[7]));
    EXPECT_TRUE(std::isnan(r.trend[13]));
    EXPECT_FALSE(std::isnan(r.trend[6]));
    EXPECT_NEAR(r.trend[14], clean(28)[14] - r.seasonal[14], 1e-11);
    r = classical(Values(28, 0.0), 7, DecompositionType::kMultiplicative);
    for (std::size_t i = 0; i < 28; ++i) EXPECT_TRUE(std::isnan(r.remainder[i]));
    y = clean(28);
    y[10] = 1e300;
    r = classical(y, 7, DecompositionType::kAdditive);
    EXPECT_NEAR(r.trend[20], 50.0 + 5.0, 1e-9);

    test::CancellingHost cancelling(2);
    EXPECT_THROW(classical_decomposition(clean(50'000), 7, DecompositionType::kAdditive, cancelling), test::Cancelled);
}

}  // namespace
}  // namespace ecom::core

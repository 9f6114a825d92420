#include "core/forecast/profile.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "core/base/rng.hpp"
#include "core/forecast/series.hpp"
#include "unit/fakes.hpp"
#include "unit/series_data.hpp"

namespace ecom::core {
namespace {

using Values = std::vector<double>;
using Periods = std::vector<std::size_t>;

Periods periods(const Values& values, const Periods& candidates) {
    test::FakeHost host;
    Periods found;
    for (const Season& season : find_seasons(values, candidates, host)) found.push_back(season.period);
    return found;
}

SeriesProfile profile(const Values& values, const Periods& candidates = {7, 30, 365}) {
    test::FakeHost host;
    return profile_series(values, candidates, host);
}

// slope a step, a wave of each period and normal noise of 1.
Values shop(std::size_t n, double slope, std::vector<std::pair<std::size_t, double>> waves, std::uint64_t seed = 1) {
    Rng random(21, seed);
    Values values;
    for (std::size_t i = 0; i < n; ++i) {
        double value = 100.0 + slope * static_cast<double>(i) + random.normal();
        for (const auto& [period, height] : waves)
            value += height * std::sin(6.283185307179586 * static_cast<double>(i % period) / static_cast<double>(period));
        values.push_back(value);
    }
    return values;
}

TEST(Seasons, PlantedOnesAreFound) {
    EXPECT_EQ(periods(shop(200, 0.01, {{7, 2}}), {7, 30, 365}), Periods{7});
    EXPECT_EQ(periods(shop(1100, 0, {{7, 2}, {365, 5}}), {7, 30, 365}), (Periods{365, 7}));
    EXPECT_EQ(periods(shop(1100, 0, {{7, 5}, {365, 2}}), {7, 30, 365}), (Periods{7, 365}));
    EXPECT_EQ(periods(shop(24, 3, {{12, 5}}), {12}), Periods{12});
    EXPECT_EQ(periods(shop(13, 0, {{7, 5}}), {7}), Periods{});
    EXPECT_EQ(periods(Values(100, 1.0), {7}), Periods{});
    EXPECT_EQ(periods({}, {7}), Periods{});
    Values gaps = shop(200, 0, {{7, 3}});
    for (std::size_t i = 3; i < gaps.size(); i += 11) gaps[i] = kMissingValue;
    EXPECT_EQ(periods(gaps, {7}), Periods{7});
    // A season without noise.
    Values exact;
    for (int i = 0; i < 70; ++i) exact.push_back(i % 7);
    EXPECT_EQ(periods(exact, {7}), Periods{7});
}

// The share is 0 for noise on average and does not grow when there are few periods, as the strength does.
TEST(Seasons, NoiseHasNone) {
    test::FakeHost host;
    for (const std::size_t n : {21, 70, 700}) {
        int found = 0;
        for (std::uint64_t s = 0; s < 200; ++s) found += !periods(shop(n, 0, {}, s), {7}).empty();
        EXPECT_LE(found, 10) << n;
    }
    double share = 0.0;
    int found = 0;
    for (std::uint64_t s = 0; s < 100; ++s) {
        const auto seasons = find_seasons(shop(70, 0, {{7, 1.4142135623730951}}, s), {7}, host);
        if (seasons.empty()) continue;
        ++found;
        share += seasons[0].share;
    }
    // A wave of variance 1 in noise of 1.
    EXPECT_NEAR(share / found, 0.5, 0.05);
}

TEST(Strength, IsThatOfR) {
    test::FakeHost host;
    // forecast:::seas.heuristic of forecast 8.20, and nsdiffs.
    EXPECT_NEAR(*seasonal_strength(test::formula_series(), 12, host), 0.977232979378009, 1e-12);
    EXPECT_TRUE(needs_seasonal_difference(test::formula_series(), 12, host));
    EXPECT_FALSE(needs_seasonal_difference(test::formula_series(24), 12, host));
    EXPECT_GT(*trend_strength(shop(100, 1, {}), 1, host), 0.99);
    EXPECT_LT(*trend_strength(shop(300, 0, {{7, 3}}), 7, host), 0.3);
    EXPECT_FALSE(seasonal_strength(Values(50, 2.0), 7, host).has_value());
    EXPECT_FALSE(seasonal_strength(shop(13, 0, {}), 7, host).has_value());
    EXPECT_FALSE(seasonal_strength(shop(13, 0, {}), 1, host).has_value());
    EXPECT_FALSE(trend_strength({}, 1, host).has_value());
    EXPECT_FALSE(strength({1, 1}, {0, 0}).has_value());
    EXPECT_EQ(*strength({1, -1, 5}, {0, 0, kMissingValue}), 1.0);
    EXPECT_EQ(*strength({0, 0}, {1, -1}), 0.0);
}

TEST(Profile, TellsTrends) {
    EXPECT_EQ(profile(shop(200, 0.05, {{7, 3}})).trend, TrendKind::kRising);
    EXPECT_NEAR(*profile(shop(200, 0.05, {{7, 3}})).slope, 0.05, 0.005);
    EXPECT_NEAR(*profile(shop(200, 0.05, {{7, 3}})).change_rate, 0.05 * 199 / 105, 0.01);
    EXPECT_EQ(profile(shop(200, -0.05, {})).trend, TrendKind::kFalling);
    // A slope that noise does not have comes out once in twenty.
    int level = 0;
    for (std::uint64_t s = 0; s < 100; ++s) level += profile(shop(200, 0, {}, s)).trend == TrendKind::kLevel;
    EXPECT_GT(level, 85);
    Values hill = shop(200, 0, {});
    for (std::size_t i = 0; i < 200; ++i) hill[i] -= 0.004 * std::pow(static_cast<double>(i) - 99.5, 2);
    EXPECT_EQ(profile(hill).trend, TrendKind::kChanging);
    Values straight;
    for (int i = 0; i < 50; ++i) straight.push_back(i);
    EXPECT_EQ(profile(straight).trend, TrendKind::kRising);
}

TEST(Profile, TellsStationarity) {
    EXPECT_EQ(profile(shop(400, 0, {{7, 3}})).stationarity, Stationarity::kStationary);
    EXPECT_EQ(profile(shop(400, 0.1, {{7, 3}})).stationarity, Stationarity::kAroundTrend);
    Values walk = shop(400, 0, {}, 4);
    for (std::size_t i = 1; i < walk.size(); ++i) walk[i] += walk[i - 1] - 100.0;
    EXPECT_EQ(profile(walk).stationarity, Stationarity::kNot);
    EXPECT_EQ(profile(walk).differences, 1U);
    EXPECT_EQ(profile(shop(400, 0, {{7, 30}})).seasonal_differences, 1U);
}

TEST(Profile, CountsGapsAndBearsPoorSeries) {
    Values y = shop(100, 0, {});
    for (const std::size_t i : {0, 50, 51, 99}) y[i] = kMissingValue;
    const SeriesProfile found = profile(y);
    EXPECT_EQ(found.n, 100U);
    EXPECT_EQ(found.missing, 4U);
    EXPECT_EQ(found.gaps, 3U);
    EXPECT_EQ(describe(profile({}), "day"), "Only 0 values: too few to say anything.");
    EXPECT_EQ(describe(profile({1.0, kMissingValue}), "day"), "Only 1 value: too few to say anything.");
    EXPECT_EQ(describe(profile(Values(30, 0.0)), "day"), "All values are equal.");
    for (std::size_t n = 3; n < 20; ++n) EXPECT_TRUE(profile(shop(n, 0, {})).trend.has_value()) << n;
    const SeriesProfile huge = profile({1e300, -1e300, 1e300, -1e300, 9e299, -1e300, 1e300, -1e300, 1e300, -1e300});
    EXPECT_TRUE(std::isfinite(*huge.slope));
    EXPECT_TRUE(std::isfinite(*huge.trend_strength));
    EXPECT_TRUE(std::isfinite(*profile({0.0, 5e-324, 0.0, 5e-324, 0.0}).slope));
    test::CancellingHost cancelling(5);
    EXPECT_THROW(profile_series(shop(20'000, 0, {}), {7}, cancelling), test::Cancelled);
}

TEST(Profile, InWords) {
    SeriesProfile p = profile(shop(1100, 0.05, {{7, 3}, {365, 6}}));
    EXPECT_EQ(describe(p, "day").rfind("Rises by 0.0", 0), 0U);
    EXPECT_NE(describe(p, "day").find(" a day, "), std::string::npos);
    EXPECT_NE(describe(p, "day").find(" Repeats every 365 days, which explains "), std::string::npos);
    EXPECT_NE(describe(p, "day").find("; also every 7."), std::string::npos);
    p.missing = 1;
    p.gaps = 1;
    EXPECT_NE(describe(p, "day").find(" 1 value is missing, in 1 gap."), std::string::npos);
}

TEST(Profile, GrainsOfTheCalendar) {
    EXPECT_EQ(candidate_periods("day"), (Periods{7, 30, 365}));
    EXPECT_EQ(candidate_periods("week"), Periods{52});
    EXPECT_EQ(candidate_periods("month"), Periods{12});
    EXPECT_EQ(candidate_periods("quarter"), Periods{4});
    EXPECT_EQ(candidate_periods("year"), Periods{});
    EXPECT_ERROR_CODE(candidate_periods("hour"), kInvalidArgument);
}

}  // namespace
}  // namespace ecom::core

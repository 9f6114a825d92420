#include "core/forecast/changepoints.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/base/rng.hpp"
#include "core/forecast/extreme_deviates.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

std::vector<std::size_t> ends(const std::vector<double>& values, const ChangepointParams& params = {}) {
    test::FakeHost host;
    std::vector<std::size_t> result;
    for (const Segment& s : changepoints(values, params, host)) result.push_back(s.end);
    return result;
}

std::vector<double> steps(std::uint64_t seed) {
    Rng random(seed, 1);
    std::vector<double> values;
    for (int i = 0; i < 200; ++i) values.push_back((i < 60 ? 10.0 : i < 150 ? 14.0 : 9.0) + random.normal());
    return values;
}

// Every division by brute force: dynamic programming without leaving out any start.
double least_cost(const std::vector<double>& values, double penalty, std::size_t length) {
    const std::size_t n = values.size();
    const auto cost = [&](std::size_t a, std::size_t b) {
        double mean = 0.0, squares = 0.0;
        for (std::size_t i = a; i < b; ++i) mean += values[i] / static_cast<double>(b - a);
        for (std::size_t i = a; i < b; ++i) squares += (values[i] - mean) * (values[i] - mean);
        return static_cast<double>(b - a) * (std::log(squares / static_cast<double>(b - a)) + 1.0);
    };
    std::vector<double> best(n + 1, std::numeric_limits<double>::infinity());
    best[0] = 0.0;
    for (std::size_t t = length; t <= n; ++t)
        for (std::size_t s = 0; s + length <= t; ++s)
            if (std::isfinite(best[s])) best[t] = std::min(best[t], best[s] + cost(s, t) + penalty);
    return best[n];
}

TEST(Changepoints, LevelsAreFound) {
    EXPECT_EQ(ends(steps(1)), (std::vector<std::size_t>{60, 150, 200}));
    test::FakeHost host;
    const auto segments = changepoints(steps(1), {}, host);
    EXPECT_NEAR(segments[1].mean, 14.0, 0.4);
    EXPECT_NEAR(segments[1].deviation, 1.0, 0.3);
}

TEST(Changepoints, NothingIsFoundInNoiseAndConstants) {
    Rng random(2, 1);
    std::vector<double> noise;
    for (int i = 0; i < 500; ++i) noise.push_back(random.normal());
    EXPECT_EQ(ends(noise), (std::vector<std::size_t>{500}));
    EXPECT_EQ(ends(std::vector<double>(50, 7.0)), (std::vector<std::size_t>{50}));
    EXPECT_EQ(ends({5.0}), (std::vector<std::size_t>{1}));
    EXPECT_TRUE(ends({}).empty());
}

TEST(Changepoints, StepsWithoutNoise) {
    std::vector<double> values(20, 1.0);
    values.insert(values.end(), 30, 2.0);
    EXPECT_EQ(ends(values), (std::vector<std::size_t>{20, 50}));
    ChangepointParams both;
    both.change = ChangeOf::kMeanAndVariance;
    EXPECT_EQ(ends(values, both), (std::vector<std::size_t>{20, 50}));
}

TEST(Changepoints, NoiseChangesToo) {
    Rng random(3, 1);
    std::vector<double> values;
    for (int i = 0; i < 300; ++i) values.push_back((i < 120 ? 1.0 : 6.0) * random.normal());
    ChangepointParams params;
    params.change = ChangeOf::kMeanAndVariance;
    const auto found = ends(values, params);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_NEAR(static_cast<double>(found[0]), 120.0, 5.0);
}

TEST(Changepoints, LeavingStartsOutLosesNothing) {
    for (const std::size_t length : {2u, 5u}) {
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            const std::vector<double> values = steps(seed);
            ChangepointParams params;
            params.change = ChangeOf::kMeanAndVariance;
            params.penalty = 4.0;
            params.min_length = length;
            test::FakeHost host;
            double total = 0.0;
            for (const Segment& s : changepoints(values, params, host)) {
                EXPECT_GE(s.end - s.begin, length);
                total += static_cast<double>(s.end - s.begin) * (std::log(s.deviation * s.deviation) + 1.0) + 4.0;
            }
            EXPECT_NEAR(total, least_cost(values, 4.0, length), 1e-6);
        }
    }
}

TEST(Changepoints, UnitDoesNotMatter) {
    std::vector<double> large = steps(4);
    for (double& v : large) v *= 1e290;
    EXPECT_EQ(ends(large), ends(steps(4)));
}

TEST(Changepoints, ParametersAndHost) {
    ChangepointParams params;
    params.penalty = 0.0;
    EXPECT_ERROR_CODE(ends({1, 2}, params), kInvalidArgument);
    params = {};
    params.min_length = 0;
    EXPECT_ERROR_CODE(ends({1, 2}, params), kInvalidArgument);
    params = {ChangeOf::kMeanAndVariance, {}, 1};
    EXPECT_ERROR_CODE(ends({1, 2}, params), kInvalidArgument);
    EXPECT_ERROR_CODE(parse_change("slope"), kInvalidArgument);
    Rng random(5, 1);
    std::vector<double> noise;
    for (int i = 0; i < 20000; ++i) noise.push_back(random.normal());
    test::CancellingHost host(3);
    EXPECT_THROW(changepoints(noise, {}, host), test::Cancelled);
}

// Rosner (1983), as in the NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.17.3: three outliers of ten candidates.
const std::vector<double> kRosner{-0.25, 0.68, 0.94, 1.15, 1.20, 1.26, 1.26, 1.34, 1.38, 1.43, 1.49, 1.49, 1.55, 1.56,
                                  1.58,  1.65, 1.69, 1.70, 1.76, 1.77, 1.81, 1.91, 1.94, 1.96, 1.99, 2.06, 2.09, 2.10,
                                  2.14,  2.15, 2.23, 2.24, 2.26, 2.35, 2.37, 2.40, 2.47, 2.54, 2.62, 2.64, 2.90, 2.92,
                                  2.92,  2.93, 3.21, 3.26, 3.30, 3.59, 3.68, 4.30, 4.64, 5.34, 5.42, 6.01};

TEST(ExtremeDeviates, AsPublished) {
    test::FakeHost host;
    const auto found = extreme_deviates(kRosner, {10.0 / 54.0, 0.05, false}, host);
    ASSERT_EQ(found.size(), 10u);
    const double statistics[] = {3.118, 2.942, 3.179, 2.810, 2.815, 2.848, 2.279, 2.310, 2.101, 2.067};
    const double criticals[] = {3.158, 3.151, 3.143, 3.136, 3.128, 3.120, 3.111, 3.103, 3.094, 3.085};
    for (std::size_t i = 0; i < 10; ++i) {
        EXPECT_NEAR(found[i].statistic, statistics[i], 0.0011);
        EXPECT_NEAR(found[i].critical, criticals[i], 0.0011);
        EXPECT_EQ(found[i].is_outlier, i < 3);
    }
    EXPECT_EQ(found[0].index, 53u);
    EXPECT_EQ(found[2].index, 51u);
}

TEST(ExtremeDeviates, OrderDoesNotMatter) {
    test::FakeHost host;
    std::vector<double> turned(kRosner.rbegin(), kRosner.rend());
    const auto a = extreme_deviates(kRosner, {}, host), b = extreme_deviates(turned, {}, host);
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(a[i].statistic, b[i].statistic);
        EXPECT_EQ(kRosner[a[i].index], turned[b[i].index]);
    }
}

TEST(ExtremeDeviates, RobustSeesWhatIsHidden) {
    test::FakeHost host;
    std::vector<double> values;
    Rng random(6, 1);
    for (int i = 0; i < 95; ++i) values.push_back(random.normal());
    values.insert(values.end(), 5, 30.0);
    const auto found = extreme_deviates(values, {0.1, 0.05, true}, host);
    std::size_t outliers = 0;
    for (const auto& f : found) outliers += f.is_outlier ? 1 : 0;
    EXPECT_EQ(outliers, 5u);
    // Equal values go in their order.
    EXPECT_EQ(found[0].index, 95u);
    EXPECT_EQ(found[4].index, 99u);
}

TEST(ExtremeDeviates, WhatCannotBe) {
    test::FakeHost host;
    EXPECT_TRUE(extreme_deviates({1, 2}, {}, host).empty());
    EXPECT_TRUE(extreme_deviates(std::vector<double>(50, 3.0), {}, host).empty());
    EXPECT_ERROR_CODE(extreme_deviates({1, 2, 3}, {0.5, 0.05, false}, host), kInvalidArgument);
    EXPECT_ERROR_CODE(extreme_deviates({1, 2, 3}, {0.1, 0.0, false}, host), kInvalidArgument);
    test::CancellingHost cancelling(2);
    EXPECT_THROW(extreme_deviates(kRosner, {0.2, 0.05, false}, cancelling), test::Cancelled);
}

}  // namespace
}  // namespace ecom::core

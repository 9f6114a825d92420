#include "core/stats/isotonic.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/base/rng.hpp"
#include "fakes.hpp"

namespace ecom::core {
namespace {

using test::CancellingHost;
using test::FakeHost;

TEST(Isotonic, PoolsNeighboursThatFall) {
    FakeHost host;
    // 1, (3 + 2) / 2, (3.5 + 3) / 2: by hand.
    const IsotonicFunction f = isotonic_regression({1, 2, 3, 4, 5}, {1, 3, 2, 3.5, 3}, host);
    EXPECT_EQ(f.scores, (std::vector<double>{1, 2, 3, 4, 5}));
    EXPECT_EQ(f.values, (std::vector<double>{1, 2.5, 2.5, 3.25, 3.25}));
    EXPECT_EQ(f(0), 1);
    EXPECT_EQ(f(1.5), 1.75);
    EXPECT_EQ(f(2.5), 2.5);
    EXPECT_EQ(f(3.5), 2.875);
    EXPECT_EQ(f(9), 3.25);
}

TEST(Isotonic, EqualScoresAreOneAndOneLevelIsTheMean) {
    FakeHost host;
    const IsotonicFunction tied = isotonic_regression({0.5, 0.5, 0.2}, {1, 0, 0}, host);
    EXPECT_EQ(tied.scores, (std::vector<double>{0.2, 0.5}));
    EXPECT_EQ(tied.values, (std::vector<double>{0, 0.5}));
    const IsotonicFunction falling = isotonic_regression({1, 2, 3}, {3, 2, 1}, host);
    EXPECT_EQ(falling.scores, (std::vector<double>{1, 3}));
    EXPECT_EQ(falling(2), 2);
    EXPECT_TRUE(isotonic_regression({}, {}, host).empty());
}

// No non-decreasing function is nearer: moving any level, or splitting it, makes the sum of squares larger.
TEST(Isotonic, IsTheNearestForAnyOrderOfRows) {
    FakeHost host;
    Rng random(5, 0);
    std::vector<double> scores, labels;
    for (int i = 0; i < 2000; ++i) {
        scores.push_back(std::floor(500 * random.uniform()) / 500);
        labels.push_back(random.uniform() < scores.back() * scores.back() ? 1 : 0);
    }
    const IsotonicFunction f = isotonic_regression(scores, labels, host);
    EXPECT_TRUE(is_isotonic(f));
    double total = 0, fitted = 0, product = 0, away = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        const double value = f(scores[i]);
        total += labels[i];
        fitted += value;
        // Optimality (Barlow et al., 1972): residuals are orthogonal to the fit, and not positively correlated with any other
        // non-decreasing function.
        product += (labels[i] - value) * value;
        away += (labels[i] - value) * scores[i];
    }
    EXPECT_NEAR(total, fitted, 1e-9);
    EXPECT_NEAR(product, 0, 1e-9);
    EXPECT_LE(away, 1e-9);
    std::reverse(scores.begin(), scores.end());
    std::reverse(labels.begin(), labels.end());
    EXPECT_EQ(isotonic_regression(scores, labels, host).values, f.values);
}

TEST(Isotonic, WrongPartsAreTold) {
    EXPECT_FALSE(is_isotonic({{1, 2}, {1}}));
    EXPECT_FALSE(is_isotonic({{2, 1}, {1, 2}}));
    EXPECT_FALSE(is_isotonic({{1, 1}, {1, 2}}));
    EXPECT_FALSE(is_isotonic({{1, 2}, {2, 1}}));
    EXPECT_FALSE(is_isotonic({{1, NAN}, {1, 2}}));
    EXPECT_FALSE(is_isotonic({{1, 2}, {1, INFINITY}}));
    EXPECT_TRUE(is_isotonic({}));
}

TEST(Isotonic, StopsAndKeepsToItsMemory) {
    std::vector<double> scores, labels;
    for (int i = 0; i < 20000; ++i) scores.push_back(i * 7919 % 20011), labels.push_back(i % 2);
    CancellingHost stopping(1);
    EXPECT_THROW(isotonic_regression(scores, labels, stopping), test::Cancelled);
    FakeHost poor;
    poor.memory = 1 << 16;
    EXPECT_ERROR_CODE(isotonic_regression(scores, labels, poor), kLimitExceeded);
}

}  // namespace
}  // namespace ecom::core

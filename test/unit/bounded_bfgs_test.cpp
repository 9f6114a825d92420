#include "core/optim/bounded_bfgs.hpp"

#include <cmath>
#include <limits>

#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using test::FakeHost;
using Vector = std::vector<double>;

constexpr double kFree = std::numeric_limits<double>::infinity();

double rosenbrock(const Vector& x, Vector& g) {
    double value = 0.0;
    std::fill(g.begin(), g.end(), 0.0);
    for (std::size_t i = 0; i + 1 < x.size(); ++i) {
        const double a = x[i + 1] - x[i] * x[i];
        const double b = 1.0 - x[i];
        value += 100.0 * a * a + b * b;
        g[i] += -400.0 * x[i] * a - 2.0 * b;
        g[i + 1] += 200.0 * a;
    }
    return value;
}

TEST(BoundedBfgs, MinimizesRosenbrockWithoutBounds) {
    FakeHost host;
    const Vector low(10, -kFree), high(10, kFree);
    Vector start(10);
    for (std::size_t i = 0; i < start.size(); ++i) start[i] = i % 2 == 0 ? -1.2 : 1.0;
    const auto result = bounded_bfgs_minimize(rosenbrock, start, low, high, {}, host);
    EXPECT_TRUE(result.converged);
    for (const double x : result.x) EXPECT_NEAR(x, 1.0, 1e-6);
    EXPECT_LT(result.evaluations, 250);
}

// With x at most 0.5 the minimum is at y = x^2.
TEST(BoundedBfgs, StopsAtABound) {
    FakeHost host;
    const auto result = bounded_bfgs_minimize(rosenbrock, {-1.2, 1.0}, {-2.0, -2.0}, {0.5, 2.0}, {}, host);
    EXPECT_TRUE(result.converged);
    EXPECT_EQ(result.x[0], 0.5);
    EXPECT_NEAR(result.x[1], 0.25, 1e-7);
    EXPECT_NEAR(result.value, 0.25, 1e-12);
}

// The start is on a bound that the minimum is not on, and another variable must come to its own.
TEST(BoundedBfgs, LeavesABoundAndFindsACorner) {
    FakeHost host;
    const auto f = [](const Vector& x, Vector& g) {
        g = {2.0 * (x[0] - 0.3) + x[1], 2.0 * (x[1] + 1.0) + x[0]};
        return (x[0] - 0.3) * (x[0] - 0.3) + (x[1] + 1.0) * (x[1] + 1.0) + x[0] * x[1];
    };
    const auto result = bounded_bfgs_minimize(f, {0.0, 1.0}, {0.0, 0.0}, {1.0, 1.0}, {}, host);
    EXPECT_TRUE(result.converged);
    EXPECT_NEAR(result.x[0], 0.3, 1e-8);
    EXPECT_EQ(result.x[1], 0.0);
}

// Where the function refuses its argument steps are shortened.
TEST(BoundedBfgs, StepsBackFromWhereThereIsNoValue) {
    FakeHost host;
    const auto f = [](const Vector& x, Vector& g) {
        g[0] = 1.0 - 0.01 / x[0];
        return x[0] > 0.0 ? x[0] - 0.01 * std::log(x[0]) : NAN;
    };
    const auto result = bounded_bfgs_minimize(f, {5.0}, {-kFree}, {kFree}, {}, host);
    EXPECT_NEAR(result.x[0], 0.01, 1e-7);
}

TEST(BoundedBfgs, StopsAfterTheIterationsThatItHas) {
    FakeHost host;
    BoundedBfgsParams params;
    params.max_iterations = 3;
    const auto result = bounded_bfgs_minimize(rosenbrock, {-1.2, 1.0}, {-kFree, -kFree}, {kFree, kFree}, params, host);
    EXPECT_FALSE(result.converged);
    EXPECT_EQ(result.iterations, 3);
    EXPECT_LT(result.value, 24.2);
}

TEST(BoundedBfgs, RefusesBadArguments) {
    FakeHost host;
    EXPECT_ERROR_CODE(bounded_bfgs_minimize(rosenbrock, {0.0, 0.0}, {0.0}, {1.0}, {}, host), kInvalidArgument);
    EXPECT_ERROR_CODE(bounded_bfgs_minimize(rosenbrock, {0.0, 0.0}, {1.0, 0.0}, {0.0, 1.0}, {}, host), kInvalidArgument);
    EXPECT_ERROR_CODE(bounded_bfgs_minimize(rosenbrock, {NAN, 0.0}, {-1.0, -1.0}, {1.0, 1.0}, {}, host), kNumericFailure);
    BoundedBfgsParams params;
    params.max_iterations = 0;
    EXPECT_ERROR_CODE(bounded_bfgs_minimize(rosenbrock, {0.0, 0.0}, {-1.0, -1.0}, {1.0, 1.0}, params, host), kInvalidArgument);
}

TEST(BoundedBfgs, StopsWhenThePollThrows) {
    test::CancellingHost host(5);
    EXPECT_THROW(bounded_bfgs_minimize(rosenbrock, {-1.2, 1.0}, {-2.0, -2.0}, {2.0, 2.0}, {}, host), test::Cancelled);
    EXPECT_EQ(host.polls, 5);
}

}  // namespace
}  // namespace ecom::core

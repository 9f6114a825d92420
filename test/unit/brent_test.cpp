#include "core/optim/brent.hpp"

#include <cmath>

#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using test::FakeHost;

TEST(Brent, FindsTheVertexOfAParabola) {
    FakeHost host;
    const auto result =
        brent_minimize([](double x) { return (x - 1.0 / 3.0) * (x - 1.0 / 3.0); }, 0, 1, {}, host);
    EXPECT_TRUE(result.converged);
    EXPECT_NEAR(result.x, 1.0 / 3.0, 1e-8);
    EXPECT_LT(result.evaluations, 12);
}

// Compared with the root of the derivative, found by bisection.
TEST(Brent, FindsTheMinimumOfASmoothFunction) {
    FakeHost host;
    const auto derivative = [](double x) { return std::exp(x) - 3.0 * std::cos(x); };
    double low = 0;
    double high = 2;
    while (high - low > 1e-13) {
        const double middle = 0.5 * (low + high);
        (derivative(middle) < 0 ? low : high) = middle;
    }
    const auto result =
        brent_minimize([](double x) { return std::exp(x) - 3.0 * std::sin(x); }, 0, 2, {}, host);
    EXPECT_NEAR(result.x, low, 2e-8);
}

TEST(Brent, ReachesAnEndOfTheInterval) {
    FakeHost host;
    EXPECT_NEAR(brent_minimize([](double x) { return x; }, -2, 5, {}, host).x, -2, 1e-6);
    EXPECT_NEAR(brent_minimize([](double x) { return -x; }, -2, 5, {}, host).x, 5, 1e-6);
}

TEST(Brent, FindsAKink) {
    FakeHost host;
    EXPECT_NEAR(brent_minimize([](double x) { return std::fabs(x - 0.7); }, 0, 1, {}, host).x, 0.7,
                1e-7);
}

TEST(Brent, AvoidsArgumentsThatTheFunctionRefuses) {
    FakeHost host;
    const auto f = [](double x) { return x < 0.4 ? std::nan("") : std::pow(x - 0.6, 2); };
    EXPECT_NEAR(brent_minimize(f, 0, 1, {}, host).x, 0.6, 1e-7);
}

TEST(Brent, ConstantFunctionConverges) {
    FakeHost host;
    EXPECT_TRUE(brent_minimize([](double) { return 3.0; }, 0, 1, {}, host).converged);
}

TEST(Brent, SaysWhenIterationsRunOut) {
    FakeHost host;
    BrentParams params;
    params.max_iterations = 3;
    const auto result =
        brent_minimize([](double x) { return std::fabs(x - 0.9); }, 0, 1, params, host);
    EXPECT_FALSE(result.converged);
    EXPECT_EQ(result.evaluations, 4);
}

TEST(Brent, RefusesBadArguments) {
    FakeHost host;
    const auto f = [](double x) { return x; };
    EXPECT_ERROR_CODE(brent_minimize(f, 1, 1, {}, host), kInvalidArgument);
    EXPECT_ERROR_CODE(brent_minimize(f, 0, INFINITY, {}, host), kInvalidArgument);
    EXPECT_ERROR_CODE(brent_minimize(f, NAN, 1, {}, host), kInvalidArgument);
    BrentParams params;
    params.relative_tolerance = 0;
    EXPECT_ERROR_CODE(brent_minimize(f, 0, 1, params, host), kInvalidArgument);
    params = {};
    params.max_iterations = 0;
    EXPECT_ERROR_CODE(brent_minimize(f, 0, 1, params, host), kInvalidArgument);
    EXPECT_ERROR_CODE(brent_minimize([](double) { return NAN; }, 0, 1, {}, host), kNumericFailure);
}

TEST(Brent, StopsWhenThePollThrows) {
    test::CancellingHost host(5);
    EXPECT_THROW(brent_minimize([](double x) { return std::fabs(x); }, -1, 2, {}, host),
                 test::Cancelled);
    EXPECT_EQ(host.polls, 5);
}

}  // namespace
}  // namespace ecom::core

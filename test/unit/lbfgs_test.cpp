#include "core/optim/lbfgs.hpp"

#include <cmath>

#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using Eigen::VectorXd;
using test::FakeHost;

double rosenbrock(const VectorXd& x, VectorXd& g) {
    double value = 0;
    g.setZero();
    for (Eigen::Index i = 0; i + 1 < x.size(); ++i) {
        const double a = x[i + 1] - x[i] * x[i];
        const double b = 1.0 - x[i];
        value += 100.0 * a * a + b * b;
        g[i] += -400.0 * x[i] * a - 2.0 * b;
        g[i + 1] += 200.0 * a;
    }
    return value;
}

double beale(const VectorXd& v, VectorXd& g) {
    const double x = v[0];
    const double y = v[1];
    static constexpr double kC[] = {1.5, 2.25, 2.625};
    double value = 0;
    g.setZero();
    for (int k = 0; k < 3; ++k) {
        const double power = std::pow(y, k + 1);
        const double r = kC[k] - x + x * power;
        value += r * r;
        g[0] += 2.0 * r * (power - 1.0);
        g[1] += 2.0 * r * x * (k + 1) * std::pow(y, k);
    }
    return value;
}

VectorXd vector(std::initializer_list<double> values) {
    VectorXd v(static_cast<Eigen::Index>(values.size()));
    std::copy(values.begin(), values.end(), v.data());
    return v;
}

TEST(Lbfgs, MinimizesRosenbrock) {
    FakeHost host;
    const auto result = lbfgs_minimize(rosenbrock, vector({-1.2, 1.0}), {}, host);
    EXPECT_TRUE(result.converged());
    EXPECT_NEAR(result.x[0], 1.0, 1e-6);
    EXPECT_NEAR(result.x[1], 1.0, 1e-6);
    EXPECT_LT(result.evaluations, 80);
}

TEST(Lbfgs, MinimizesRosenbrockInFiftyDimensions) {
    FakeHost host;
    VectorXd start(50);
    for (Eigen::Index i = 0; i < 50; ++i) start[i] = i % 2 == 0 ? -1.2 : 1.0;
    const auto result = lbfgs_minimize(rosenbrock, start, {}, host);
    EXPECT_TRUE(result.converged());
    EXPECT_LT(result.gradient_norm, 1e-5);
}

TEST(Lbfgs, MinimizesBeale) {
    FakeHost host;
    const auto result = lbfgs_minimize(beale, vector({1.0, 1.0}), {}, host);
    EXPECT_TRUE(result.converged());
    EXPECT_NEAR(result.x[0], 3.0, 1e-6);
    EXPECT_NEAR(result.x[1], 0.5, 1e-6);
}

// Condition number 10^4 in 20 dimensions.
TEST(Lbfgs, MinimizesAnIllConditionedQuadratic) {
    FakeHost host;
    const auto f = [](const VectorXd& x, VectorXd& g) {
        double value = 0;
        for (Eigen::Index i = 0; i < x.size(); ++i) {
            const double weight = std::pow(10.0, 4.0 * static_cast<double>(i) / 19.0);
            const double d = x[i] - static_cast<double>(i);
            value += 0.5 * weight * d * d;
            g[i] = weight * d;
        }
        return value;
    };
    LbfgsParams params;
    params.value_tolerance = 0;
    params.memory = 40;
    const auto result = lbfgs_minimize(f, VectorXd::Zero(20), params, host);
    EXPECT_EQ(result.status, LbfgsStatus::kGradientSmall);
    for (Eigen::Index i = 0; i < 20; ++i) EXPECT_NEAR(result.x[i], static_cast<double>(i), 1e-6);
}

TEST(Lbfgs, StaysWhereTheFunctionIsDefined) {
    FakeHost host;
    const auto f = [](const VectorXd& x, VectorXd& g) {
        g[0] = 1.0 - 1.0 / x[0];
        return x[0] - std::log(x[0]);
    };
    EXPECT_NEAR(lbfgs_minimize(f, vector({1e-3}), {}, host).x[0], 1.0, 1e-6);
    EXPECT_NEAR(lbfgs_minimize(f, vector({50.0}), {}, host).x[0], 1.0, 1e-6);
}

TEST(Lbfgs, StartAtTheMinimumIsAResult) {
    FakeHost host;
    const auto result = lbfgs_minimize(rosenbrock, vector({1.0, 1.0}), {}, host);
    EXPECT_EQ(result.status, LbfgsStatus::kGradientSmall);
    EXPECT_EQ(result.iterations, 0);
    EXPECT_EQ(result.evaluations, 1);
}

TEST(Lbfgs, SaysWhenItStopsEarly) {
    FakeHost host;
    LbfgsParams params;
    params.max_iterations = 2;
    const auto result = lbfgs_minimize(rosenbrock, vector({-1.2, 1.0}), params, host);
    EXPECT_EQ(result.status, LbfgsStatus::kMaxIterations);
    EXPECT_FALSE(result.converged());
    EXPECT_LT(result.value, 24.2);
}

TEST(Lbfgs, WrongGradientEndsWithoutAWorsePoint) {
    FakeHost host;
    const auto f = [](const VectorXd& x, VectorXd& g) {
        g = -2.0 * x;
        return x.squaredNorm();
    };
    const auto result = lbfgs_minimize(f, vector({1.0, 2.0}), {}, host);
    EXPECT_EQ(result.status, LbfgsStatus::kLineSearchFailed);
    EXPECT_LE(result.value, 5.0);
}

TEST(Lbfgs, RefusesBadArguments) {
    FakeHost host;
    const auto undefined = [](const VectorXd&, VectorXd&) { return NAN; };
    EXPECT_ERROR_CODE(lbfgs_minimize(undefined, vector({1.0}), {}, host), kNumericFailure);
    LbfgsParams params;
    params.memory = 0;
    EXPECT_ERROR_CODE(lbfgs_minimize(rosenbrock, vector({1.0, 1.0}), params, host),
                      kInvalidArgument);
    params = {};
    params.curvature = 1e-5;
    EXPECT_ERROR_CODE(lbfgs_minimize(rosenbrock, vector({1.0, 1.0}), params, host),
                      kInvalidArgument);
    params = {};
    params.gradient_tolerance = NAN;
    EXPECT_ERROR_CODE(lbfgs_minimize(rosenbrock, vector({1.0, 1.0}), params, host),
                      kInvalidArgument);
    host.memory = 100;
    EXPECT_ERROR_CODE(lbfgs_minimize(rosenbrock, vector({1.0, 1.0}), {}, host), kLimitExceeded);
}

TEST(Lbfgs, StopsWhenThePollThrows) {
    for (const std::int64_t at : {1, 2, 10}) {
        test::CancellingHost host(at);
        EXPECT_THROW(lbfgs_minimize(rosenbrock, vector({-1.2, 1.0}), {}, host), test::Cancelled);
        EXPECT_EQ(host.polls, at);
    }
}

TEST(Eigen, FailedAssertionThrows) {
    const VectorXd a = VectorXd::Zero(3);
    const VectorXd b = VectorXd::Zero(4);
    EXPECT_ERROR_CODE(a.dot(b), kNumericFailure);
    EXPECT_ERROR_CODE(a[3], kNumericFailure);
}

}  // namespace
}  // namespace ecom::core

#include "core/forecast/arima_fit.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/base/rng.hpp"
#include "core/forecast/arima_auto.hpp"
#include "core/forecast/arima_forecaster.hpp"
#include "unit/fakes.hpp"
#include "unit/series_data.hpp"

namespace ecom::core {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

using test::kNile;

ArimaParams with(std::size_t p, std::size_t d, std::size_t q, bool constant) {
    ArimaParams params;
    params.order.p = p;
    params.order.d = d;
    params.order.q = q;
    params.has_constant = constant;
    return params;
}

// Maxima of the exact likelihood by a dense Cholesky factor of the covariance matrix.
TEST(Arima, ReachesTheMaximumOfTheExactLikelihood) {
    test::FakeHost host;
    EXPECT_NEAR(fit_arima(kNile, {}, with(1, 0, 0, true), host).loglik, -639.952159, 1e-6);
    EXPECT_NEAR(fit_arima(kNile, {}, with(0, 1, 1, false), host).loglik, -632.545625, 1e-6);
    EXPECT_NEAR(fit_arima(kNile, {}, with(1, 0, 1, true), host).loglik, -637.038785, 1e-6);
}

// The density of the normal distribution in closed form: AR(1) and MA(1) of two values.
TEST(Arima, LikelihoodOfTwoValuesByHand) {
    test::FakeHost host;
    const std::vector<double> y{1.0, 0.5, -0.2, 0.4};
    for (const double phi : {-0.5, 0.3, 0.9}) {
        ArimaParams params = with(1, 0, 0, false);
        params.standard_errors = false;
        double squares = y[0] * y[0] * (1.0 - phi * phi);
        for (std::size_t t = 1; t < y.size(); ++t) squares += std::pow(y[t] - phi * y[t - 1], 2);
        const double sigma2 = squares / 4.0;
        const double expected = -2.0 * (std::log(2.0 * std::acos(-1.0) * sigma2) + 1.0) + 0.5 * std::log(1.0 - phi * phi);
        const ArimaFit fit = arima_at(y, {}, params, Eigen::VectorXd::Constant(1, phi), host);
        EXPECT_NEAR(fit.loglik, expected, 1e-12);
        EXPECT_NEAR(fit.sigma2_ml, sigma2, 1e-13);
    }
}

// The adjoint against differences of the value, with everything at once.
TEST(Arima, GradientIsThatOfTheObjective) {
    test::FakeHost host;
    std::vector<double> y = test::formula_series(90);
    for (const std::size_t t : {5, 40, 41, 80}) y[t] = kMissing;
    ArimaOrder order;
    order.p = 2;
    order.q = 1;
    order.d = 1;
    order.seasonal_p = 1;
    order.seasonal_q = 1;
    order.period = 12;
    Regressors x{std::vector<double>(90)};
    for (std::size_t t = 0; t < 90; ++t) x[0][t] = Rng(1, t).normal();
    const ArimaLikelihood likelihood(order, y, x, host);
    Eigen::VectorXd c(5);
    c << 0.4, -0.3, 0.5, 0.3, -0.6;
    for (const bool conditional : {false, true}) {
        Eigen::VectorXd gradient;
        likelihood.objective(c, &gradient, conditional);
        for (Eigen::Index i = 0; i < 5; ++i) {
            const double step = 1e-5;
            Eigen::VectorXd up = c, down = c;
            up[i] += step;
            down[i] -= step;
            const double slope = (likelihood.objective(up, nullptr, conditional) - likelihood.objective(down, nullptr, conditional)) / (2 * step);
            EXPECT_NEAR(gradient[i], slope, 1e-7) << i << conditional;
        }
    }
}

// A missing value of an AR(1) between two others leaves the density of those that are there.
TEST(Arima, MissingValuesExactly) {
    test::FakeHost host;
    const double phi = 0.6;
    const std::vector<double> y{1.0, kMissing, -0.2, 0.4};
    ArimaParams params = with(1, 0, 0, false);
    params.standard_errors = false;
    const double v2 = 1.0 + phi * phi;
    const double squares = 1.0 * (1.0 - phi * phi) + std::pow(-0.2 - phi * phi * 1.0, 2) / v2 + std::pow(0.4 + 0.2 * phi, 2);
    const double expected = -1.5 * (std::log(2.0 * std::acos(-1.0) * squares / 3.0) + 1.0) + 0.5 * std::log(1.0 - phi * phi) - 0.5 * std::log(v2);
    EXPECT_NEAR(arima_at(y, {}, params, Eigen::VectorXd::Constant(1, phi), host).loglik, expected, 1e-12);
}

TEST(Arima, TransformedParametersAreAlwaysStationary) {
    ArimaOrder order;
    order.p = 3;
    order.q = 2;
    order.seasonal_p = 2;
    order.seasonal_q = 1;
    order.period = 7;
    for (std::uint64_t i = 0; i < 100; ++i) {
        Rng rng(3, i);
        Eigen::VectorXd x(8);
        for (double& value : x) value = rng.uniform(-2.0, 2.0);
        const Eigen::VectorXd c = coefficients_of(order, x);
        const RootModuli roots = least_roots(order, c);
        EXPECT_GT(roots.ar, 1.0);
        EXPECT_GT(roots.ma, 1.0);
        EXPECT_LT((unbounded_of(order, c) - x).cwiseAbs().maxCoeff(), 1e-6);
    }
}

// R finds (1,1,1) for the Nile, too, which is none of the four models that a search begins with.
TEST(Arima, SearchEndsAtItsNumberOfModels) {
    test::FakeHost host;
    AutoArimaParams params;
    EXPECT_EQ(to_string(auto_arima(kNile, {}, params, host).order), "(1,1,1)");
    for (const std::size_t most : {1U, 4U}) {
        params.max_models = most;
        const ArimaOrder order = auto_arima(kNile, {}, params, host).order;
        EXPECT_NE(to_string(order), "(1,1,1)") << most;
    }
}

TEST(Arima, RefusesWhatHasNoMeaning) {
    test::FakeHost host;
    EXPECT_ERROR_CODE(with(351, 0, 0, false).check(), kInvalidArgument);
    EXPECT_ERROR_CODE(with(0, 3, 0, false).check(), kInvalidArgument);
    EXPECT_ERROR_CODE(with(0, 2, 0, true).check(), kInvalidArgument);
    EXPECT_ERROR_CODE(fit_arima({1.0, 2.0}, {}, with(2, 1, 2, false), host), kNotEnoughData);
    EXPECT_ERROR_CODE(fit_arima(kNile, {kNile, kNile}, with(1, 0, 0, true), host), kNumericFailure);
    host.memory = 1000;
    EXPECT_ERROR_CODE(fit_arima(kNile, {}, with(1, 0, 0, true), host), kLimitExceeded);
    test::CancellingHost cancelling(5);
    EXPECT_THROW(fit_arima(kNile, {}, with(1, 0, 1, true), cancelling), test::Cancelled);
}

}  // namespace
}  // namespace ecom::core

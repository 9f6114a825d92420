#include "core/stats/distributions.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

#include <gtest/gtest.h>

namespace ecom::core {
namespace {

void expect_close(double actual, double expected) {
    EXPECT_NEAR(actual, expected, 1e-12 * std::fabs(expected));
}

// R 4.2: qnorm(0.975), pnorm(1.96), pnorm(-8).
TEST(Distributions, NormalAgreesWithR) {
    expect_close(normal_quantile(0.975), 1.959963984540054);
    expect_close(normal_cdf(1.96), 0.9750021048517795);
    expect_close(normal_cdf(-8), 6.220960574271785e-16);
    EXPECT_EQ(normal_quantile(0.5), 0);
}

// R 4.2: qchisq(0.95, 1). For even degrees of freedom, 1 - exp(-x/2) sum (x/2)^j / j! in 40 digits.
TEST(Distributions, ChiSquaredAgreesWithRAndTheClosedForm) {
    expect_close(chi_squared_quantile(0.95, 1), 3.841458820694124);
    expect_close(chi_squared_quantile(0.99, 12), 26.216967305535849);
    expect_close(chi_squared_cdf(10, 4), 0.95957231800548720);
    expect_close(chi_squared_cdf(3, 2), 1.0 - std::exp(-1.5));
}

// For whole shapes the beta distribution is a binomial tail, summed in 40 digits; for shapes of one
// half it is the arcsine law.
TEST(Distributions, BetaAgreesWithTheClosedForms) {
    expect_close(beta_cdf(0.3, 2, 5), 0.579825);
    expect_close(beta_cdf(0.2, 0.5, 0.5), 2.0 / std::acos(-1.0) * std::asin(std::sqrt(0.2)));
    expect_close(beta_quantile(0.1, 0.5, 0.5), std::pow(std::sin(std::acos(-1.0) / 20.0), 2));
    expect_close(beta_quantile(0.3, 1, 4), 1.0 - std::pow(0.7, 0.25));
}

TEST(Distributions, QuantileInvertsCdf) {
    for (const double p : {1e-6, 0.01, 0.3, 0.5, 0.9, 0.999}) {
        EXPECT_NEAR(normal_cdf(normal_quantile(p)), p, 1e-14);
        EXPECT_NEAR(chi_squared_cdf(chi_squared_quantile(p, 3.7), 3.7), p, 1e-12);
        EXPECT_NEAR(beta_cdf(beta_quantile(p, 2.5, 8), 2.5, 8), p, 1e-12);
    }
}

TEST(Distributions, EndsOfTheSupport) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    EXPECT_EQ(normal_cdf(-kInfinity), 0);
    EXPECT_EQ(normal_cdf(kInfinity), 1);
    EXPECT_EQ(normal_quantile(0), -kInfinity);
    EXPECT_EQ(normal_quantile(1), kInfinity);
    EXPECT_EQ(chi_squared_cdf(0, 3), 0);
    EXPECT_EQ(chi_squared_quantile(0, 3), 0);
    EXPECT_EQ(chi_squared_quantile(1, 3), kInfinity);
    EXPECT_EQ(beta_quantile(0, 2, 3), 0);
    EXPECT_EQ(beta_quantile(1, 2, 3), 1);
}

TEST(Distributions, OutsideTheDomainThrows) {
    EXPECT_THROW(normal_quantile(1.5), std::domain_error);
    EXPECT_THROW(normal_quantile(std::nan("")), std::domain_error);
    EXPECT_THROW(chi_squared_cdf(1, 0), std::domain_error);
    EXPECT_THROW(chi_squared_cdf(-1, 2), std::domain_error);
    EXPECT_THROW(beta_cdf(0.5, -1, 2), std::domain_error);
    EXPECT_THROW(beta_quantile(-0.1, 1, 2), std::domain_error);
}

}  // namespace
}  // namespace ecom::core

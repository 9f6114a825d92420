// The orders of a seasonal ARIMA model, and the polynomials that its parameters make.
//
//     phi(B) Phi(B^s) (1 - B)^d (1 - B^s)^D (y_t - x_t' beta) = theta(B) Theta(B^s) e_t,   Var e_t = sigma^2
//     phi(B) = 1 - phi_1 B - ..., theta(B) = 1 + theta_1 B + ...
//
// (Box and Jenkins, 1970; signs as in R and statsmodels.)
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/eigen.hpp"

namespace ecom::core {

// Longest lag of a polynomial, as in R: p + s P and q + s Q.
constexpr std::size_t kMaxArimaLag = 350;
constexpr std::size_t kMaxArimaDifferences = 2;  // each of d and D

struct ArimaOrder {
    std::size_t p = 0;
    std::size_t d = 0;
    std::size_t q = 0;
    std::size_t seasonal_p = 0;
    std::size_t seasonal_d = 0;
    std::size_t seasonal_q = 0;
    std::size_t period = 1;  // s; 1: no season

    std::size_t ar_lag() const { return p + period * seasonal_p; }
    std::size_t ma_lag() const { return q + period * seasonal_q; }
    std::size_t difference_lag() const { return d + period * seasonal_d; }
    std::size_t coefficients() const { return p + q + seasonal_p + seasonal_q; }

    // Throws kInvalidArgument for a period of 0, lags beyond kMaxArimaLag, more than kMaxArimaDifferences differences,
    // seasonal orders without a season.
    void check() const;

    bool operator==(const ArimaOrder& other) const {
        return p == other.p && d == other.d && q == other.q && seasonal_p == other.seasonal_p &&
               seasonal_d == other.seasonal_d && seasonal_q == other.seasonal_q && period == other.period;
    }
};

// "(0,1,1)(0,1,1)[12]", "(2,0,1)".
std::string to_string(const ArimaOrder& order);

// ar1 ..., ma1 ..., sar1 ..., sma1 ...: the order of coefficients everywhere.
std::vector<std::string> arima_coefficient_names(const ArimaOrder& order);

// Coefficients of lags 0, 1, ... of (1 - B)^d (1 - B^s)^D.
std::vector<double> difference_polynomial(const ArimaOrder& order);

// The product of the short polynomials: phi holds coefficients of lags 1 ... of 1 - phi(B), theta those of theta(B) - 1.
struct ArmaPolynomials {
    Eigen::VectorXd phi;
    Eigen::VectorXd theta;
    // Lags that some coefficients make differ from zero, ascending: few of them where the season is long.
    std::vector<std::size_t> phi_lags;
    std::vector<std::size_t> theta_lags;
};
ArmaPolynomials expand(const ArimaOrder& order, const Eigen::VectorXd& coefficients);

// Gradient by the coefficients from the gradient by the products, which is read at their lags only.
Eigen::VectorXd contract_gradient(const ArimaOrder& order, const Eigen::VectorXd& coefficients,
                                  const ArmaPolynomials& by_product);

// Coefficients from unbounded parameters: partial autocorrelations tanh(x) of each of the four polynomials, so that every x
// gives a stationary and invertible model (Barndorff-Nielsen and Schou, 1973; Jones, 1980; Monahan, 1984).
Eigen::VectorXd coefficients_of(const ArimaOrder& order, const Eigen::VectorXd& unbounded);
// Derivatives of the coefficients (rows) by the unbounded parameters.
Eigen::MatrixXd coefficient_jacobian(const ArimaOrder& order, const Eigen::VectorXd& unbounded);
// The inverse; partial autocorrelations beyond 0.999 become that, coefficients of no such model zero for the polynomial.
Eigen::VectorXd unbounded_of(const ArimaOrder& order, const Eigen::VectorXd& coefficients);

// The least modulus of the roots of phi(B) Phi(B^s), and of theta(B) Theta(B^s); infinite without roots. Near 1: close to a
// unit root.
struct RootModuli {
    double ar;
    double ma;
};
RootModuli least_roots(const ArimaOrder& order, const Eigen::VectorXd& coefficients);

}  // namespace ecom::core

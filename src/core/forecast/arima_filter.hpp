// The exact Gaussian filter of an ARMA model, and its derivatives.
//
// Gains by the recursions of Chandrasekhar (Morf, Sidhu and Kailath, 1974; Pearlman, 1980; Melard, 1984): O(r) a step for r =
// max(p, q + 1) instead of the Kalman filter's O(r^2). They do not depend on the data, so that a series and its regressors
// share them. Once they have settled, what is left is the recursion of the difference equation over its nonzero lags.
// Derivatives by the adjoint of the same recursions: all parameters at some three times the price of one evaluation.
#pragma once

#include <vector>

#include "core/base/host.hpp"
#include "core/forecast/arima_order.hpp"

namespace ecom::core {

class ArmaFilter {
public:
    // Gains for n values. `conditional`: no exact start; the first p values are given and their errors zero, gains are
    // constant (conditional sum of squares).
    ArmaFilter(const ArmaPolynomials& polynomials, std::size_t n, bool conditional, Host& host);

    // False: the autoregression has no finite variance.
    bool is_valid() const { return is_valid_; }

    // Sum of log F_t over n values, where F_t = Var(v_t) / sigma^2.
    double log_determinant() const { return log_determinant_; }

    // Innovations v_t of a series, which is n values long. In the conditional filter 0 for those that are given.
    Eigen::VectorXd innovations(const Eigen::VectorXd& series) const;
    // The same divided by the square root of F_t.
    Eigen::VectorXd standardized(const Eigen::VectorXd& series) const;

    // F_t; 1 after the gains have settled.
    double variance(std::size_t t) const { return t < settled_ ? variances_[t] : 1.0; }
    double precision(std::size_t t) const { return t < settled_ ? precisions_[t] : 1.0; }  // 1 / F_t

    // The state after the last value: predictions of the next values are its first element, and so on by T.
    Eigen::VectorXd state(const Eigen::VectorXd& series, const Eigen::VectorXd& innovations) const;
    // Sums over what the recursions would still add: the variance of the state's error beyond that of a filter that has
    // settled is sum of gain_i w_i w_i' (columns w_i). Empty when it has.
    struct Excess {
        std::vector<Eigen::VectorXd> directions;
        std::vector<double> weights;
    };
    Excess excess() const;

    // Adds to the adjoints: `seed[t]` is the derivative by innovation v_t.
    class Adjoint {
    public:
        explicit Adjoint(const ArmaFilter& filter);
        void add_series(const Eigen::VectorXd& series, const Eigen::VectorXd& innovations, Eigen::VectorXd seed);
        void add_variance(std::size_t t, double derivative);
        // The derivative by phi and theta; call once.
        ArmaPolynomials finish();

    private:
        const ArmaFilter& filter_;
        ArmaPolynomials gradient_;
        Eigen::ArrayXXd by_gain_;
        std::vector<double> by_variance_;
    };

    static std::size_t bytes(std::size_t n, std::size_t lag);

private:
    struct Lag {
        std::size_t lag;
        double coefficient;
    };
    static std::vector<Lag> lags_of(const Eigen::VectorXd& coefficients, const std::vector<std::size_t>& lags);

    void start();
    void run();

    Eigen::Index r_;
    std::size_t n_;
    bool conditional_;
    Host& host_;
    Eigen::ArrayXd phi_;    // r long
    Eigen::ArrayXd theta_;  // r long
    Eigen::Index p_;
    Eigen::Index q_;
    std::vector<Lag> phi_lags_;
    std::vector<Lag> theta_lags_;
    bool is_valid_ = true;
    double log_determinant_ = 0.0;
    std::size_t settled_ = 0;  // steps with gains of their own
    bool has_settled_ = false;
    // A column of r numbers a step, one more than settled_.
    Eigen::ArrayXXd gains_;
    Eigen::ArrayXXd directions_;
    std::vector<double> variances_;
    std::vector<double> precisions_;
    std::vector<double> weights_;
    // The start: autocovariances solve system * gamma = right side.
    Eigen::PartialPivLU<Eigen::MatrixXd> system_;
    Eigen::VectorXd gamma_;
    Eigen::VectorXd psi_;
};

}  // namespace ecom::core

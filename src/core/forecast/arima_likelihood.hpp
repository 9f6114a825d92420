// The likelihood of a seasonal ARIMA model with regressors, as a function of its ARMA coefficients alone.
//
// - Differences are taken first: the likelihood of the differenced series is the exact one under a diffuse start, without the
//   large variances by which R and statsmodels approximate it.
// - Coefficients of regressors and sigma^2 are profiled: generalised least squares with the filter's gains, by QR.
// - Each missing value is a regressor of its own, a pulse, and the likelihood is integrated over it (Gomez, Maravall and Pena,
//   1999): exact for any pattern.
// - The gradient is that of the filter's adjoint at the profiled coefficients.
#pragma once

#include <memory>
#include <vector>

#include "core/forecast/arima_filter.hpp"
#include "core/forecast/regular_series.hpp"

namespace ecom::core {

class ArimaLikelihood {
public:
    // values: first and last are there, NaN where missing. Columns of regressors are as long.
    ArimaLikelihood(const ArimaOrder& order, const std::vector<double>& values, const Regressors& regressors, Host& host);

    // The same series and regressors under other orders with the same differences; nothing is computed again.
    ArimaLikelihood with(const ArimaOrder& order) const;

    static std::size_t bytes(const ArimaOrder& order, std::size_t n, std::size_t regressors, std::size_t missing);

    const ArimaOrder& order() const { return order_; }
    // Values that count: those that are there, less what differences take.
    std::size_t used() const { return data_->used; }
    std::size_t columns() const { return static_cast<std::size_t>(data_->columns.cols()) - data_->missing.size(); }
    std::size_t differenced_size() const { return static_cast<std::size_t>(data_->target.size()); }
    // The regressors leave no variation to explain.
    bool is_explained() const { return data_->is_explained; }

    struct Value {
        bool is_valid = false;
        double objective = 0.0;        // minus the log-likelihood up to a constant, over used()
        double loglik = 0.0;           // in the units of the values
        double sigma2 = 0.0;           // maximum likelihood
        Eigen::VectorXd beta;          // of the regressors
        Eigen::VectorXd beta_variance; // at known ARMA coefficients
        std::vector<double> filled;    // values with the expectation of the missing ones
        Eigen::MatrixXd fill_variance; // of those expectations
    };

    // With the derivative of `objective` by the coefficients when asked for. `conditional`: conditional sum of squares.
    double objective(const Eigen::VectorXd& coefficients, Eigen::VectorXd* gradient, bool conditional) const;
    // The exact log-likelihood, in the units of the values, where the exact objective has this value.
    double loglik(double objective) const;
    Value value(const Eigen::VectorXd& coefficients, bool conditional) const;

    // The Gauss-Newton matrix of `objective` by the coefficients: products of the derivatives of the conditional errors. Near
    // enough to its Hessian to be the metric of a search, at the price of a fraction of a gradient.
    Eigen::MatrixXd curvature(const Eigen::VectorXd& coefficients) const;

    const std::vector<std::size_t>& missing_places() const { return data_->missing; }

private:
    struct Data {
        std::vector<double> values;  // missing ones interpolated
        std::vector<std::size_t> missing;
        double scale = 1.0;          // of the target
        Eigen::VectorXd target;      // differenced
        Eigen::MatrixXd columns;     // differenced: pulses, then regressors
        Eigen::VectorXd column_scale;
        std::size_t used = 0;
        bool is_explained = false;
    };
    struct Solution;
    bool solve(const ArmaFilter& filter, bool conditional, Solution& solution) const;

    ArimaOrder order_;
    Host* host_;
    std::shared_ptr<const Data> data_;
};

// Applies the differences of an order to a column.
Eigen::VectorXd differenced(const ArimaOrder& order, const std::vector<double>& values);

}  // namespace ecom::core

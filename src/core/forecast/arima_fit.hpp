// Estimation of a seasonal ARIMA model by exact maximum likelihood, or conditional sum of squares.
#pragma once

#include <limits>
#include <vector>

#include "core/forecast/arima_likelihood.hpp"

namespace ecom::core {

struct ArimaParams {
    ArimaOrder order;
    // A mean when there are no differences; a drift, the mean growth a step, with one.
    bool has_constant = true;
    bool conditional = false;  // conditional sum of squares instead of the likelihood
    bool standard_errors = true;

    // Throws kInvalidArgument for orders without meaning and a constant with more than one difference.
    void check() const;
};

struct ArimaFit {
    ArimaOrder order;
    bool has_mean = false;
    bool has_drift = false;
    Eigen::VectorXd coefficients;  // as arima_coefficient_names
    Eigen::VectorXd standard_errors;  // NaN where the likelihood has no proper maximum
    Eigen::VectorXd beta;          // mean or drift, then regressors
    Eigen::VectorXd beta_errors;
    double sigma2_ml = 0.0;   // sum of squares over the number of values, as arima() of R
    double sigma2 = 0.0;      // over the number less that of coefficients, as Arima() of R's forecast
    double loglik = 0.0;
    double aic = 0.0;
    double aicc = 0.0;
    double bic = 0.0;
    std::size_t used = 0;
    RootModuli roots{};

    std::size_t parameters() const { return static_cast<std::size_t>(coefficients.size() + beta.size()); }
};

// Regressors with the constant's column in front.
Regressors design(const ArimaOrder& order, bool has_constant, const Regressors& regressors, std::size_t first, std::size_t n);

// How far the maximum is looked for.
struct ArimaSearch {
    const Eigen::VectorXd* warm = nullptr;  // coefficients to start from as well
    // From many starts. Otherwise from the conditional estimate and the warm start only, less exactly: to compare orders.
    bool is_thorough = true;
    // A search that is not thorough is given up when it is not going to get below.
    double aicc_to_beat = std::numeric_limits<double>::infinity();
};

// The likelihood of a model, for fits of one or several orders. values: the first is not missing. Throws kNotEnoughData,
// kNumericFailure, kLimitExceeded.
ArimaLikelihood arima_likelihood(const std::vector<double>& values, const Regressors& regressors, const ArimaParams& params,
                                 Host& host);

// Throws kLimitExceeded where fits of this order, of which arima_likelihood() is one, want more memory than the host has.
void require_arima_memory(const ArimaOrder& order, const std::vector<double>& values, const Regressors& regressors, Host& host);

// params.order is that of the likelihood. Throws as above.
ArimaFit fit_arima(const ArimaLikelihood& likelihood, const ArimaParams& params, const ArimaSearch& search, Host& host);
ArimaFit fit_arima(const std::vector<double>& values, const Regressors& regressors, const ArimaParams& params, Host& host);

// The same at given coefficients.
ArimaFit arima_at(const ArimaLikelihood& likelihood, const ArimaParams& params, const Eigen::VectorXd& coefficients);
ArimaFit arima_at(const std::vector<double>& values, const Regressors& regressors, const ArimaParams& params,
                  const Eigen::VectorXd& coefficients, Host& host);

// AICc of n values with k parameters beside the variance; infinite where n does not allow it.
double arima_aicc(double loglik, double k, double n);

}  // namespace ecom::core

#include "core/forecast/arima_fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "core/base/budget.hpp"
#include "core/base/rng.hpp"
#include "core/optim/lbfgs.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr std::uint64_t kSeed = 20170401;

class Search {
public:
    Search(const ArimaParams& params, const ArimaLikelihood& likelihood, Host& host)
        : params_(params), likelihood_(likelihood), host_(host) {}

    VectorXd run(const VectorXd* warm) {
        const auto k = static_cast<Index>(params_.order.coefficients());
        const VectorXd zero = VectorXd::Zero(k);
        // A coarse conditional estimate is a good place to start from.
        const Candidate conditional = minimize(zero, true, params_.conditional ? 200 : 30);
        if (params_.conditional) return conditional.x;
        std::vector<VectorXd> starts{conditional.x, zero};
        if (warm != nullptr) starts.push_back(unbounded_of(params_.order, *warm));
        if (const auto paired = paired_roots()) starts.push_back(*paired);
        const std::size_t random = params_.random_starts.value_or(k < 3 ? 0 : 2);
        for (std::size_t i = 0; i < random; ++i) {
            Rng rng(kSeed, i);
            VectorXd x(k);
            for (double& value : x) value = rng.uniform(-1.5, 1.5);
            starts.push_back(std::move(x));
        }
        // All run a while, the best to the end.
        std::vector<Candidate> candidates;
        for (const VectorXd& start : starts) candidates.push_back(minimize(start, false, k < 3 ? 100 : 15));
        std::stable_sort(candidates.begin(), candidates.end(),
                         [](const Candidate& a, const Candidate& b) { return a.value < b.value; });
        Candidate best = candidates.front();
        if (k < 3) return best.x;
        for (std::size_t i = 0; i < std::min<std::size_t>(candidates.size(), 3); ++i) {
            Candidate finished = minimize(candidates[i].x, false, 300);
            if (finished.value < best.value) best = std::move(finished);
        }
        return best.x;
    }

private:
    struct Candidate {
        VectorXd x;
        double value;
    };

    // Differences leave a moving-average root near 1; with a second one near -1 and an autoregressive root that nearly cancels
    // it there is often a maximum that other starts do not see.
    std::optional<VectorXd> paired_roots() const {
        const ArimaOrder& order = params_.order;
        if (order.p < 1 || order.q < 2) return std::nullopt;
        VectorXd coefficients = VectorXd::Zero(static_cast<Index>(order.coefficients()));
        coefficients[0] = -0.9;
        coefficients[static_cast<Index>(order.p) + 1] = -0.9;
        return unbounded_of(order, coefficients);
    }

    Candidate minimize(const VectorXd& start, bool conditional, int iterations) {
        LbfgsParams params;
        params.max_iterations = iterations;
        params.memory = 12;
        params.gradient_tolerance = 1e-8;
        params.value_tolerance = conditional ? 1e-8 : 1e-12;
        const ArimaOrder& order = params_.order;
        const Objective f = [&](const VectorXd& x, VectorXd& gradient) {
            const VectorXd coefficients = coefficients_of(order, x);
            VectorXd natural;
            const double value = likelihood_.objective(coefficients, &natural, conditional);
            if (std::isfinite(value)) gradient = contract_to_unbounded(order, x, natural);
            return value;
        };
        try {
            const LbfgsResult result = lbfgs_minimize(f, start, params, host_);
            return {result.x, result.value};
        } catch (const Error& e) {
            if (e.code() != ErrorCode::kNumericFailure) throw;
            return {start, std::numeric_limits<double>::infinity()};
        }
    }

    const ArimaParams& params_;
    const ArimaLikelihood& likelihood_;
    Host& host_;
};

// Inverse of the Hessian by differences of the gradient; regressors follow by the chain rule through their profile.
void standard_errors(const ArimaLikelihood& likelihood, const ArimaLikelihood::Value& at, bool conditional, ArimaFit& fit) {
    const Index k = fit.coefficients.size();
    fit.standard_errors = VectorXd::Constant(k, std::numeric_limits<double>::quiet_NaN());
    fit.beta_errors = at.beta_variance.cwiseSqrt();
    if (k == 0) return;
    const auto n = static_cast<double>(likelihood.used());
    MatrixXd hessian(k, k);
    MatrixXd jacobian = MatrixXd::Zero(fit.beta.size(), k);
    for (Index i = 0; i < k; ++i) {
        const double step = 1e-5;
        VectorXd gradients[2];
        for (int side = 0; side < 2; ++side) {
            VectorXd moved = fit.coefficients;
            moved[i] += side == 0 ? step : -step;
            if (!std::isfinite(likelihood.objective(moved, &gradients[side], conditional))) return;
            if (fit.beta.size() > 0)
                jacobian.col(i) += (side == 0 ? 0.5 : -0.5) / step * likelihood.value(moved, conditional).beta;
        }
        hessian.col(i) = (gradients[0] - gradients[1]) * (n / (2.0 * step));
    }
    hessian = (0.5 * (hessian + hessian.transpose())).eval();
    const Eigen::LDLT<MatrixXd> factor(hessian);
    if (factor.info() != Eigen::Success || !factor.isPositive()) return;
    const MatrixXd variance = factor.solve(MatrixXd::Identity(k, k));
    if (!variance.allFinite() || variance.diagonal().minCoeff() < 0.0) return;
    fit.standard_errors = variance.diagonal().cwiseSqrt();
    if (fit.beta.size() > 0)
        fit.beta_errors = (at.beta_variance + (jacobian * variance * jacobian.transpose()).diagonal()).cwiseSqrt();
}

ArimaFit describe_fit(const ArimaLikelihood& likelihood, const ArimaParams& params, const VectorXd& coefficients) {
    ArimaFit fit;
    fit.order = params.order;
    const std::size_t differences = params.order.d + params.order.seasonal_d;
    fit.has_mean = params.has_constant && differences == 0;
    fit.has_drift = params.has_constant && differences == 1;
    fit.coefficients = coefficients;
    const ArimaLikelihood::Value value = likelihood.value(coefficients, params.conditional);
    if (!value.is_valid)
        throw Error(ErrorCode::kNumericFailure, "likelihood of ARIMA" + to_string(params.order) + " is not finite",
                    "Use lower orders.");
    fit.beta = value.beta;
    fit.sigma2_ml = value.sigma2;
    fit.loglik = value.loglik;
    fit.used = likelihood.used();
    const auto n = static_cast<double>(fit.used);
    const auto k = static_cast<double>(fit.parameters());
    fit.sigma2 = fit.used > fit.parameters() ? value.sigma2 * n / (n - k) : value.sigma2;
    fit.aic = -2.0 * fit.loglik + 2.0 * (k + 1.0);
    fit.aicc = n > k + 2.0 ? fit.aic + 2.0 * (k + 1.0) * (k + 2.0) / (n - k - 2.0) : std::numeric_limits<double>::infinity();
    fit.bic = -2.0 * fit.loglik + (k + 1.0) * std::log(n);
    fit.roots = least_roots(fit.order, coefficients);
    fit.standard_errors = VectorXd::Constant(coefficients.size(), std::numeric_limits<double>::quiet_NaN());
    fit.beta_errors = value.beta_variance.cwiseSqrt();
    if (params.standard_errors && !likelihood.is_explained()) standard_errors(likelihood, value, params.conditional, fit);
    return fit;
}

ArimaLikelihood likelihood_of(const std::vector<double>& values, const Regressors& regressors, const ArimaParams& params,
                              Host& host) {
    params.check();
    const auto missing = static_cast<std::size_t>(
        std::count_if(values.begin(), values.end(), [](double value) { return std::isnan(value); }));
    require_memory(host, ArimaLikelihood::bytes(params.order, values.size(), regressors.size() + 1, missing),
                   "fitting ARIMA" + to_string(params.order) + " to " + std::to_string(values.size()) + " values");
    return {params.order, values, design(params.order, params.has_constant, regressors, 0, values.size()), host};
}

}  // namespace

void ArimaParams::check() const {
    order.check();
    if (has_constant && order.d + order.seasonal_d > 1)
        throw Error(ErrorCode::kInvalidArgument, "a constant with more than one difference is a curved trend",
                    "Leave the constant out, or use fewer differences.");
}

Regressors design(const ArimaOrder& order, bool has_constant, const Regressors& regressors, std::size_t first, std::size_t n) {
    Regressors result;
    if (has_constant && order.d + order.seasonal_d <= 1) {
        std::vector<double> column(n, 1.0);
        if (order.d + order.seasonal_d == 1)
            for (std::size_t i = 0; i < n; ++i) column[i] = static_cast<double>(first + i + 1);
        result.push_back(std::move(column));
    }
    for (const auto& column : regressors)
        result.emplace_back(column.begin(), column.begin() + static_cast<std::ptrdiff_t>(n));
    return result;
}

ArimaFit fit_arima(const std::vector<double>& values, const Regressors& regressors, const ArimaParams& params, Host& host,
                   const VectorXd* warm) {
    const ArimaLikelihood likelihood = likelihood_of(values, regressors, params, host);
    const auto k = static_cast<Index>(params.order.coefficients());
    if (likelihood.used() <= static_cast<std::size_t>(k) + regressors.size() + params.has_constant + 1)
        throw Error(ErrorCode::kNotEnoughData, "too few values for ARIMA" + to_string(params.order),
                    "Give more values, or use lower orders and fewer regressors.");
    VectorXd coefficients = VectorXd::Zero(k);
    if (k > 0 && !likelihood.is_explained())
        coefficients = coefficients_of(params.order, Search(params, likelihood, host).run(warm));
    return describe_fit(likelihood, params, coefficients);
}

ArimaFit arima_at(const std::vector<double>& values, const Regressors& regressors, const ArimaParams& params,
                  const VectorXd& coefficients, Host& host) {
    return describe_fit(likelihood_of(values, regressors, params, host), params, coefficients);
}

}  // namespace ecom::core

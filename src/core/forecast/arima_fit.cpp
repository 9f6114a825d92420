#include "core/forecast/arima_fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

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
    Search(const ArimaLikelihood& likelihood, bool conditional, const ArimaSearch& search, Host& host)
        : likelihood_(likelihood), order_(likelihood.order()), conditional_(conditional), search_(search), host_(host) {}

    VectorXd run() {
        const auto k = static_cast<Index>(order_.coefficients());
        const VectorXd zero = VectorXd::Zero(k);
        // A coarse conditional estimate is a good place to start from.
        const Candidate conditional = descend(zero, true, conditional_ ? kMostRounds : 2);
        if (conditional_) return conditional.x;
        std::vector<VectorXd> starts{conditional.x};
        if (search_.warm != nullptr) starts.push_back(unbounded_of(order_, *search_.warm));
        if (search_.is_thorough) add_starts(starts);
        // All run a while, the best to the end.
        std::vector<Candidate> candidates;
        for (const VectorXd& start : starts) candidates.push_back(descend(start, false, 1, search_.is_thorough ? kRound : kFirstRound));
        std::stable_sort(candidates.begin(), candidates.end(),
                         [](const Candidate& a, const Candidate& b) { return a.value < b.value; });
        const std::size_t most = search_.is_thorough ? 3 : 1;
        Candidate best = candidates.front();
        for (std::size_t i = 0; i < std::min(candidates.size(), most); ++i) {
            if (candidates[i].is_final) continue;
            Candidate finished = descend(candidates[i].x, false, kMostRounds);
            if (finished.value < best.value) best = std::move(finished);
        }
        return best.x;
    }

private:
    struct Candidate {
        VectorXd x;
        double value = std::numeric_limits<double>::infinity();
        bool is_final = false;
    };

    // Iterations before the metric is computed anew, and how often it is.
    static constexpr int kRound = 10;
    static constexpr int kFirstRound = 4;  // of a search that only compares
    static constexpr int kMostRounds = 30;

    void add_starts(std::vector<VectorXd>& starts) const {
        const auto k = static_cast<Index>(order_.coefficients());
        starts.push_back(VectorXd::Zero(k));
        // Differences leave a moving-average root near 1; with a second one near -1 and an autoregressive root that nearly
        // cancels it there is often a maximum that other starts do not see.
        if (order_.p >= 1 && order_.q >= 2) {
            VectorXd coefficients = VectorXd::Zero(k);
            coefficients[0] = -0.9;
            coefficients[static_cast<Index>(order_.p) + 1] = -0.9;
            starts.push_back(unbounded_of(order_, coefficients));
        }
        for (std::size_t i = 0; k > 2 && i < 2; ++i) {
            Rng rng(kSeed, i);
            VectorXd x(k);
            for (double& value : x) value = rng.uniform(-1.5, 1.5);
            starts.push_back(std::move(x));
        }
    }

    // Inverse of the Gauss-Newton matrix in the unbounded parameters, damped as by Marquardt (1963): roots that nearly cancel
    // make it singular.
    Metric metric_at(const VectorXd& x) const {
        constexpr double kDamping = 1e-3;
        const MatrixXd slope = coefficient_jacobian(order_, x);
        MatrixXd matrix = slope.transpose() * likelihood_.curvature(coefficients_of(order_, x)) * slope;
        const double size = std::max(matrix.diagonal().mean(), 1e-12);
        matrix.diagonal() = matrix.diagonal() * (1.0 + kDamping) + VectorXd::Constant(x.size(), 1e-3 * kDamping * size);
        const Eigen::LLT<MatrixXd> factor(matrix);
        if (factor.info() != Eigen::Success || !matrix.allFinite()) return nullptr;
        return [factor](const VectorXd& gradient) -> VectorXd { return factor.solve(gradient); };
    }

    Candidate descend(const VectorXd& start, bool conditional, int rounds, int iterations = kRound) const {
        LbfgsParams params;
        params.max_iterations = iterations;
        params.memory = kRound;
        params.longest_step = 2.0;
        params.gradient_tolerance = search_.is_thorough ? 1e-8 : 1e-5;
        params.value_tolerance = conditional && !conditional_ ? 1e-6 : search_.is_thorough ? 1e-12 : 1e-8;
        const Objective f = [&](const VectorXd& x, VectorXd& gradient) {
            VectorXd natural;
            const double value = likelihood_.objective(coefficients_of(order_, x), &natural, conditional);
            if (std::isfinite(value)) gradient = coefficient_jacobian(order_, x).transpose() * natural;
            return value;
        };
        Candidate candidate;
        candidate.x = start;
        try {
            for (int round = 0; round < rounds && !candidate.is_final; ++round) {
                LbfgsResult result = lbfgs_minimize(f, candidate.x, params, host_, metric_at(candidate.x));
                const double gain = candidate.value - result.value;
                candidate.x = std::move(result.x);
                candidate.value = result.value;
                candidate.is_final = result.status != LbfgsStatus::kMaxIterations || (!conditional && is_hopeless(result.value, gain));
            }
        } catch (const Error& e) {
            if (e.code() != ErrorCode::kNumericFailure) throw;
            candidate.is_final = true;
        }
        return candidate;
    }

    // Steps get smaller: what the last ten have gained several times over is more than all others will.
    bool is_hopeless(double value, double gain) const {
        if (search_.is_thorough || !std::isfinite(search_.aicc_to_beat) || !std::isfinite(gain)) return false;
        constexpr double kMost = 3.0;
        const auto n = static_cast<double>(likelihood_.used());
        const double k = static_cast<double>(order_.coefficients() + likelihood_.columns());
        return arima_aicc(likelihood_.loglik(value - kMost * gain), k, n) > search_.aicc_to_beat;
    }

    const ArimaLikelihood& likelihood_;
    const ArimaOrder& order_;
    bool conditional_;
    const ArimaSearch& search_;
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

}  // namespace

ArimaFit arima_at(const ArimaLikelihood& likelihood, const ArimaParams& params, const VectorXd& coefficients) {
    ArimaFit fit;
    fit.order = likelihood.order();
    const std::size_t differences = fit.order.d + fit.order.seasonal_d;
    fit.has_mean = params.has_constant && differences == 0;
    fit.has_drift = params.has_constant && differences == 1;
    fit.coefficients = coefficients;
    const ArimaLikelihood::Value value = likelihood.value(coefficients, params.conditional);
    if (!value.is_valid)
        throw Error(ErrorCode::kNumericFailure, "likelihood of ARIMA" + to_string(fit.order) + " is not finite",
                    "Use lower orders.");
    fit.beta = value.beta;
    fit.sigma2_ml = value.sigma2;
    fit.loglik = value.loglik;
    fit.used = likelihood.used();
    const auto n = static_cast<double>(fit.used);
    const auto k = static_cast<double>(fit.parameters());
    fit.sigma2 = fit.used > fit.parameters() ? value.sigma2 * n / (n - k) : value.sigma2;
    fit.aic = -2.0 * fit.loglik + 2.0 * (k + 1.0);
    fit.aicc = arima_aicc(fit.loglik, k, n);
    fit.bic = -2.0 * fit.loglik + (k + 1.0) * std::log(n);
    fit.roots = least_roots(fit.order, coefficients);
    fit.standard_errors = VectorXd::Constant(coefficients.size(), std::numeric_limits<double>::quiet_NaN());
    fit.beta_errors = value.beta_variance.cwiseSqrt();
    if (params.standard_errors && !likelihood.is_explained()) standard_errors(likelihood, value, params.conditional, fit);
    return fit;
}

double arima_aicc(double loglik, double k, double n) {
    if (!(n > k + 2.0)) return std::numeric_limits<double>::infinity();
    return -2.0 * loglik + 2.0 * (k + 1.0) + 2.0 * (k + 1.0) * (k + 2.0) / (n - k - 2.0);
}

void require_arima_memory(const ArimaOrder& order, const std::vector<double>& values, const Regressors& regressors, Host& host) {
    const auto missing = static_cast<std::size_t>(
        std::count_if(values.begin(), values.end(), [](double value) { return std::isnan(value); }));
    // One column more for the constant.
    require_memory(host, ArimaLikelihood::bytes(order, values.size(), regressors.size() + 1, missing),
                   "fitting ARIMA" + to_string(order) + " to " + std::to_string(values.size()) + " values");
}

ArimaLikelihood arima_likelihood(const std::vector<double>& values, const Regressors& regressors, const ArimaParams& params,
                              Host& host) {
    params.check();
    require_arima_memory(params.order, values, regressors, host);
    return {params.order, values, design(params.order, params.has_constant, regressors, 0, values.size()), host};
}

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

ArimaFit fit_arima(const ArimaLikelihood& likelihood, const ArimaParams& params, const ArimaSearch& search, Host& host) {
    const std::size_t k = likelihood.order().coefficients();
    if (likelihood.used() <= k + likelihood.columns() + 1)
        throw Error(ErrorCode::kNotEnoughData, "too few values for ARIMA" + to_string(likelihood.order()),
                    "Give more values, or use lower orders and fewer regressors.");
    VectorXd coefficients = VectorXd::Zero(static_cast<Index>(k));
    if (k > 0 && !likelihood.is_explained())
        coefficients = coefficients_of(likelihood.order(), Search(likelihood, params.conditional, search, host).run());
    return arima_at(likelihood, params, coefficients);
}

ArimaFit fit_arima(const std::vector<double>& values, const Regressors& regressors, const ArimaParams& params, Host& host) {
    return fit_arima(arima_likelihood(values, regressors, params, host), params, {}, host);
}

ArimaFit arima_at(const std::vector<double>& values, const Regressors& regressors, const ArimaParams& params,
                  const VectorXd& coefficients, Host& host) {
    return arima_at(arima_likelihood(values, regressors, params, host), params, coefficients);
}

}  // namespace ecom::core

#include "core/forecast/arima_likelihood.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

struct ArimaLikelihood::Solution {
    MatrixXd r;           // triangle of the filtered columns and the target
    VectorXd beta;        // of all scaled columns
    double squares = 0.0;
    double log_volume = 0.0;  // half the log determinant of the pulses
    MatrixXd pulses;      // filtered, where the gradient needs them
};

VectorXd differenced(const ArimaOrder& order, const std::vector<double>& values) {
    VectorXd result = Eigen::Map<const VectorXd>(values.data(), static_cast<Index>(values.size()));
    const auto apply = [&](Index lag) {
        const Index n = std::max<Index>(0, result.size() - lag);
        result = VectorXd(result.tail(n) - result.head(n));
    };
    for (std::size_t i = 0; i < order.d; ++i) apply(1);
    for (std::size_t i = 0; i < order.seasonal_d; ++i) apply(static_cast<Index>(order.period));
    return result;
}

std::size_t ArimaLikelihood::bytes(const ArimaOrder& order, std::size_t n, std::size_t regressors, std::size_t missing) {
    const std::size_t lag = std::max(order.ar_lag(), order.ma_lag() + 1);
    return add_size(mul_size(mul_size(n, add_size(add_size(regressors, missing), 4)), 4 * sizeof(double)),
                    ArmaFilter::bytes(n, lag));
}

ArimaLikelihood::ArimaLikelihood(const ArimaOrder& order, const std::vector<double>& values, const Regressors& regressors,
                                 Host& host)
    : order_(order), host_(host), values_(interpolated(values)) {
    const std::size_t n = values.size();
    for (std::size_t i = 0; i < n; ++i)
        if (std::isnan(values[i])) missing_.push_back(i);
    const std::size_t lag = order.difference_lag();
    const std::size_t columns = missing_.size() + regressors.size();
    if (n < lag + columns + 2)
        throw Error(ErrorCode::kNotEnoughData, "too few values for ARIMA" + to_string(order),
                    "Give more values, or use lower orders and fewer regressors.");
    used_ = n - lag - missing_.size();
    target_ = differenced(order, values_);
    columns_.resize(target_.size(), static_cast<Index>(columns));
    column_scale_.resize(static_cast<Index>(columns));
    for (std::size_t c = 0; c < columns; ++c) {
        host.poll();
        VectorXd column;
        if (c < missing_.size()) {
            std::vector<double> pulse(n, 0.0);
            pulse[missing_[c]] = 1.0;
            column = differenced(order, pulse);
        } else {
            column = differenced(order, regressors[c - missing_.size()]);
        }
        const double norm = c < missing_.size() ? 1.0 : column.norm() / std::sqrt(static_cast<double>(column.size()));
        column_scale_[static_cast<Index>(c)] = norm > 0.0 ? norm : 1.0;
        columns_.col(static_cast<Index>(c)) = column / column_scale_[static_cast<Index>(c)];
    }
    VectorXd rest = target_;
    if (columns > 0) {
        Eigen::ColPivHouseholderQR<MatrixXd> qr(columns_);
        qr.setThreshold(1e-10);
        if (qr.rank() < columns_.cols())
            throw Error(ErrorCode::kNumericFailure, "regressors depend on each other, or on the differences taken",
                        "Leave out regressors that are sums of others, or constant or straight after differencing.");
        rest -= columns_ * qr.solve(target_);
    }
    const double size = std::max(Eigen::Map<const VectorXd>(values_.data(), static_cast<Index>(n)).cwiseAbs().maxCoeff(), 1e-300);
    const double spread = rest.norm() / std::sqrt(static_cast<double>(rest.size()));
    is_explained_ = !(spread > 1e-13 * size);
    if (!is_explained_) {
        scale_ = spread;
        target_ /= scale_;
    }
}

bool ArimaLikelihood::solve(const ArmaFilter& filter, bool conditional, Solution& solution) const {
    if (!filter.is_valid()) return false;
    const Index k = columns_.cols();
    const Index m = static_cast<Index>(missing_.size());
    if (k == 0) {
        solution.squares = filter.standardized(target_).squaredNorm();
        return std::isfinite(solution.squares) && solution.squares > 0.0;
    }
    MatrixXd filtered(target_.size(), k + 1);
    for (Index c = 0; c < k; ++c) {
        host_.poll();
        filtered.col(c) = filter.standardized(columns_.col(c));
    }
    filtered.col(k) = filter.standardized(target_);
    if (!filtered.allFinite()) return false;
    if (m > 0) solution.pulses = filtered.leftCols(m);
    Eigen::HouseholderQR<Eigen::Ref<MatrixXd>> qr(filtered);
    solution.r = filtered.topRows(k + 1).triangularView<Eigen::Upper>();
    solution.beta = solution.r.topLeftCorner(k, k).triangularView<Eigen::Upper>().solve(solution.r.topRightCorner(k, 1));
    solution.squares = solution.r(k, k) * solution.r(k, k);
    if (!conditional)
        for (Index c = 0; c < m; ++c) solution.log_volume += std::log(std::fabs(solution.r(c, c)));
    return solution.beta.allFinite() && solution.squares > 0.0;
}

double ArimaLikelihood::objective(const VectorXd& coefficients, VectorXd* gradient, bool conditional) const {
    const ArmaPolynomials polynomials = expand(order_, coefficients);
    const auto size = differenced_size();
    const ArmaFilter filter(polynomials, size, conditional, host_);
    Solution solution;
    if (!solve(filter, conditional, solution)) return kInfinity;
    const auto n = static_cast<double>(used_);
    const double result =
        0.5 * std::log(solution.squares / n) + (0.5 * filter.log_determinant() + solution.log_volume) / n;
    if (gradient == nullptr) return result;

    VectorXd rest = target_;
    if (columns_.cols() > 0) rest -= columns_ * solution.beta;
    VectorXd v = filter.innovations(rest);
    ArmaFilter::Adjoint adjoint(filter);
    VectorXd seed(v.size());
    for (Index t = 0; t < v.size(); ++t) {
        const double f = filter.variance(static_cast<std::size_t>(t));
        seed[t] = v[t] / (f * solution.squares);
        adjoint.add_variance(static_cast<std::size_t>(t), 0.5 / (n * f) - 0.5 * v[t] * v[t] / (f * f * solution.squares));
    }
    adjoint.add_series(rest, v, std::move(seed));
    const auto m = static_cast<Index>(missing_.size());
    if (m > 0 && !conditional) {
        // Half the log determinant of A'A has the derivative trace((A'A)^-1 A' dA).
        const auto triangle = solution.r.topLeftCorner(m, m).triangularView<Eigen::Upper>();
        const MatrixXd inverse = triangle.solve(MatrixXd::Identity(m, m));
        const MatrixXd by_pulse = solution.pulses * (inverse * inverse.transpose());
        for (Index c = 0; c < m; ++c) {
            host_.poll();
            VectorXd pulse_seed(v.size());
            for (Index t = 0; t < v.size(); ++t) {
                const double f = filter.variance(static_cast<std::size_t>(t));
                const double b = by_pulse(t, c) / n;
                pulse_seed[t] = b / std::sqrt(f);
                adjoint.add_variance(static_cast<std::size_t>(t), -0.5 * b * solution.pulses(t, c) / f);
            }
            adjoint.add_series(columns_.col(c), filter.innovations(columns_.col(c)), std::move(pulse_seed));
        }
    }
    *gradient = contract_gradient(order_, coefficients, adjoint.finish());
    return result;
}

ArimaLikelihood::Value ArimaLikelihood::value(const VectorXd& coefficients, bool conditional) const {
    Value result;
    const auto m = static_cast<Index>(missing_.size());
    const Index k = columns_.cols();
    const ArmaFilter filter(expand(order_, coefficients), differenced_size(), conditional, host_);
    Solution solution;
    result.filled = values_;
    if (!solve(filter, conditional, solution)) {
        if (!is_explained_) return result;
        // Nothing is left to model: the regressors are exact.
        solution.beta = k > 0 ? VectorXd(columns_.colPivHouseholderQr().solve(target_)) : VectorXd();
        solution.squares = 0.0;
        solution.r = MatrixXd::Identity(k + 1, k + 1);
    }
    result.is_valid = true;
    const auto n = static_cast<double>(used_);
    const double freedom =
        conditional ? std::max(1.0, n - static_cast<double>(std::min(used_, order_.ar_lag()))) : n;
    result.sigma2 = is_explained_ ? 0.0 : solution.squares / freedom * scale_ * scale_;
    result.objective = 0.5 * std::log(solution.squares / n) + (0.5 * filter.log_determinant() + solution.log_volume) / n;
    constexpr double kLogTwoPi = 1.8378770664093454836;
    result.loglik = -0.5 * n * (1.0 + kLogTwoPi + std::log(result.sigma2)) - 0.5 * filter.log_determinant() - solution.log_volume;
    if (k > 0) {
        const MatrixXd inverse =
            solution.r.topLeftCorner(k, k).triangularView<Eigen::Upper>().solve(MatrixXd::Identity(k, k));
        const VectorXd variance = inverse.rowwise().squaredNorm() * result.sigma2;
        const VectorXd scaled = solution.beta.cwiseQuotient(column_scale_) * scale_;
        result.beta = scaled.tail(k - m);
        result.beta_variance = variance.tail(k - m).array() / column_scale_.tail(k - m).array().square();
        for (Index c = 0; c < m; ++c) result.filled[missing_[static_cast<std::size_t>(c)]] -= scaled[c];
        if (m > 0) {
            const MatrixXd pulses =
                solution.r.topLeftCorner(m, m).triangularView<Eigen::Upper>().solve(MatrixXd::Identity(m, m));
            result.fill_variance = pulses * pulses.transpose() * result.sigma2;
        }
    }
    return result;
}

}  // namespace ecom::core

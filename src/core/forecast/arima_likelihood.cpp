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

constexpr double kLogTwoPi = 1.8378770664093454836;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

struct ArimaLikelihood::Solution {
    MatrixXd r;           // triangle of the filtered columns and the target
    VectorXd beta;        // of all scaled columns
    double squares = 0.0;
    double log_volume = 0.0;  // half the log determinant of the pulses
    MatrixXd pulses;      // filtered, where the gradient needs them
    VectorXd innovations; // of what the columns leave of the target
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
    const std::size_t columns = add_size(add_size(regressors, missing), 4 + order.coefficients());
    return add_size(mul_size(mul_size(n, columns), 4 * sizeof(double)), ArmaFilter::bytes(n, lag));
}

ArimaLikelihood::ArimaLikelihood(const ArimaOrder& order, const std::vector<double>& values, const Regressors& regressors,
                                 Host& host)
    : order_(order), host_(&host) {
    auto data = std::make_shared<Data>();
    data->values = interpolated(values);
    const std::size_t n = values.size();
    for (std::size_t i = 0; i < n; ++i)
        if (std::isnan(values[i])) data->missing.push_back(i);
    const std::size_t lag = order.difference_lag();
    const std::size_t columns = data->missing.size() + regressors.size();
    if (n < lag + columns + 2)
        throw Error(ErrorCode::kNotEnoughData, "too few values for ARIMA" + to_string(order),
                    "Give more values, or use lower orders and fewer regressors.");
    data->used = n - lag - data->missing.size();
    data->target = differenced(order, data->values);
    data->columns.resize(data->target.size(), static_cast<Index>(columns));
    data->column_scale.resize(static_cast<Index>(columns));
    for (std::size_t c = 0; c < columns; ++c) {
        host.poll();
        VectorXd column;
        if (c < data->missing.size()) {
            std::vector<double> pulse(n, 0.0);
            pulse[data->missing[c]] = 1.0;
            column = differenced(order, pulse);
        } else {
            column = differenced(order, regressors[c - data->missing.size()]);
        }
        const double norm = c < data->missing.size() ? 1.0 : column.norm() / std::sqrt(static_cast<double>(column.size()));
        data->column_scale[static_cast<Index>(c)] = norm > 0.0 ? norm : 1.0;
        data->columns.col(static_cast<Index>(c)) = column / data->column_scale[static_cast<Index>(c)];
    }
    VectorXd rest = data->target;
    if (columns > 0) {
        Eigen::ColPivHouseholderQR<MatrixXd> qr(data->columns);
        qr.setThreshold(1e-10);
        if (qr.rank() < data->columns.cols())
            throw Error(ErrorCode::kNumericFailure, "regressors depend on each other, or on the differences taken",
                        "Leave out regressors that are sums of others, or constant or straight after differencing.");
        rest -= data->columns * qr.solve(data->target);
    }
    const double size = std::max(Eigen::Map<const VectorXd>(data->values.data(), static_cast<Index>(n)).cwiseAbs().maxCoeff(), 1e-300);
    const double spread = rest.norm() / std::sqrt(static_cast<double>(rest.size()));
    data->is_explained = !(spread > 1e-13 * size);
    if (!data->is_explained) {
        data->scale = spread;
        data->target /= data->scale;
    }
    data_ = std::move(data);
}

ArimaLikelihood ArimaLikelihood::with(const ArimaOrder& order) const {
    ArimaLikelihood result = *this;
    result.order_ = order;
    return result;
}

double ArimaLikelihood::loglik(double objective) const {
    return -static_cast<double>(used()) * (objective + 0.5 * (1.0 + kLogTwoPi) + std::log(data_->scale));
}

bool ArimaLikelihood::solve(const ArmaFilter& filter, bool conditional, Solution& solution) const {
    if (!filter.is_valid()) return false;
    const MatrixXd& columns = data_->columns;
    const VectorXd& target = data_->target;
    const Index k = columns.cols();
    const Index m = static_cast<Index>(data_->missing.size());
    solution.innovations = filter.innovations(target);
    if (!solution.innovations.allFinite()) return false;
    if (k == 0) {
        for (Index t = 0; t < target.size(); ++t)
            solution.squares += solution.innovations[t] * solution.innovations[t] * filter.precision(static_cast<std::size_t>(t));
        return std::isfinite(solution.squares) && solution.squares > 0.0;
    }
    if (k == 1 && m == 0) {
        // A mean or a drift alone, as most models that are compared have it: a projection is enough.
        const VectorXd column = filter.innovations(columns.col(0));
        double length = 0.0;
        double product = 0.0;
        for (Index t = 0; t < target.size(); ++t) {
            const double weighted = column[t] * filter.precision(static_cast<std::size_t>(t));
            length += weighted * column[t];
            product += weighted * solution.innovations[t];
        }
        const double beta = product / length;
        if (!std::isfinite(beta)) return false;
        solution.innovations -= beta * column;
        for (Index t = 0; t < target.size(); ++t)
            solution.squares += solution.innovations[t] * solution.innovations[t] * filter.precision(static_cast<std::size_t>(t));
        solution.beta = VectorXd::Constant(1, beta);
        solution.r = MatrixXd::Zero(2, 2);
        solution.r(0, 0) = std::sqrt(length);
        solution.r(0, 1) = product / solution.r(0, 0);
        solution.r(1, 1) = std::sqrt(solution.squares);
        return std::isfinite(solution.squares) && solution.squares > 0.0;
    }
    MatrixXd filtered(target.size(), k + 1);
    for (Index c = 0; c < k; ++c) {
        host_->poll();
        filtered.col(c) = filter.innovations(columns.col(c));
    }
    filtered.col(k) = solution.innovations;
    for (Index t = 0; t < target.size(); ++t) {
        const double f = filter.variance(static_cast<std::size_t>(t));
        if (f != 1.0) filtered.row(t) /= std::sqrt(f);
    }
    if (!filtered.allFinite()) return false;
    MatrixXd factored = filtered;
    Eigen::HouseholderQR<Eigen::Ref<MatrixXd>> qr(factored);
    solution.r = factored.topRows(k + 1).triangularView<Eigen::Upper>();
    solution.beta = solution.r.topLeftCorner(k, k).triangularView<Eigen::Upper>().solve(solution.r.topRightCorner(k, 1));
    solution.squares = solution.r(k, k) * solution.r(k, k);
    if (!conditional)
        for (Index c = 0; c < m; ++c) solution.log_volume += std::log(std::fabs(solution.r(c, c)));
    // Filters are linear: no need to filter the rest.
    solution.innovations = filtered.col(k) - filtered.leftCols(k) * solution.beta;
    for (Index t = 0; t < target.size(); ++t) solution.innovations[t] *= std::sqrt(filter.variance(static_cast<std::size_t>(t)));
    if (m > 0) solution.pulses = filtered.leftCols(m);
    return solution.beta.allFinite() && solution.squares > 0.0;
}

double ArimaLikelihood::objective(const VectorXd& coefficients, VectorXd* gradient, bool conditional) const {
    const ArmaPolynomials polynomials = expand(order_, coefficients);
    const auto size = differenced_size();
    const ArmaFilter filter(polynomials, size, conditional, *host_);
    Solution solution;
    if (!solve(filter, conditional, solution)) return kInfinity;
    const auto n = static_cast<double>(used());
    const double result =
        0.5 * std::log(solution.squares / n) + (0.5 * filter.log_determinant() + solution.log_volume) / n;
    if (gradient == nullptr) return result;

    const MatrixXd& columns = data_->columns;
    VectorXd rest = data_->target;
    if (columns.cols() > 0) rest -= columns * solution.beta;
    const VectorXd& v = solution.innovations;
    ArmaFilter::Adjoint adjoint(filter);
    VectorXd seed(v.size());
    const double scale = 1.0 / solution.squares;
    for (Index t = 0; t < v.size(); ++t) {
        const double precision = filter.precision(static_cast<std::size_t>(t));
        seed[t] = v[t] * precision * scale;
        adjoint.add_variance(static_cast<std::size_t>(t), 0.5 * precision * (1.0 / n - v[t] * seed[t]));
    }
    adjoint.add_series(rest, v, std::move(seed));
    const auto m = static_cast<Index>(data_->missing.size());
    if (m > 0 && !conditional) {
        // Half the log determinant of A'A has the derivative trace((A'A)^-1 A' dA).
        const auto triangle = solution.r.topLeftCorner(m, m).triangularView<Eigen::Upper>();
        const MatrixXd inverse = triangle.solve(MatrixXd::Identity(m, m));
        const MatrixXd by_pulse = solution.pulses * (inverse * inverse.transpose());
        for (Index c = 0; c < m; ++c) {
            host_->poll();
            VectorXd pulse_seed(v.size());
            VectorXd pulse = solution.pulses.col(c);
            for (Index t = 0; t < v.size(); ++t) {
                const double f = filter.variance(static_cast<std::size_t>(t));
                const double b = by_pulse(t, c) / n;
                pulse_seed[t] = b / std::sqrt(f);
                adjoint.add_variance(static_cast<std::size_t>(t), -0.5 * b * pulse[t] / f);
                pulse[t] *= std::sqrt(f);
            }
            adjoint.add_series(columns.col(c), pulse, std::move(pulse_seed));
        }
    }
    *gradient = contract_gradient(order_, coefficients, adjoint.finish());
    return result;
}

MatrixXd ArimaLikelihood::curvature(const VectorXd& coefficients) const {
    const auto k = static_cast<Index>(order_.coefficients());
    const ArmaFilter filter(expand(order_, coefficients), differenced_size(), true, *host_);
    Solution solution;
    if (!solve(filter, true, solution)) return MatrixXd::Identity(k, k);
    const VectorXd& e = solution.innovations;
    const Index n = e.size();
    MatrixXd slopes = MatrixXd::Zero(n, k);
    // The error's derivative by a coefficient is minus the error divided by the coefficient's polynomial, at the coefficient's lag.
    const auto add = [&](Index begin, std::size_t size, double sign, std::size_t step) {
        if (size == 0) return;
        VectorXd x = e;
        const auto count = static_cast<Index>(size);
        const auto stride = static_cast<Index>(step);
        for (Index t = 0; t < n; ++t)
            for (Index i = 1; i <= count && i * stride <= t; ++i) x[t] -= sign * coefficients[begin + i - 1] * x[t - i * stride];
        for (Index i = 1; i <= count; ++i)
            if (i * stride < n) slopes.col(begin + i - 1).tail(n - i * stride) = -x.head(n - i * stride);
    };
    const auto p = static_cast<Index>(order_.p);
    const auto q = static_cast<Index>(order_.q);
    add(0, order_.p, -1.0, 1);
    add(p, order_.q, 1.0, 1);
    add(p + q, order_.seasonal_p, -1.0, order_.period);
    add(p + q + static_cast<Index>(order_.seasonal_p), order_.seasonal_q, 1.0, order_.period);
    MatrixXd result = MatrixXd::Zero(k, k);
    constexpr Index kRows = 4096;
    for (Index from = 0; from < n; from += kRows) {
        host_->poll();
        const auto rows = slopes.middleRows(from, std::min(kRows, n - from));
        result.noalias() += rows.transpose() * rows;
    }
    return result / solution.squares;
}

ArimaLikelihood::Value ArimaLikelihood::value(const VectorXd& coefficients, bool conditional) const {
    Value result;
    const auto m = static_cast<Index>(data_->missing.size());
    const Index k = data_->columns.cols();
    const ArmaFilter filter(expand(order_, coefficients), differenced_size(), conditional, *host_);
    Solution solution;
    result.filled = data_->values;
    if (!solve(filter, conditional, solution)) {
        if (!data_->is_explained) return result;
        // Nothing is left to model: the regressors are exact.
        solution.beta = k > 0 ? VectorXd(data_->columns.colPivHouseholderQr().solve(data_->target)) : VectorXd();
        solution.squares = 0.0;
        solution.r = MatrixXd::Identity(k + 1, k + 1);
    }
    result.is_valid = true;
    const auto n = static_cast<double>(used());
    const double freedom =
        conditional ? std::max(1.0, n - static_cast<double>(std::min(used(), order_.ar_lag()))) : n;
    result.sigma2 = data_->is_explained ? 0.0 : solution.squares / freedom * data_->scale * data_->scale;
    result.objective = 0.5 * std::log(solution.squares / n) + (0.5 * filter.log_determinant() + solution.log_volume) / n;
    result.loglik = -0.5 * n * (1.0 + kLogTwoPi + std::log(result.sigma2)) - 0.5 * filter.log_determinant() - solution.log_volume;
    if (k > 0) {
        const MatrixXd inverse =
            solution.r.topLeftCorner(k, k).triangularView<Eigen::Upper>().solve(MatrixXd::Identity(k, k));
        const VectorXd variance = inverse.rowwise().squaredNorm() * result.sigma2;
        const VectorXd scaled = solution.beta.cwiseQuotient(data_->column_scale) * data_->scale;
        result.beta = scaled.tail(k - m);
        result.beta_variance = variance.tail(k - m).array() / data_->column_scale.tail(k - m).array().square();
        for (Index c = 0; c < m; ++c) result.filled[data_->missing[static_cast<std::size_t>(c)]] -= scaled[c];
        if (m > 0) {
            const MatrixXd pulses =
                solution.r.topLeftCorner(m, m).triangularView<Eigen::Upper>().solve(MatrixXd::Identity(m, m));
            result.fill_variance = pulses * pulses.transpose() * result.sigma2;
        }
    }
    return result;
}

}  // namespace ecom::core

#include "core/forecast/arima_filter.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

std::vector<std::pair<std::size_t, double>> nonzero(const VectorXd& c) {
    std::vector<std::pair<std::size_t, double>> lags;
    for (Index i = 0; i < c.size(); ++i)
        if (c[i] != 0.0) lags.emplace_back(static_cast<std::size_t>(i + 1), c[i]);
    return lags;
}

constexpr double kSettled = 1e-14;

}  // namespace

std::size_t ArmaFilter::bytes(std::size_t n, std::size_t lag) {
    return add_size(mul_size(mul_size(n + 1, lag + 2), 4 * sizeof(double)), mul_size(mul_size(lag, lag), 3 * sizeof(double)));
}

ArmaFilter::ArmaFilter(const ArmaPolynomials& polynomials, std::size_t n, bool conditional, Host& host)
    : r_(std::max(polynomials.phi.size(), polynomials.theta.size() + 1)),
      n_(n),
      conditional_(conditional),
      host_(host),
      phi_(VectorXd::Zero(r_)),
      theta_(VectorXd::Zero(r_)),
      p_(polynomials.phi.size()),
      q_(polynomials.theta.size()),
      phi_lags_(nonzero(polynomials.phi)),
      theta_lags_(nonzero(polynomials.theta)) {
    phi_.head(p_) = polynomials.phi;
    theta_.head(q_) = polynomials.theta;
    if (conditional_) return;
    start();
    if (is_valid_) run();
}

// First column of the state's variance (Harvey, 1989), of which the first gain follows.
void ArmaFilter::start() {
    psi_ = VectorXd::Zero(r_);
    psi_[0] = 1.0;
    for (Index j = 1; j < r_; ++j) {
        double sum = theta_[j - 1];
        for (Index i = 1; i <= std::min(j, p_); ++i) sum += phi_[i - 1] * psi_[j - i];
        psi_[j] = sum;
    }
    const auto theta = [&](Index j) { return j == 0 ? 1.0 : theta_[j - 1]; };
    Eigen::MatrixXd system = Eigen::MatrixXd::Identity(p_ + 1, p_ + 1);
    VectorXd right = VectorXd::Zero(p_ + 1);
    for (Index k = 0; k <= p_; ++k) {
        for (Index i = 1; i <= p_; ++i) system(k, std::abs(k - i)) -= phi_[i - 1];
        for (Index j = k; j <= q_; ++j) right[k] += theta(j) * psi_[j - k];
    }
    system_.compute(system);
    gamma_ = system_.solve(right);

    VectorXd column = VectorXd::Zero(r_ + 1);
    column[0] = gamma_[0];
    for (Index i = 1; i < r_; ++i) {
        for (Index j = i; j < p_; ++j) column[i] += phi_[j] * gamma_[1 + j - i];
        for (Index j = i; j <= q_; ++j) column[i] += theta(j) * psi_[j - i];
    }
    is_valid_ = column.allFinite() && column[0] >= 1.0 - 1e-9;
    if (!is_valid_) return;
    variances_.push_back(column[0]);
    weights_.push_back(-1.0 / column[0]);
    for (Index i = 0; i < r_; ++i) gains_.push_back(phi_[i] * column[0] + column[i + 1]);
    directions_ = gains_;
}

void ArmaFilter::run() {
    const auto r = static_cast<std::size_t>(r_);
    double product = 1.0;
    PollEvery poll(host_);
    std::size_t calm = 0;
    for (std::size_t t = 0; t < n_; ++t) {
        poll(r);
        const double f = variances_[t];
        const double m = weights_[t];
        product *= f;
        if (product > 1e100) {
            log_determinant_ += std::log(product);
            product = 1.0;
        }
        settled_ = t + 1;
        gains_.resize((t + 2) * r);
        directions_.resize((t + 2) * r);
        const double* const gain = &gains_[t * r];
        const double* const w = &directions_[t * r];
        double* const next_gain = &gains_[(t + 1) * r];
        double* const next_w = &directions_[(t + 1) * r];
        const double h = w[0];
        const double next_f = f + m * h * h;
        if (!(next_f > 0.0)) {
            is_valid_ = false;
            return;
        }
        const double mh = m * h;
        const double c = h / next_f;
        double largest = 0.0;
        for (std::size_t i = 0; i < r; ++i) {
            const double tw = phi_[static_cast<Index>(i)] * h + (i + 1 < r ? w[i + 1] : 0.0);
            const double g = gain[i] + mh * tw;
            next_gain[i] = g;
            const double x = tw - g * c;
            next_w[i] = x;
            largest = std::max(largest, std::fabs(x));
        }
        variances_.push_back(next_f);
        weights_.push_back(m + mh * mh / f);
        // The state remembers the gains of r steps; after them the difference equation holds.
        calm = std::fabs(next_f - 1.0) < kSettled * 10 && std::fabs(m) * largest * largest < kSettled ? calm + 1 : 0;
        if (calm > r) {
            has_settled_ = true;
            break;
        }
    }
    log_determinant_ += std::log(product);
}

VectorXd ArmaFilter::innovations(const VectorXd& series) const {
    const auto r = static_cast<std::size_t>(r_);
    VectorXd v(static_cast<Index>(n_));
    PollEvery poll(host_);
    std::size_t t = 0;
    if (conditional_) {
        for (; t < std::min(n_, static_cast<std::size_t>(p_)); ++t) v[static_cast<Index>(t)] = 0.0;
    } else {
        std::vector<double> a(r + 1, 0.0);
        for (; t < settled_; ++t) {
            poll(r);
            const double predicted = a[0];
            const double error = series[static_cast<Index>(t)] - predicted;
            v[static_cast<Index>(t)] = error;
            const double g = error / variances_[t];
            const double* const gain = &gains_[t * r];
            for (std::size_t i = 0; i < r; ++i) a[i] = phi_[static_cast<Index>(i)] * predicted + a[i + 1] + gain[i] * g;
        }
    }
    const double* const w = series.data();
    double* const out = v.data();
    for (; t < n_; ++t) {
        poll(1 + phi_lags_.size() + theta_lags_.size());
        double value = w[t];
        for (const auto& [lag, c] : phi_lags_)
            if (lag <= t) value -= c * w[t - lag];
        for (const auto& [lag, c] : theta_lags_)
            if (lag <= t) value -= c * out[t - lag];
        out[t] = value;
    }
    return v;
}

VectorXd ArmaFilter::standardized(const VectorXd& series) const {
    VectorXd v = innovations(series);
    for (std::size_t t = 0; t < settled_; ++t) v[static_cast<Index>(t)] /= std::sqrt(variances_[t]);
    return v;
}

VectorXd ArmaFilter::state(const VectorXd& series, const VectorXd& v) const {
    VectorXd a = VectorXd::Zero(r_);
    const auto n = static_cast<Index>(n_);
    if (has_settled_ || conditional_) {
        for (Index i = 0; i < r_; ++i)
            for (Index j = i; j < std::min(r_, n + i); ++j)
                a[i] += phi_[j] * series[n - 1 - (j - i)] + theta_[j] * v[n - 1 - (j - i)];
        return a;
    }
    for (std::size_t t = 0; t < n_; ++t) {
        const auto k = static_cast<Index>(t);
        const double predicted = series[k] - v[k];
        const double g = v[k] / variances_[t];
        for (Index i = 0; i < r_; ++i)
            a[i] = phi_[i] * predicted + (i + 1 < r_ ? a[i + 1] : 0.0) + gains_[t * static_cast<std::size_t>(r_) + static_cast<std::size_t>(i)] * g;
    }
    return a;
}

ArmaFilter::Excess ArmaFilter::excess() const {
    Excess result;
    if (conditional_ || has_settled_ || n_ == 0) return result;
    VectorXd w = Eigen::Map<const VectorXd>(&directions_[n_ * static_cast<std::size_t>(r_)], r_);
    VectorXd gain = Eigen::Map<const VectorXd>(&gains_[n_ * static_cast<std::size_t>(r_)], r_);
    double f = variances_[n_];
    double m = weights_[n_];
    constexpr std::size_t kMost = 2000;
    for (std::size_t t = 0; t < kMost; ++t) {
        host_.poll();
        if (-m * w.squaredNorm() < 1e-12) break;
        result.directions.push_back(w);
        result.weights.push_back(-m);
        const double h = w[0];
        const double next_f = f + m * h * h;
        if (!(next_f > 0.0)) break;
        VectorXd tw = phi_ * h;
        tw.head(r_ - 1) += w.tail(r_ - 1);
        gain += m * h * tw;
        w = tw - gain * (h / next_f);
        m += m * m * h * h / f;
        f = next_f;
    }
    return result;
}

ArmaFilter::Adjoint::Adjoint(const ArmaFilter& filter)
    : filter_(filter),
      gradient_{VectorXd::Zero(filter.r_), VectorXd::Zero(filter.r_)},
      by_gain_(filter.gains_.size(), 0.0),
      by_variance_(filter.variances_.size(), 0.0) {}

void ArmaFilter::Adjoint::add_variance(std::size_t t, double derivative) {
    if (t < filter_.settled_) by_variance_[t] += derivative;
}

void ArmaFilter::Adjoint::add_series(const VectorXd& series, const VectorXd& innovations, VectorXd seed) {
    const ArmaFilter& f = filter_;
    const auto r = static_cast<std::size_t>(f.r_);
    const double* const w = series.data();
    const double* const v = innovations.data();
    double* const by_v = seed.data();
    double* const by_phi = gradient_.phi.data();
    double* const by_theta = gradient_.theta.data();
    PollEvery poll(f.host_);
    std::size_t t = f.n_;
    const std::size_t first = f.conditional_ ? std::min(f.n_, static_cast<std::size_t>(f.p_)) : f.settled_;
    for (; t > first; --t) {
        const std::size_t s = t - 1;
        poll(1 + f.phi_lags_.size() + f.theta_lags_.size());
        const double b = by_v[s];
        for (const auto& [lag, c] : f.theta_lags_)
            if (lag <= s) by_v[s - lag] -= c * b;
    }
    // Every coefficient, zero or not, has its derivative.
    for (Index i = 0; i < f.p_; ++i) {
        double sum = 0.0;
        for (std::size_t s = std::max(first, static_cast<std::size_t>(i + 1)); s < f.n_; ++s)
            sum += by_v[s] * w[s - static_cast<std::size_t>(i + 1)];
        by_phi[i] -= sum;
    }
    for (Index i = 0; i < f.q_; ++i) {
        double sum = 0.0;
        for (std::size_t s = std::max(first, static_cast<std::size_t>(i + 1)); s < f.n_; ++s)
            sum += by_v[s] * v[s - static_cast<std::size_t>(i + 1)];
        by_theta[i] -= sum;
    }
    if (f.conditional_) return;
    std::vector<double> by_a(r + 1, 0.0);
    for (t = f.settled_; t-- > 0;) {
        poll(2 * r);
        const double variance = f.variances_[t];
        const double predicted = w[t] - v[t];
        const double g = v[t] / variance;
        const double* const gain = &f.gains_[t * r];
        double* const by_gain = &by_gain_[t * r];
        double by_predicted = 0.0;
        double by_g = 0.0;
        for (std::size_t i = 0; i < r; ++i) {
            const double b = by_a[i];
            by_phi[i] += b * predicted;
            by_predicted += b * f.phi_[static_cast<Index>(i)];
            by_gain[i] += b * g;
            by_g += b * gain[i];
        }
        for (std::size_t i = r; i-- > 1;) by_a[i] = by_a[i - 1];
        const double total = by_v[t] + by_g / variance;
        by_variance_[t] -= by_g * g / variance;
        by_a[0] = by_predicted - total;
    }
}

ArmaPolynomials ArmaFilter::Adjoint::finish() {
    const ArmaFilter& f = filter_;
    const auto r = static_cast<std::size_t>(f.r_);
    double* const by_phi = gradient_.phi.data();
    if (!f.conditional_) {
        std::vector<double> by_w(r + 1, 0.0);
        std::vector<double> by_k(r, 0.0);
        std::vector<double> tw(r);
        double by_f = 0.0;
        double by_m = 0.0;
        PollEvery poll(f.host_);
        for (std::size_t t = f.settled_; t-- > 0;) {
            poll(4 * r);
            const double fv = f.variances_[t];
            const double m = f.weights_[t];
            const double* const w = &f.directions_[t * r];
            const double* const next_gain = &f.gains_[(t + 1) * r];
            const double next_f = f.variances_[t + 1];
            const double h = w[0];
            const double c = h / next_f;
            double by_c = 0.0;
            double by_s = 0.0;
            double by_h = 0.0;
            const double mh = m * h;
            for (std::size_t i = 0; i < r; ++i) {
                const double phi = f.phi_[static_cast<Index>(i)];
                const double x = phi * h + (i + 1 < r ? w[i + 1] : 0.0);
                const double bw = by_w[i];
                by_c -= bw * next_gain[i];
                by_k[i] -= bw * c;
                by_s += by_k[i] * x;
                const double by_tw = bw + by_k[i] * mh;
                by_phi[i] += by_tw * h;
                by_h += by_tw * phi;
                tw[i] = by_tw;
            }
            by_h += by_c / next_f;
            by_f -= by_c * h / (next_f * next_f);
            const double bm = by_m;
            by_h += bm * 2.0 * m * m * h / fv + by_s * m + 2.0 * mh * by_f;
            by_m = bm * (1.0 + 2.0 * m * h * h / fv) + by_s * h + by_f * h * h;
            by_f += -bm * mh * mh / (fv * fv) + by_variance_[t];
            for (std::size_t i = 0; i < r; ++i) by_k[i] += by_gain_[t * r + i];
            for (std::size_t i = 1; i < r; ++i) by_w[i] = tw[i - 1];
            by_w[0] = by_h;
        }
        // The start: gain = w = T column, m = -1 / f.
        VectorXd by_column = VectorXd::Zero(f.r_ + 1);
        for (std::size_t i = 0; i < r; ++i) {
            const double b = by_k[i] + by_w[i];
            by_phi[i] += b * f.gamma_[0];
            by_column[0] += b * f.phi_[static_cast<Index>(i)];
            by_column[static_cast<Index>(i) + 1] += b;
        }
        by_column[0] += by_f + by_m / (f.gamma_[0] * f.gamma_[0]);

        VectorXd by_gamma = VectorXd::Zero(f.p_ + 1);
        VectorXd by_psi = VectorXd::Zero(f.r_);
        const auto theta = [&](Index j) { return j == 0 ? 1.0 : f.theta_[j - 1]; };
        const auto add_theta = [&](Index j, double b) {
            if (j > 0) gradient_.theta[j - 1] += b;
        };
        by_gamma[0] = by_column[0];
        for (Index i = 1; i < f.r_; ++i) {
            const double b = by_column[i];
            for (Index j = i; j < f.p_; ++j) {
                gradient_.phi[j] += b * f.gamma_[1 + j - i];
                by_gamma[1 + j - i] += b * f.phi_[j];
            }
            for (Index j = i; j <= f.q_; ++j) {
                add_theta(j, b * f.psi_[j - i]);
                by_psi[j - i] += b * theta(j);
            }
        }
        const VectorXd by_right = f.system_.transpose().solve(by_gamma);
        for (Index k = 0; k <= f.p_; ++k) {
            for (Index i = 1; i <= f.p_; ++i) gradient_.phi[i - 1] += by_right[k] * f.gamma_[std::abs(k - i)];
            for (Index j = k; j <= f.q_; ++j) {
                add_theta(j, by_right[k] * f.psi_[j - k]);
                by_psi[j - k] += by_right[k] * theta(j);
            }
        }
        for (Index j = f.r_ - 1; j >= 1; --j) {
            gradient_.theta[j - 1] += by_psi[j];
            for (Index i = 1; i <= std::min(j, f.p_); ++i) {
                gradient_.phi[i - 1] += by_psi[j] * f.psi_[j - i];
                by_psi[j - i] += by_psi[j] * f.phi_[i - 1];
            }
        }
    }
    return {gradient_.phi.head(f.p_), gradient_.theta.head(f.q_)};
}

}  // namespace ecom::core

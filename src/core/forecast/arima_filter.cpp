#include "core/forecast/arima_filter.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::VectorXd;

constexpr double kSettled = 1e-14;

// Two numbers at a time, which every processor can. Vectors are r long and padded by zeros, so that a pair may reach one beyond.
using Two = Eigen::Array2d;
constexpr Index kPadding = 2;

inline Eigen::Map<Two> two(double* x, Index i) { return Eigen::Map<Two>(x + i); }
inline Eigen::Map<const Two> two(const double* x, Index i) { return Eigen::Map<const Two>(x + i); }
inline double* column(Eigen::ArrayXXd& table, Index step) { return table.data() + step * table.rows(); }
inline const double* column(const Eigen::ArrayXXd& table, Index step) { return table.data() + step * table.rows(); }
inline double sum(const Two& x) { return x[0] + x[1]; }

}  // namespace

std::size_t ArmaFilter::bytes(std::size_t n, std::size_t lag) {
    return add_size(mul_size(mul_size(n + 1, lag + 2), 4 * sizeof(double)), mul_size(mul_size(lag, lag), 3 * sizeof(double)));
}

ArmaFilter::ArmaFilter(const ArmaPolynomials& polynomials, std::size_t n, bool conditional, Host& host)
    : r_(std::max(polynomials.phi.size(), polynomials.theta.size() + 1)),
      n_(n),
      conditional_(conditional),
      host_(host),
      phi_(ArrayXd::Zero(r_ + kPadding)),
      theta_(ArrayXd::Zero(r_)),
      p_(polynomials.phi.size()),
      q_(polynomials.theta.size()),
      phi_lags_(lags_of(polynomials.phi, polynomials.phi_lags)),
      theta_lags_(lags_of(polynomials.theta, polynomials.theta_lags)) {
    phi_.head(p_) = polynomials.phi;
    theta_.head(q_) = polynomials.theta;
    if (conditional_) return;
    start();
    if (is_valid_) run();
}

std::vector<ArmaFilter::Lag> ArmaFilter::lags_of(const VectorXd& coefficients, const std::vector<std::size_t>& lags) {
    std::vector<Lag> result;
    for (const std::size_t lag : lags) result.push_back({lag, coefficients[static_cast<Index>(lag) - 1]});
    return result;
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
    precisions_.push_back(1.0 / column[0]);
    weights_.push_back(-1.0 / column[0]);
    gains_.resize(r_ + kPadding, static_cast<Index>(n_) + 1);
    directions_.resize(r_ + kPadding, static_cast<Index>(n_) + 1);
    gains_.col(0) = phi_ * column[0];
    gains_.col(0).head(r_) += column.tail(r_).array();
    directions_.col(0) = gains_.col(0);
}

void ArmaFilter::run() {
    const auto r = static_cast<std::size_t>(r_);
    const double* const phi = phi_.data();
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
        const auto step = static_cast<Index>(t);
        const double* const gain = column(gains_, step);
        const double* const w = column(directions_, step);
        double* const next_gain = column(gains_, step + 1);
        double* const next_w = column(directions_, step + 1);
        const double h = w[0];
        const double next_f = f + m * h * h;
        if (!(next_f > 0.0)) {
            is_valid_ = false;
            return;
        }
        const double mh = m * h;
        // Divisions are what a step waits for: one is enough.
        const double next_precision = 1.0 / next_f;
        const double c = h * next_precision;
        for (Index i = r_; i < r_ + kPadding; ++i) next_gain[i] = next_w[i] = 0.0;
        for (Index i = 0; i < r_; i += 2) {
            const Two tw = two(phi, i) * h + two(w, i + 1);
            const Two g = two(gain, i) + mh * tw;
            two(next_gain, i) = g;
            two(next_w, i) = tw - c * g;
        }
        variances_.push_back(next_f);
        precisions_.push_back(next_precision);
        weights_.push_back(m + mh * mh * precisions_[t]);
        // The state remembers the gains of r steps; after them the difference equation holds.
        const bool is_calm = std::fabs(next_f - 1.0) < kSettled * 10 &&
                             std::fabs(m) * directions_.col(step + 1).head(r_).square().maxCoeff() < kSettled;
        calm = is_calm ? calm + 1 : 0;
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
        // The state of step t begins at place t: moving on is adding to it.
        ArrayXd states = ArrayXd::Zero(static_cast<Index>(settled_) + r_ + kPadding);
        const double* const phi = phi_.data();
        for (; t < settled_; ++t) {
            poll(r);
            const auto step = static_cast<Index>(t);
            const double predicted = states[step];
            const double error = series[step] - predicted;
            v[step] = error;
            const double g = error * precisions_[t];
            const double* const gain = column(gains_, step);
            double* const a = states.data() + step + 1;
            for (Index i = 0; i < r_; i += 2) two(a, i) += two(phi, i) * predicted + two(gain, i) * g;
        }
    }
    const double* const w = series.data();
    double* const out = v.data();
    for (; t < n_; ++t) {
        poll(1 + phi_lags_.size() + theta_lags_.size());
        double value = w[t];
        for (const Lag& x : phi_lags_)
            if (x.lag <= t) value -= x.coefficient * w[t - x.lag];
        for (const Lag& x : theta_lags_)
            if (x.lag <= t) value -= x.coefficient * out[t - x.lag];
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
            a[i] = phi_[i] * predicted + (i + 1 < r_ ? a[i + 1] : 0.0) + gains_(i, k) * g;
    }
    return a;
}

ArmaFilter::Excess ArmaFilter::excess() const {
    Excess result;
    if (conditional_ || has_settled_ || n_ == 0) return result;
    VectorXd w = directions_.col(static_cast<Index>(n_)).head(r_).matrix();
    VectorXd gain = gains_.col(static_cast<Index>(n_)).head(r_).matrix();
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
        VectorXd tw = (phi_.head(r_) * h).matrix();
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
      gradient_{VectorXd::Zero(filter.r_ + kPadding), VectorXd::Zero(filter.r_), {}, {}},
      by_gain_(Eigen::ArrayXXd::Zero(filter.r_ + kPadding, static_cast<Index>(filter.settled_))),
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
    PollEvery poll(f.host_);
    std::size_t t = f.n_;
    const std::size_t first = f.conditional_ ? std::min(f.n_, static_cast<std::size_t>(f.p_)) : f.settled_;
    for (; t > first; --t) {
        const std::size_t s = t - 1;
        poll(1 + f.theta_lags_.size());
        const double b = by_v[s];
        for (const Lag& x : f.theta_lags_)
            if (x.lag <= s) by_v[s - x.lag] -= x.coefficient * b;
    }
    const auto products = [&](const std::vector<Lag>& lags, const VectorXd& factor, VectorXd& gradient) {
        for (const Lag& x : lags) {
            const std::size_t from = std::max(first, x.lag);
            if (from >= f.n_) continue;
            const auto count = static_cast<Index>(f.n_ - from);
            gradient[static_cast<Index>(x.lag) - 1] -= seed.tail(count).dot(factor.segment(static_cast<Index>(from - x.lag), count));
        }
    };
    products(f.phi_lags_, series, gradient_.phi);
    products(f.theta_lags_, innovations, gradient_.theta);
    if (f.conditional_ || f.settled_ == 0) return;
    // By the state of step t + 1, which begins at place t + 1: its elements but the first are by elements of the state before.
    ArrayXd by_states = ArrayXd::Zero(static_cast<Index>(f.settled_) + f.r_ + kPadding);
    const double* const phi = f.phi_.data();
    double* const by_phi = gradient_.phi.data();
    for (t = f.settled_; t-- > 0;) {
        poll(2 * r);
        const auto step = static_cast<Index>(t);
        const double precision = f.precisions_[t];
        const double g = v[t] * precision;
        const double predicted = w[t] - v[t];
        const double* const by_a = by_states.data() + step + 1;
        const double* const gain = column(f.gains_, step);
        double* const by_gain = column(by_gain_, step);
        Two by_g = Two::Zero();
        Two by_predicted = Two::Zero();
        for (Index i = 0; i < f.r_; i += 2) {
            const Two b = two(by_a, i);
            by_g += b * two(gain, i);
            by_predicted += b * two(phi, i);
            two(by_phi, i) += b * predicted;
            two(by_gain, i) += b * g;
        }
        const double by_error = sum(by_g) * precision;
        by_variance_[t] -= by_error * g;
        by_states[step] = sum(by_predicted) - (by_v[t] + by_error);
    }
}

ArmaPolynomials ArmaFilter::Adjoint::finish() {
    const ArmaFilter& f = filter_;
    const auto r = static_cast<std::size_t>(f.r_);
    if (!f.conditional_) {
        const auto settled = static_cast<Index>(f.settled_);
        // As above; by_w of step t begins at place t.
        ArrayXd by_directions = ArrayXd::Zero(settled + f.r_ + kPadding);
        ArrayXd by_gains = ArrayXd::Zero(f.r_ + kPadding);
        double* const by_k = by_gains.data();
        double* const by_phi = gradient_.phi.data();
        const double* const phi = f.phi_.data();
        double by_f = 0.0;
        double by_m = 0.0;
        PollEvery poll(f.host_);
        for (std::size_t t = f.settled_; t-- > 0;) {
            poll(4 * r);
            const auto step = static_cast<Index>(t);
            const double precision = f.precisions_[t];
            const double m = f.weights_[t];
            const double next_precision = f.precisions_[t + 1];
            const double h = f.directions_(0, step);
            const double c = h * next_precision;
            const double mh = m * h;
            const double* const next_gain = column(f.gains_, step + 1);
            const double* const next_w = column(f.directions_, step + 1);
            const double* const by_gain = column(by_gain_, step);
            double* const by_w = by_directions.data() + step + 1;
            Two by_cs = Two::Zero();
            Two by_ss = Two::Zero();
            Two by_hs = Two::Zero();
            for (Index i = 0; i < f.r_; i += 2) {
                const Two g = two(next_gain, i);
                const Two bw = two(by_w, i);
                by_cs -= bw * g;
                const Two k = two(by_k, i) - bw * c;
                by_ss += k * (two(next_w, i) + c * g);
                const Two by_tw = bw + k * mh;
                two(by_phi, i) += by_tw * h;
                by_hs += by_tw * two(phi, i);
                two(by_w, i) = by_tw;
                two(by_k, i) = k + two(by_gain, i);
            }
            by_k[f.r_] = 0.0;
            const double by_c = sum(by_cs);
            const double by_s = sum(by_ss);
            const double by_h = sum(by_hs) + by_c * next_precision;
            by_f -= by_c * c * next_precision;
            const double share = mh * precision;
            by_directions[step] = by_h + by_m * 2.0 * m * share + by_s * m + 2.0 * mh * by_f;
            const double bm = by_m;
            by_m = bm * (1.0 + 2.0 * share * h) + by_s * h + by_f * h * h;
            by_f += -bm * share * share + by_variance_[t];
        }
        // The start: gain = w = T column, m = -1 / f.
        VectorXd by_column = VectorXd::Zero(f.r_ + 1);
        for (Index i = 0; i < f.r_; ++i) {
            const double b = by_k[i] + by_directions[i];
            gradient_.phi[i] += b * f.gamma_[0];
            by_column[0] += b * f.phi_[i];
            by_column[i + 1] += b;
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
    return {gradient_.phi.head(f.p_), gradient_.theta.head(f.q_), {}, {}};
}

}  // namespace ecom::core

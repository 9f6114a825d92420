#include "core/clv/likelihood.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/base/budget.hpp"
#include "core/base/parallel.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::size_t kBlock = 1024;
// Below this, exp gives nothing that a sum of doubles notices; smaller arguments end in denormals, which
// cost a hundred times a normal operation.
constexpr double kLeastExponent = -300.0;
constexpr double kNever = -std::numeric_limits<double>::infinity();

double safe_exp(double x) { return x < kLeastExponent ? 0.0 : std::exp(x); }

// Value, gradient and lower triangle of the Hessian in up to four parameters.
struct Sums {
    double value = 0;
    std::array<double, 4> g{};
    std::array<double, 10> h{};

    void add(const Sums& o, double weight) {
        value += weight * o.value;
        for (std::size_t i = 0; i < g.size(); ++i) g[i] += weight * o.g[i];
        for (std::size_t i = 0; i < h.size(); ++i) h[i] += weight * o.h[i];
    }
};

constexpr std::size_t at(std::size_t i, std::size_t j) { return i * (i + 1) / 2 + j; }  // j <= i

// ln(e^L1 + e^L2 + ...) of terms with known derivatives:
// gradient sum w g, Hessian sum w (H + g g') - (sum w g)(sum w g)', w the shares of the terms.
class Mixture {
public:
    void add(double share, const std::array<double, 4>& g) {
        for (std::size_t i = 0; i < 4; ++i) {
            const double weighted = share * g[i];
            sums_.g[i] += weighted;
            for (std::size_t j = 0; j <= i; ++j) sums_.h[at(i, j)] += weighted * g[j];
        }
    }
    void curve(std::size_t i, std::size_t j, double second) { sums_.h[at(i, j)] += second; }
    const Sums& finish(double value) {
        sums_.value = value;
        for (std::size_t i = 0; i < 4; ++i)
            for (std::size_t j = 0; j <= i; ++j) sums_.h[at(i, j)] -= sums_.g[i] * sums_.g[j];
        return sums_;
    }

private:
    Sums sums_;
};

// Abscissas and weights of 16-point Gauss-Legendre quadrature on [0, 1].
struct Gauss16 {
    std::array<double, 16> x;
    std::array<double, 16> log_w;
};
const Gauss16& gauss16() {
    static const Gauss16 rule = [] {
        Gauss16 r{};
        for (int i = 0; i < 16; ++i) {
            double z = std::cos(3.14159265358979323846 * (i + 0.75) / 16.5);
            double slope = 0;
            for (int step = 0; step < 100; ++step) {  // Newton; converges in a handful of steps
                double p = 1, before = 0;
                for (int k = 1; k <= 16; ++k) {
                    const double next = ((2 * k - 1) * z * p - (k - 1) * before) / k;
                    before = p;
                    p = next;
                }
                slope = 16 * (z * p - before) / (z * z - 1);
                const double change = p / slope;
                z -= change;
                if (std::abs(change) < 1e-16) break;
            }
            r.x[static_cast<std::size_t>(i)] = 0.5 * (1 - z);
            r.log_w[static_cast<std::size_t>(i)] = std::log(1 / ((1 - z * z) * slope * slope));
        }
        return r;
    }();
    return rule;
}

// Nodes of s * integral over tau in [t_x, T] of (alpha + tau)^-(r+x) (beta + tau)^-(s+1), each with the log of
// its contribution. The substitution u = ln((c + tau) / (c + t_x)), c = min(alpha, beta), turns the integrand
// into an almost pure exponential in v = m u; panels in v at 0, 4, 12, 40 resolve it to 1e-11 or better.
struct LeavingNodes {
    std::size_t count = 0;
    std::array<double, 48> log_term, log_alpha, log_beta, alpha_tau, beta_tau;

    LeavingNodes(const std::vector<double>& p, const History& h) {
        const double r = p[0], alpha = p[1], s = p[2], beta = p[3];
        const double c = std::min(alpha, beta);
        const double origin = c + h.recency;
        const double span = std::log((c + h.age) / origin);
        if (!(span > 0)) return;
        const double m = std::max((r + h.frequency) * origin / (alpha + h.recency) +
                                      (s + 1) * origin / (beta + h.recency) - 1, 0.01);
        constexpr double kPanel[] = {0, 4, 12, 40};
        const double log_origin = std::log(origin);
        const double shift = log_origin - std::log(m) + std::log(s);
        const Gauss16& rule = gauss16();
        for (int panel = 0; panel < 3; ++panel) {
            const double low = std::min(kPanel[panel], m * span), high = std::min(kPanel[panel + 1], m * span);
            if (!(high > low)) break;
            const double log_width = std::log(high - low);
            for (std::size_t i = 0; i < 16; ++i, ++count) {
                const double u = (low + (high - low) * rule.x[i]) / m;
                const double shared = origin * std::exp(u);
                const double log_shared = log_origin + u;
                const bool alpha_least = alpha <= beta;
                alpha_tau[count] = alpha_least ? shared : shared + (alpha - beta);
                beta_tau[count] = alpha_least ? shared + (beta - alpha) : shared;
                log_alpha[count] = alpha_least ? log_shared : std::log(alpha_tau[count]);
                log_beta[count] = alpha_least ? std::log(beta_tau[count]) : log_shared;
                log_term[count] = shift + rule.log_w[i] + log_width + u - (r + h.frequency) * log_alpha[count] -
                                  (s + 1) * log_beta[count];
            }
        }
    }
};

void add_pareto(Sums& sums, const std::vector<double>& p, const History& h, double weight) {
    const double r = p[0], alpha = p[1], s = p[2], beta = p[3], k = r + h.frequency;
    const double alpha_age = alpha + h.age, beta_age = beta + h.age;
    const double log_alpha = std::log(alpha_age), log_beta = std::log(beta_age);
    const double stayed = -k * log_alpha - s * log_beta;
    const LeavingNodes nodes(p, h);
    double top = stayed;
    for (std::size_t i = 0; i < nodes.count; ++i) top = std::max(top, nodes.log_term[i]);
    std::array<double, 48> share;
    double total = safe_exp(stayed - top);
    const double stayed_part = total;
    for (std::size_t i = 0; i < nodes.count; ++i) total += share[i] = safe_exp(nodes.log_term[i] - top);
    Mixture mixture;
    const auto term = [&](double w, double la, double lb, double at_alpha, double at_beta, double leave) {
        if (w == 0) return;
        const double ia = 1 / at_alpha, ib = 1 / at_beta;
        mixture.add(w, {-la, -k * ia, leave / s - lb, -(s + leave) * ib});
        mixture.curve(1, 0, -w * ia);
        mixture.curve(1, 1, w * k * ia * ia);
        mixture.curve(2, 2, -w * leave / (s * s));
        mixture.curve(3, 2, -w * ib);
        mixture.curve(3, 3, w * (s + leave) * ib * ib);
    };
    term(stayed_part / total, log_alpha, log_beta, alpha_age, beta_age, 0);
    for (std::size_t i = 0; i < nodes.count; ++i)
        term(share[i] / total, nodes.log_alpha[i], nodes.log_beta[i], nodes.alpha_tau[i], nodes.beta_tau[i], 1);
    sums.add(mixture.finish(top + std::log(total)), weight);
}

void add_geometric(Sums& sums, BtydFamily family, const std::vector<double>& p, const History& h, double weight) {
    const double r = p[0], alpha = p[1], k = r + h.frequency, age = alpha + h.age, last = alpha + h.recency;
    const double log_age = std::log(age);
    if (family == BtydFamily::kNbd || (family == BtydFamily::kBgNbd && h.frequency == 0)) {
        sums.value -= weight * k * log_age;
        sums.g[0] -= weight * log_age;
        sums.g[1] -= weight * k / age;
        sums.h[at(1, 0)] -= weight / age;
        sums.h[at(1, 1)] += weight * k / (age * age);
        return;
    }
    const double a = p[2], kept = p[3] + h.frequency - (family == BtydFamily::kBgNbd ? 1 : 0);
    const double log_last = std::log(last);
    const double odds = std::log(a / kept) + k * (log_age - log_last);
    const double small = safe_exp(-std::abs(odds));
    const double left = odds > 0 ? 1 / (1 + small) : small / (1 + small), stayed = 1 - left;
    Mixture mixture;
    mixture.add(stayed, {-log_age, -k / age, 0, 0});
    mixture.add(left, {-log_last, -k / last, 1 / a, -1 / kept});
    mixture.curve(1, 0, -stayed / age - left / last);
    mixture.curve(1, 1, k * (stayed / (age * age) + left / (last * last)));
    mixture.curve(2, 2, -left / (a * a));
    mixture.curve(3, 3, left / (kept * kept));
    sums.add(mixture.finish(-k * log_age + std::max(odds, 0.0) + std::log1p(small)), weight);
}

// What depends on the frequency alone: the rising factorial of r and, for drop-out after orders, the Beta ratio
// B(a, b + n) / B(a, b) = product of (b + i) / (a + b + i), n = x, or x + 1 for MBG/NBD.
Sums shared_terms(BtydFamily family, const HistoryCounts& counts, const std::vector<double>& p, Host& host) {
    Sums sums;
    const double r = p[0], alpha = p[1], n = counts.customers;
    sums.value = n * r * std::log(alpha);
    sums.g[0] = n * std::log(alpha);
    sums.g[1] = n * r / alpha;
    sums.h[at(1, 0)] = n / alpha;
    sums.h[at(1, 1)] = -n * r / (alpha * alpha);
    PollEvery poll(host);
    for (std::size_t i = 0; i < counts.more_than.size(); ++i) {
        poll();
        const double w = counts.more_than[i], v = r + static_cast<double>(i);
        sums.value += w * std::log(v);
        sums.g[0] += w / v;
        sums.h[at(0, 0)] -= w / (v * v);
    }
    if (family == BtydFamily::kParetoNbd) {
        const double s = p[2], beta = p[3];
        sums.value += n * s * std::log(beta);
        sums.g[2] += n * std::log(beta);
        sums.g[3] += n * s / beta;
        sums.h[at(3, 2)] += n / beta;
        sums.h[at(3, 3)] -= n * s / (beta * beta);
    }
    if (family != BtydFamily::kBgNbd && family != BtydFamily::kMbgNbd) return sums;
    const double a = p[2], b = p[3];
    const bool from_start = family == BtydFamily::kMbgNbd;
    const std::size_t factors = counts.more_than.size() + (from_start ? 1 : 0);
    for (std::size_t i = 0; i < factors; ++i) {
        poll();
        const double w = from_start ? (i == 0 ? n : counts.more_than[i - 1]) : counts.more_than[i];
        const double ib = 1 / (b + static_cast<double>(i)), iab = 1 / (a + b + static_cast<double>(i));
        sums.value -= w * std::log1p(a * ib);
        sums.g[2] -= w * iab;
        sums.g[3] += w * a * ib * iab;
        sums.h[at(2, 2)] += w * iab * iab;
        sums.h[at(3, 2)] += w * iab * iab;
        sums.h[at(3, 3)] += w * (iab * iab - ib * ib);
    }
    return sums;
}

}  // namespace

HistoryCounts::HistoryCounts(const std::vector<Pattern>& histories, Host& host) {
    double most = 0;
    for (const Pattern& p : histories) most = std::max(most, p.value[0]);
    const auto size = static_cast<std::size_t>(most);
    require_memory(host, mul_size(size, sizeof(double)), "counting " + std::to_string(size) + " orders");
    more_than.assign(size, 0.0);
    for (const Pattern& p : histories) {
        const auto n = static_cast<double>(p.count);
        customers += n;
        repeat_orders += n * p.value[0];
        mean_age += n * p.value[2];
        if (p.value[0] > 0) more_than[static_cast<std::size_t>(p.value[0]) - 1] += n;
    }
    for (std::size_t i = size; i-- > 1;) more_than[i - 1] += more_than[i];
    if (customers > 0) mean_age /= customers;
}

Curvature btyd_likelihood(BtydFamily family, const std::vector<Pattern>& histories,
                          const HistoryCounts& counts, const std::vector<double>& p, Host& host) {
    const std::size_t blocks = (histories.size() + kBlock - 1) / kBlock;
    std::vector<Sums> partial(blocks);
    parallel_for(host, blocks, [&](std::size_t b) {
        const std::size_t end = std::min(histories.size(), (b + 1) * kBlock);
        for (std::size_t i = b * kBlock; i < end; ++i) {
            const History h{histories[i].value[0], histories[i].value[1], histories[i].value[2]};
            const auto weight = static_cast<double>(histories[i].count);
            if (family == BtydFamily::kParetoNbd)
                add_pareto(partial[b], p, h, weight);
            else
                add_geometric(partial[b], family, p, h, weight);
        }
    });
    Sums total = shared_terms(family, counts, p, host);
    for (const Sums& sums : partial) total.add(sums, 1);
    const auto n = static_cast<Eigen::Index>(p.size());
    Curvature curvature{total.value, Eigen::VectorXd(n), Eigen::MatrixXd(n, n)};
    for (Eigen::Index i = 0; i < n; ++i) {
        curvature.gradient[i] = total.g[static_cast<std::size_t>(i)];
        for (Eigen::Index j = 0; j <= i; ++j)
            curvature.hessian(i, j) = curvature.hessian(j, i) =
                total.h[at(static_cast<std::size_t>(i), static_cast<std::size_t>(j))];
    }
    return curvature;
}

double log_odds_left(BtydFamily family, const std::vector<double>& p, const History& h) {
    if (family == BtydFamily::kNbd || (family == BtydFamily::kBgNbd && h.frequency == 0)) return kNever;
    const double r = p[0], alpha = p[1], k = r + h.frequency;
    if (family != BtydFamily::kParetoNbd) {
        const double kept = p[3] + h.frequency - (family == BtydFamily::kBgNbd ? 1 : 0);
        return std::log(p[2] / kept) + k * std::log((alpha + h.age) / (alpha + h.recency));
    }
    const LeavingNodes nodes(p, h);
    if (nodes.count == 0) return kNever;
    const double top = *std::max_element(nodes.log_term.begin(), nodes.log_term.begin() + nodes.count);
    double total = 0;
    for (std::size_t i = 0; i < nodes.count; ++i) total += safe_exp(nodes.log_term[i] - top);
    return top + std::log(total) + k * std::log(alpha + h.age) + p[2] * std::log(p[3] + h.age);
}

}  // namespace ecom::core

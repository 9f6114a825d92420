// What a fitted model says of one customer.
#include <algorithm>
#include <cmath>

#include "core/clv/btyd.hpp"
#include "core/clv/likelihood.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kHalfPi = 1.5707963267948966;

// E over p ~ Beta(a, b) of the expected orders until time t of a customer who is there now, orders at rate
// lambda ~ Gamma(shape, rate) and leaves with probability p after each:
//     E[(1 - (1 + p t / rate)^-shape) / p]
// Without drop-out N orders would come, N negative binomial; of these the customer makes
// m_N = E[(1 - (1-p)^N) / p] = sum over i < N of (b)_i / (a+b)_i. All terms are positive, and none is special at
// a = 1 or a + b < 1, where the textbook form with 2F1 is 0/0 (Fader, Hardie and Lee, 2005, equation 10).
struct Leaving {
    double a, b, shape, rate, t;

    double expected() const {
        const double zeta = t / (rate + t);
        const double log_first = shape * std::log1p(-zeta);
        const double mean = shape * t / rate;
        const double width = std::sqrt(mean * (1 + t / rate));
        if (log_first < -600 || mean + 12 * width + 40 / -std::log(zeta) > 4000) return by_quadrature();
        double probability = std::exp(log_first), sum = 0, made = 0, left = 1;
        for (double j = 0; j < 8000; ++j) {
            made += left;
            left *= (b + j) / (a + b + j);
            probability *= (shape + j) / (j + 1) * zeta;
            const double term = probability * made;
            sum += term;
            if (j > mean && term * (rate + t) < 1e-16 * sum * rate) break;
        }
        return sum;
    }

    // p = logistic(v), v = sinh-spaced: the double exponential rule of Takahasi and Mori (1974).
    double by_quadrature() const {
        const double log_beta = std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b);
        const double centre = std::log(a / b);
        constexpr double kStep = 1.0 / 24;
        double sum = 0;
        for (int i = -144; i <= 144; ++i) {
            const double u = i * kStep;
            const double v = centre + 2 * kHalfPi * std::sinh(u), slope = 2 * kHalfPi * std::cosh(u);
            const double log_p = v > 0 ? -std::log1p(std::exp(-v)) : v - std::log1p(std::exp(v));
            const double log_q = log_p - v;
            const double log_weight = a * log_p + b * log_q - log_beta;
            if (log_weight < -300) continue;
            const double p = std::exp(log_p);
            const double orders = p < 1e-290 ? shape * t / rate : -std::expm1(-shape * std::log1p(p * t / rate)) / p;
            sum += std::exp(log_weight) * orders * slope;
        }
        return sum * kStep;
    }
};

void check_horizon(double horizon) {
    if (!std::isfinite(horizon) || horizon < 0)
        throw Error(ErrorCode::kInvalidArgument, "horizon must be a finite number of at least zero",
                    "Give the time to look ahead in the unit of the model, for example 90 for days.");
}

}  // namespace

double BtydModel::alive(const History& h) const {
    h.check();
    const double odds = log_odds_left(fit_.family, fit_.parameters, h);
    return odds > 0 ? std::exp(-odds) / (1 + std::exp(-odds)) : 1 / (1 + std::exp(odds));
}

double BtydModel::expected_purchases(const History& h, double horizon) const {
    return alive(h) * expected_purchases_while_alive(h, horizon);
}

double BtydModel::expected_purchases_while_alive(const History& h, double horizon) const {
    check_horizon(horizon);
    h.check();
    const std::vector<double>& p = fit_.parameters;
    const double shape = p[0] + h.frequency, rate = p[1] + h.age;
    if (horizon == 0) return 0;
    switch (fit_.family) {
        case BtydFamily::kNbd: return shape / rate * horizon;
        case BtydFamily::kParetoNbd: {
            const double scale = p[3] + h.age, k = p[2] - 1, length = std::log1p(horizon / scale);
            const double span = std::abs(k * length) < 1e-12 ? length : -std::expm1(-k * length) / k;
            return shape / rate * scale * span;
        }
        default: {
            const double b = p[3] + h.frequency + (fit_.family == BtydFamily::kMbgNbd ? 1 : 0);
            return Leaving{p[2], b, shape, rate, horizon}.expected();
        }
    }
}

// The integral of e^(-delta t) dY(t) is, by parts, that of e^-u Y(u / delta) du; exp-sinh rule.
double BtydModel::discounted_purchases(const History& h, double rate) const {
    if (!std::isfinite(rate) || rate <= 0)
        throw Error(ErrorCode::kInvalidArgument, "discount rate must be above zero and finite",
                    "For 15 percent a year and a model in weeks use ln(1.15) / 52.");
    constexpr double kStep = 1.0 / 16;
    double sum = 0;
    for (int i = -64; i <= 64; ++i) {
        const double y = i * kStep, u = std::exp(kHalfPi * std::sinh(y));
        if (u > 300 || u < 1e-17) continue;
        sum += std::exp(-u) * expected_purchases_while_alive(h, u / rate) * u * kHalfPi * std::cosh(y);
    }
    return alive(h) * sum * kStep;
}

double BtydModel::next_order_quantile(const History& h, double probability) const {
    if (!(probability > 0 && probability < 1))
        throw Error(ErrorCode::kInvalidArgument, "probability must be between 0 and 1",
                    "Use 0.5 for the median, 0.1 and 0.9 for a window that holds 80 percent.");
    h.check();
    const double shape = fit_.parameters[0] + h.frequency, rate = fit_.parameters[1] + h.age;
    return rate * std::expm1(-std::log1p(-probability) / shape);
}

}  // namespace ecom::core

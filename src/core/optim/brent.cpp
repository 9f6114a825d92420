#include "core/optim/brent.hpp"

#include <cmath>
#include <limits>

#include "core/base/error.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

void BrentParams::check() const {
    if (!(relative_tolerance > 0 && absolute_tolerance > 0))
        throw Error(ErrorCode::kInvalidArgument, "tolerances of a search must be positive");
    if (max_iterations < 1)
        throw Error(ErrorCode::kInvalidArgument, "a search needs at least one iteration");
}

BrentResult brent_minimize(const std::function<double(double)>& f, double low, double high,
                           const BrentParams& params, Host& host) {
    params.check();
    if (!(std::isfinite(low) && std::isfinite(high) && low < high))
        throw Error(ErrorCode::kInvalidArgument, "a search needs a finite interval");

    BrentResult result{0, 0, 0, false};
    const auto evaluate = [&](double x) {
        host.poll();
        ++result.evaluations;
        const double value = f(x);
        return std::isfinite(value) ? value : std::numeric_limits<double>::infinity();
    };

    const double golden = (3.0 - std::sqrt(5.0)) / 2.0;
    // x is the best point, w the second best, v the one that was second best before.
    double x = low + golden * (high - low);
    double w = x;
    double v = x;
    double fx = evaluate(x);
    double fw = fx;
    double fv = fx;
    double step = 0;
    double step_before_last = 0;

    for (int i = 0; i < params.max_iterations; ++i) {
        const double middle = 0.5 * (low + high);
        const double tolerance =
            params.relative_tolerance * std::fabs(x) + params.absolute_tolerance;
        if (std::fabs(x - middle) <= 2.0 * tolerance - 0.5 * (high - low)) {
            result.converged = true;
            break;
        }

        bool parabolic = false;
        if (std::fabs(step_before_last) > tolerance && std::isfinite(fv)) {
            // Vertex of the parabola at x + p / q.
            const double r = (x - w) * (fx - fv);
            double q = (x - v) * (fx - fw);
            double p = (x - v) * q - (x - w) * r;
            q = 2.0 * (q - r);
            if (q > 0.0) p = -p;
            q = std::fabs(q);
            if (std::fabs(p) < std::fabs(0.5 * q * step_before_last) && p > q * (low - x) &&
                p < q * (high - x)) {
                parabolic = true;
                step_before_last = step;
                step = p / q;
                const double candidate = x + step;
                if (candidate - low < 2.0 * tolerance || high - candidate < 2.0 * tolerance)
                    step = x < middle ? tolerance : -tolerance;
            }
        }
        if (!parabolic) {
            step_before_last = x < middle ? high - x : low - x;
            step = golden * step_before_last;
        }

        const double u = x + (std::fabs(step) >= tolerance ? step : std::copysign(tolerance, step));
        const double fu = evaluate(u);
        if (fu <= fx) {
            (u < x ? high : low) = x;
            v = w, fv = fw;
            w = x, fw = fx;
            x = u, fx = fu;
        } else {
            (u < x ? low : high) = u;
            if (fu <= fw || w == x) {
                v = w, fv = fw;
                w = u, fw = fu;
            } else if (fu <= fv || v == x || v == w) {
                v = u, fv = fu;
            }
        }
    }
    if (!std::isfinite(fx))
        throw Error(ErrorCode::kNumericFailure, "function to be minimized is finite nowhere");
    result.x = x;
    result.value = fx;
    return result;
}

}  // namespace ecom::core

#include "core/prescribe/allocation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/error.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr int kHalvings = 200;

void require(bool holds, const char* message, const char* hint) {
    if (!holds) throw Error(ErrorCode::kInvalidArgument, message, hint);
}

void check(const std::vector<ResponseCurve>& curves, const std::vector<ChannelBounds>& bounds, double budget) {
    require(std::isfinite(budget) && budget > 0, "budget must be a positive number",
            "Pass what is to be spent in all.");
    double lows = 0.0;
    for (std::size_t i = 0; i < curves.size(); ++i) {
        const ResponseCurve& curve = curves[i];
        require(std::isfinite(curve.beta) && curve.beta >= 0 && std::isfinite(curve.alpha) && curve.alpha > 0 &&
                    std::isfinite(curve.half) && curve.half > 0,
                "response curve has no meaning: beta must be 0 or more, alpha and half_saturation above 0",
                "Leave out channels whose response is not known.");
        require(std::isfinite(bounds[i].low) && bounds[i].low >= 0 && bounds[i].high >= bounds[i].low,
                "bounds of a channel must be numbers from 0, the lower one first", "Leave them out for none.");
        lows += bounds[i].low;
    }
    require(lows <= budget * (1 + 1e-12), "budget is below the sum of the lower bounds",
            "Raise the budget or lower the bounds.");
}

// The spend above `from` at which the marginal response has fallen to lambda, on a part of the curve where it
// falls.
double spend_at(const ResponseCurve& curve, double lambda, double from, double to) {
    if (curve.marginal(from) <= lambda) return from;
    if (curve.marginal(to) >= lambda) return to;
    double low = from;
    double high = to;
    for (int i = 0; i < kHalvings && high - low > 1e-15 * high; ++i) {
        const double middle = low + (high - low) / 2;
        (curve.marginal(middle) > lambda ? low : high) = middle;
    }
    return low + (high - low) / 2;
}

// Equal margins between `from` and `to` for channels on the falling part of their marginal response.
std::vector<double> equalise(const std::vector<ResponseCurve>& curves, const std::vector<double>& from,
                             const std::vector<double>& to, double budget, Host& host) {
    const double most = std::accumulate(to.begin(), to.end(), 0.0);
    if (most <= budget) return to;
    // log(lambda) is bisected: margins span many powers of ten.
    double low = -700.0;
    double high = 700.0;
    std::vector<double> spend(curves.size());
    for (int k = 0; k < kHalvings; ++k) {
        host.poll();
        const double middle = low + (high - low) / 2;
        double sum = 0.0;
        for (std::size_t i = 0; i < curves.size(); ++i) {
            spend[i] = spend_at(curves[i], std::exp(middle), from[i], to[i]);
            sum += spend[i];
        }
        (sum > budget ? low : high) = middle;
    }
    // What rounding leaves over goes where there is room; it is some 1e-13 of the budget.
    double left = budget - std::accumulate(spend.begin(), spend.end(), 0.0);
    for (std::size_t i = 0; i < curves.size() && left != 0.0; ++i) {
        const double moved = std::clamp(spend[i] + left, from[i], to[i]) - spend[i];
        spend[i] += moved;
        left -= moved;
    }
    return spend;
}

double total_response(const std::vector<ResponseCurve>& curves, const std::vector<double>& spend) {
    double sum = 0.0;
    for (std::size_t i = 0; i < curves.size(); ++i) sum += curves[i].response(spend[i]);
    return sum;
}

// Where the marginal response of an S-shaped curve begins to fall.
double inflexion(const ResponseCurve& curve) {
    return curve.alpha <= 1.0 ? 0.0
                              : curve.half * std::pow((curve.alpha - 1.0) / (curve.alpha + 1.0), 1.0 / curve.alpha);
}

// The best division into steps beyond the lower bounds.
std::vector<double> in_steps(const std::vector<ResponseCurve>& curves, const std::vector<ChannelBounds>& bounds,
                             double spare, Host& host) {
    constexpr int kSteps = 400;
    const double step = spare / kSteps;
    const std::size_t n = curves.size();
    std::vector<double> best(kSteps + 1, 0.0);
    std::vector<std::vector<int>> choice(n, std::vector<int>(kSteps + 1, 0));
    for (std::size_t i = 0; i < n; ++i) {
        host.poll();
        std::vector<double> next(kSteps + 1, -std::numeric_limits<double>::infinity());
        std::vector<double> response(kSteps + 1);
        int most = 0;
        for (int s = 0; s <= kSteps; ++s) {
            const double spend = bounds[i].low + s * step;
            if (s > 0 && spend > bounds[i].high) break;
            most = s;
            response[static_cast<std::size_t>(s)] = curves[i].response(spend);
        }
        for (int total = 0; total <= kSteps; ++total)
            for (int s = 0; s <= std::min(most, total); ++s) {
                const double value = best[static_cast<std::size_t>(total - s)] + response[static_cast<std::size_t>(s)];
                if (value > next[static_cast<std::size_t>(total)]) {
                    next[static_cast<std::size_t>(total)] = value;
                    choice[i][static_cast<std::size_t>(total)] = s;
                }
            }
        best = std::move(next);
    }
    std::vector<double> spend(n);
    int total = kSteps;
    for (std::size_t i = n; i-- > 0;) {
        const int s = choice[i][static_cast<std::size_t>(total)];
        spend[i] = bounds[i].low + s * step;
        total -= s;
    }
    return spend;
}

}  // namespace

double ResponseCurve::response(double spend) const {
    if (spend <= 0.0) return 0.0;
    return beta / (1.0 + std::pow(half / spend, alpha));
}

double ResponseCurve::marginal(double spend) const {
    if (spend <= 0.0) {
        if (alpha > 1.0 || beta == 0.0) return 0.0;
        return alpha == 1.0 ? beta / half : std::numeric_limits<double>::infinity();
    }
    const double ratio = std::pow(half / spend, alpha);
    return beta * alpha / spend * ratio / ((1.0 + ratio) * (1.0 + ratio));
}

Allocation allocate_budget(const std::vector<ResponseCurve>& curves, const std::vector<ChannelBounds>& bounds,
                           double budget, Host& host) {
    check(curves, bounds, budget);
    const std::size_t n = curves.size();
    std::vector<double> from(n);
    std::vector<double> to(n);
    for (std::size_t i = 0; i < n; ++i) {
        from[i] = bounds[i].low;
        // A channel without response gets its lower bound, not what is left over.
        to[i] = curves[i].beta == 0.0 ? from[i] : std::min(bounds[i].high, std::max(budget, from[i]));
    }
    Allocation allocation;
    const bool concave = std::all_of(curves.begin(), curves.end(), [](const ResponseCurve& c) { return c.alpha <= 1; });
    if (concave) {
        allocation.spend = equalise(curves, from, to, budget, host);
    } else {
        const double lows = std::accumulate(from.begin(), from.end(), 0.0);
        allocation.spend = in_steps(curves, bounds, budget - lows, host);
        // A channel that passed its threshold moves freely above it, the others stay at their lower bounds.
        for (std::size_t i = 0; i < n; ++i) {
            if (allocation.spend[i] > from[i])
                from[i] = std::clamp(inflexion(curves[i]), from[i], allocation.spend[i]);
            else
                to[i] = from[i];
        }
        const std::vector<double> polished = equalise(curves, from, to, budget, host);
        if (total_response(curves, polished) > total_response(curves, allocation.spend)) allocation.spend = polished;
    }
    allocation.response = total_response(curves, allocation.spend);
    return allocation;
}

}  // namespace ecom::core

#include "core/prescribe/response_search.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr int kMaxIterations = 100;
constexpr double kLeastGain = 1e-11;      // of a step, as a share of the value
constexpr double kLeastStep = 1e-9;
constexpr double kFirstDamping = 1e-3;
constexpr double kMostDamping = 1e10;
constexpr Bend kLongestStep = {0.3, 1.5, 1.0};
constexpr double kCarryoverPrecision = 1e-4;

const Bend& lower_bounds() {
    static const Bend bounds{0.0, std::log(kMinHalf), std::log(kMinShape)};
    return bounds;
}

const Bend& upper_bounds() {
    static const Bend bounds{kMaxCarryover, std::log(kMaxHalf), std::log(kMaxShape)};
    return bounds;
}

constexpr Bend kDeviation = {std::numeric_limits<double>::infinity(), kHalfDeviation, kShapeDeviation};

// The squares with their penalty at a bend.
struct Position {
    Bend bend;
    ResponseSlope slope;
    double value;
};

Position look(ResponseProblem& problem, const Bend& bend, double variance) {
    Position at{bend, problem.solve(bend), 0.0};
    at.value = at.slope.line.sse;
    for (std::size_t p = 0; p < kBends; ++p) {
        const double weight = variance / (kDeviation[p] * kDeviation[p]);
        at.value += weight * bend[p] * bend[p];
        at.slope.gradient[p] += weight * bend[p];
        at.slope.hessian[p][p] += weight;
    }
    return at;
}

// Solves the free equations of (H + damping diag H) step = -g by Cholesky; 0 for what is not free. None where rounding leaves no
// definite matrix.
std::optional<Bend> step_of(const ResponseSlope& slope, const std::array<bool, kBends>& is_free, double damping) {
    Bend step{};
    std::array<Bend, kBends> factor{};
    for (std::size_t p = 0; p < kBends; ++p) {
        if (!is_free[p]) continue;
        for (std::size_t q = 0; q <= p; ++q) {
            if (!is_free[q]) continue;
            double sum = slope.hessian[p][q] * (p == q ? 1.0 + damping : 1.0);
            for (std::size_t k = 0; k < q; ++k) sum -= factor[p][k] * factor[q][k];
            if (p != q)
                factor[p][q] = sum / factor[q][q];
            else if (sum > 0.0)
                factor[p][p] = std::sqrt(sum);
            else
                return std::nullopt;
        }
    }
    for (std::size_t p = 0; p < kBends; ++p) {
        if (!is_free[p]) continue;
        double sum = -slope.gradient[p];
        for (std::size_t k = 0; k < p; ++k) sum -= factor[p][k] * step[k];
        step[p] = sum / factor[p][p];
    }
    for (std::size_t p = kBends; p-- > 0;) {
        if (!is_free[p]) continue;
        double sum = step[p];
        for (std::size_t k = p + 1; k < kBends; ++k)
            if (is_free[k]) sum -= factor[k][p] * step[k];
        step[p] = sum / factor[p][p];
    }
    return step;
}

Bend within_bounds(Bend bend) {
    for (std::size_t p = 0; p < kBends; ++p) bend[p] = std::clamp(bend[p], lower_bounds()[p], upper_bounds()[p]);
    return bend;
}

}  // namespace

std::vector<Bend> response_starts(ResponseProblem& problem) {
    const std::vector<double> log_ratios = {std::log(0.1), std::log(0.25), std::log(0.5), 0.0, std::log(2.0), std::log(4.0), std::log(10.0)};
    std::array<std::optional<Bend>, 2> start;
    std::array<double, 2> least;
    least.fill(std::numeric_limits<double>::infinity());
    std::vector<ResponseLine> lines;
    for (const double carryover : {0.0, 0.15, 0.3, 0.45, 0.6, 0.7, 0.8, 0.9, 0.96}) {
        problem.set_carryover(carryover);
        for (const double shape : {0.5, 0.8, 1.2, 2.0, 3.5}) {
            problem.scan(shape, log_ratios, lines);
            const std::size_t kind = shape > 1.0 ? 1 : 0;
            for (std::size_t k = 0; k < lines.size(); ++k)
                if (lines[k].sse < least[kind]) {
                    least[kind] = lines[k].sse;
                    start[kind] = Bend{carryover, log_ratios[k], std::log(shape)};
                }
        }
    }
    std::vector<Bend> starts;
    for (const std::optional<Bend>& one : start)
        if (one) starts.push_back(*one);
    return starts;
}

ResponseOptimum search_response(ResponseProblem& problem, const Bend& start, double variance, bool fixed_carryover, Host& host) {
    Position at = look(problem, within_bounds(start), variance);
    double damping = kFirstDamping;
    for (int iteration = 0; iteration < kMaxIterations && damping < kMostDamping; ++iteration) {
        host.poll();
        std::array<bool, kBends> is_free;
        for (std::size_t p = 0; p < kBends; ++p)
            is_free[p] = at.slope.hessian[p][p] > 0.0 && !(fixed_carryover && p == 0) &&
                         !(at.bend[p] <= lower_bounds()[p] && at.slope.gradient[p] >= 0.0) &&
                         !(at.bend[p] >= upper_bounds()[p] && at.slope.gradient[p] <= 0.0);
        const std::optional<Bend> step = step_of(at.slope, is_free, damping);
        if (!step) {
            damping *= 10;
            continue;
        }
        double shortened = 1.0;
        for (std::size_t p = 0; p < kBends; ++p)
            if (std::abs((*step)[p]) > kLongestStep[p]) shortened = std::min(shortened, kLongestStep[p] / std::abs((*step)[p]));
        Bend to = at.bend;
        double moved = 0.0;
        for (std::size_t p = 0; p < kBends; ++p) to[p] += shortened * (*step)[p];
        to = within_bounds(to);
        for (std::size_t p = 0; p < kBends; ++p) moved = std::max(moved, std::abs(to[p] - at.bend[p]));
        if (moved < kLeastStep) break;
        const Position next = look(problem, to, variance);
        if (!(next.value < at.value)) {
            damping *= 8;
            continue;
        }
        const double gain = at.value - next.value;
        at = next;
        damping = std::max(1e-12, damping / 8);
        if (gain <= kLeastGain * at.value) break;
    }
    return {at.bend, at.slope.line, at.value};
}

CarryoverInterval profile_carryover(ResponseProblem& problem, const ResponseOptimum& best, double variance, double allowance, Host& host) {
    // The root of the excess over the allowance is nearly linear in the carryover.
    const auto end = [&](double bound) {
        // Curves of neighbouring carryovers are alike: searches begin at the curve of the outermost carryover that is known to be inside.
        Bend from = best.bend, found{};
        const auto excess = [&](double carryover) {
            from[0] = carryover;
            const ResponseOptimum at = search_response(problem, from, variance, true, host);
            found = at.bend;
            return std::sqrt(std::max(0.0, at.value - best.value) / allowance) - 1.0;
        };
        double inside = best.bend[0], outside = bound;
        if (std::abs(outside - inside) < kCarryoverPrecision) return bound;
        double value_inside = -1.0, value_outside = excess(bound);
        if (value_outside <= 0.0) return bound;
        // Illinois: the end that stays counts half, so that it does not stay for long (Dowell and Jarratt, 1971).
        for (int side = 0, i = 0; i < kMaxIterations && std::abs(outside - inside) > kCarryoverPrecision; ++i) {
            const double middle = (inside * value_outside - outside * value_inside) / (value_outside - value_inside);
            const double value = excess(middle);
            if (std::abs(value) < 1e-3) return middle;
            if (value > 0.0) {
                outside = middle;
                value_outside = value;
                if (side == 1) value_inside /= 2;
                side = 1;
            } else {
                inside = middle;
                from = found;
                value_inside = value;
                if (side == -1) value_outside /= 2;
                side = -1;
            }
        }
        return outside;
    };
    if (!(allowance > 0.0)) return {best.bend[0], best.bend[0]};
    return {end(0.0), end(kMaxCarryover)};
}

}  // namespace ecom::core

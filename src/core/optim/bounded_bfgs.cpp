#include "core/optim/bounded_bfgs.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/error.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

using Vector = std::vector<double>;

constexpr int kShortenings = 40;
constexpr int kStalls = 3;

double dot(const Vector& a, const Vector& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

struct Point {
    Vector x;
    Vector gradient;
    double value = 0.0;
};

// An approximation of the Hessian, as rows one after another.
class Curvature {
public:
    explicit Curvature(std::size_t n) : n_(n), hessian_(n * n, 0.0), factor_(n * n, 0.0), pushed_(n), order_() { reset(1.0); }

    bool is_known() const { return is_known_; }

    void reset(double scale) {
        std::fill(hessian_.begin(), hessian_.end(), 0.0);
        for (std::size_t i = 0; i < n_; ++i) hessian_[i * n_ + i] = scale;
        is_known_ = false;
    }

    // The step that minimises the quadratic model over the free variables; 0 for the others. False where rounding has made the
    // matrix indefinite.
    bool solve(const std::vector<bool>& is_held, const Vector& gradient, Vector& step) {
        order_.clear();
        for (std::size_t i = 0; i < n_; ++i)
            if (!is_held[i]) order_.push_back(i);
        const std::size_t count = order_.size();
        std::fill(step.begin(), step.end(), 0.0);
        for (std::size_t i = 0; i < count; ++i) {
            for (std::size_t j = 0; j <= i; ++j) {
                double sum = hessian_[order_[i] * n_ + order_[j]];
                for (std::size_t k = 0; k < j; ++k) sum -= factor_[i * n_ + k] * factor_[j * n_ + k];
                if (i == j) {
                    if (!(sum > 0.0)) return false;
                    factor_[i * n_ + i] = std::sqrt(sum);
                } else {
                    factor_[i * n_ + j] = sum / factor_[j * n_ + j];
                }
            }
        }
        for (std::size_t i = 0; i < count; ++i) {
            double sum = -gradient[order_[i]];
            for (std::size_t k = 0; k < i; ++k) sum -= factor_[i * n_ + k] * step[order_[k]];
            step[order_[i]] = sum / factor_[i * n_ + i];
        }
        for (std::size_t i = count; i-- > 0;) {
            double sum = step[order_[i]];
            for (std::size_t k = i + 1; k < count; ++k) sum -= factor_[k * n_ + i] * step[order_[k]];
            step[order_[i]] = sum / factor_[i * n_ + i];
        }
        return true;
    }

    void update(const Vector& moved, const Vector& turned) {
        const double length = dot(moved, moved);
        if (!(length > 0.0)) return;
        double along = dot(moved, turned);
        if (!is_known_) {
            // The first step tells the scale.
            if (along > 0.0) reset(dot(turned, turned) / along);
            is_known_ = true;
        }
        for (std::size_t i = 0; i < n_; ++i) {
            pushed_[i] = 0.0;
            for (std::size_t j = 0; j < n_; ++j) pushed_[i] += hessian_[i * n_ + j] * moved[j];
        }
        const double bent = dot(moved, pushed_);
        if (!(bent > 0.0) || !std::isfinite(bent)) return;
        const double share = along >= 0.2 * bent ? 1.0 : 0.8 * bent / (bent - along);
        Vector damped(n_);
        for (std::size_t i = 0; i < n_; ++i) damped[i] = share * turned[i] + (1.0 - share) * pushed_[i];
        along = dot(moved, damped);
        if (!(along > 0.0)) return;
        for (std::size_t i = 0; i < n_; ++i)
            for (std::size_t j = 0; j < n_; ++j)
                hessian_[i * n_ + j] += damped[i] * damped[j] / along - pushed_[i] * pushed_[j] / bent;
    }

private:
    std::size_t n_;
    Vector hessian_;
    Vector factor_;
    Vector pushed_;
    std::vector<std::size_t> order_;
    bool is_known_ = false;
};

bool is_finite(const Point& point) {
    return std::isfinite(point.value) &&
           std::all_of(point.gradient.begin(), point.gradient.end(), [](double g) { return std::isfinite(g); });
}

}  // namespace

void BoundedBfgsParams::check() const {
    if (max_iterations < 1 || !(first_step > 0.0) || !(gradient_tolerance >= 0.0) || !(value_tolerance >= 0.0) ||
        !(sufficient_decrease > 0.0 && sufficient_decrease < 1.0))
        throw Error(ErrorCode::kInvalidArgument, "parameters of the bounded search are out of range");
}

BoundedBfgsResult bounded_bfgs_minimize(const BoundedObjective& f, Vector start, const Vector& lower, const Vector& upper,
                                        const BoundedBfgsParams& params, Host& host) {
    params.check();
    const std::size_t n = start.size();
    bool is_valid = lower.size() == n && upper.size() == n;
    for (std::size_t i = 0; is_valid && i < n; ++i) is_valid = lower[i] <= upper[i];
    if (!is_valid) throw Error(ErrorCode::kInvalidArgument, "bounds do not fit the start of the search");

    BoundedBfgsResult result{{}, 0.0, 0, 0, false};
    const auto evaluate = [&](Point& point) {
        host.poll();
        ++result.evaluations;
        point.value = f(point.x, point.gradient);
    };
    Point here{std::move(start), Vector(n), 0.0}, there{Vector(n), Vector(n), 0.0};
    for (std::size_t i = 0; i < n; ++i) here.x[i] = std::clamp(here.x[i], lower[i], upper[i]);
    evaluate(here);
    if (!is_finite(here)) throw Error(ErrorCode::kNumericFailure, "the function is not finite where the search begins");

    Curvature curvature(n);
    std::vector<bool> is_held(n);
    Vector step(n), moved(n), turned(n);
    int stalls = 0;
    for (; result.iterations < params.max_iterations; ++result.iterations) {
        const double unit = std::max(1.0, std::fabs(here.value));
        double steepest = 0.0;
        for (std::size_t i = 0; i < n; ++i) {
            is_held[i] = (here.x[i] <= lower[i] && here.gradient[i] >= 0.0) || (here.x[i] >= upper[i] && here.gradient[i] <= 0.0);
            if (!is_held[i]) steepest = std::max(steepest, std::fabs(here.gradient[i]));
        }
        if (steepest <= params.gradient_tolerance * unit || stalls >= kStalls) {
            result.converged = true;
            break;
        }
        if (!curvature.solve(is_held, here.gradient, step)) {
            curvature.reset(1.0);
            curvature.solve(is_held, here.gradient, step);
        }
        double length = 1.0;
        if (!curvature.is_known()) length = params.first_step / std::sqrt(dot(step, step));
        bool is_lower = false;
        for (int i = 0; i < kShortenings && !is_lower; ++i) {
            double slope = 0.0;
            for (std::size_t j = 0; j < n; ++j) {
                there.x[j] = std::clamp(here.x[j] + length * step[j], lower[j], upper[j]);
                moved[j] = there.x[j] - here.x[j];
                slope += moved[j] * here.gradient[j];
            }
            evaluate(there);
            const bool is_allowed = is_finite(there);
            is_lower = is_allowed && slope < 0.0 && there.value <= here.value + params.sufficient_decrease * slope;
            if (is_lower) break;
            // The vertex of the parabola through both values and the slope, kept away from the ends.
            const double excess = there.value - here.value - slope;
            const double vertex = is_allowed && excess > 0.0 ? -0.5 * slope / excess : 0.25;
            length *= std::clamp(vertex, 0.1, 0.5);
        }
        if (!is_lower) {
            // Once more along the gradient, if what is known about the curvature can be to blame.
            if (!curvature.is_known()) break;
            curvature.reset(1.0);
            continue;
        }
        for (std::size_t j = 0; j < n; ++j) turned[j] = there.gradient[j] - here.gradient[j];
        curvature.update(moved, turned);
        stalls = here.value - there.value < params.value_tolerance * unit ? stalls + 1 : 0;
        std::swap(here, there);
    }
    result.x = std::move(here.x);
    result.value = here.value;
    return result;
}

}  // namespace ecom::core

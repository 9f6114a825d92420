#include "core/optim/lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <utility>
#include <vector>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

using Eigen::VectorXd;

struct Point {
    VectorXd x;
    VectorXd gradient;
    double value;
};

// A step along the search direction: length, value and slope there.
struct Step {
    double length;
    double value;
    double slope;
};

class LineSearch {
public:
    LineSearch(const Objective& f, const LbfgsParams& params, Host& host, int& evaluations)
        : f_(f), params_(params), host_(host), evaluations_(evaluations) {}

    // Moves `point` along `direction` to a step that satisfies the strong Wolfe conditions; false
    // when none was found, and then `point` is the best step with sufficient decrease, if any.
    bool run(Point& point, const VectorXd& direction, double first_length) {
        start_ = &point;
        direction_ = &direction;
        calls_ = 0;
        origin_ = {0.0, point.value, point.gradient.dot(direction)};
        trial_.gradient.resize(point.x.size());
        const bool found = search(first_length);
        if (found)
            std::swap(point, trial_);
        else if (best_.value < point.value && best_.x.size() == point.x.size())
            std::swap(point, best_);
        best_.value = std::numeric_limits<double>::infinity();
        return found;
    }

private:
    // Algorithm 3.5.
    bool search(double length) {
        Step previous = origin_;
        while (calls_ < params_.max_line_search) {
            const Step step = evaluate(length);
            if (!decreases(step) || (previous.length > 0 && step.value >= previous.value))
                return zoom(previous, step);
            if (flat(step)) return true;
            if (step.slope >= 0) return zoom(step, previous);
            previous = step;
            length *= 2.0;
        }
        return false;
    }

    // Algorithm 3.6: low is the best step with sufficient decrease, the minimum lies between.
    bool zoom(Step low, Step high) {
        while (calls_ < params_.max_line_search) {
            const double length = interpolate(low, high);
            if (length == low.length || length == high.length) return false;
            const Step step = evaluate(length);
            if (!decreases(step) || step.value >= low.value) {
                high = step;
                continue;
            }
            if (flat(step)) return true;
            if (step.slope * (high.length - low.length) >= 0) high = low;
            low = step;
        }
        return false;
    }

    // Minimizer of the cubic through both values and slopes (3.59), at least a tenth of the bracket
    // away from its ends; the middle where the cubic says nothing.
    static double interpolate(const Step& a, const Step& b) {
        const double width = b.length - a.length;
        const double middle = a.length + 0.5 * width;
        if (!std::isfinite(b.value) || !std::isfinite(b.slope)) return middle;
        const double d1 = a.slope + b.slope - 3.0 * (a.value - b.value) / (a.length - b.length);
        const double square = d1 * d1 - a.slope * b.slope;
        if (!(square >= 0.0)) return middle;
        const double d2 = std::copysign(std::sqrt(square), width);
        const double length =
            b.length - width * (b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2);
        if (!std::isfinite(length)) return middle;
        const double near_a = a.length + 0.1 * width;
        const double near_b = b.length - 0.1 * width;
        return std::clamp(length, std::min(near_a, near_b), std::max(near_a, near_b));
    }

    Step evaluate(double length) {
        host_.poll();
        ++calls_;
        ++evaluations_;
        trial_.x = start_->x + length * *direction_;
        trial_.value = f_(trial_.x, trial_.gradient);
        double slope = trial_.gradient.dot(*direction_);
        if (!std::isfinite(trial_.value) || !std::isfinite(slope)) {
            trial_.value = std::numeric_limits<double>::infinity();
            slope = std::numeric_limits<double>::infinity();
        }
        const Step step{length, trial_.value, slope};
        if (decreases(step) && step.value < best_.value) best_ = trial_;
        return step;
    }

    bool decreases(const Step& step) const {
        return step.value <=
               origin_.value + params_.sufficient_decrease * step.length * origin_.slope;
    }

    bool flat(const Step& step) const {
        return std::fabs(step.slope) <= -params_.curvature * origin_.slope;
    }

    const Objective& f_;
    const LbfgsParams& params_;
    Host& host_;
    int& evaluations_;
    const Point* start_ = nullptr;
    const VectorXd* direction_ = nullptr;
    int calls_ = 0;
    Step origin_{};
    Point trial_{};
    Point best_{{}, {}, std::numeric_limits<double>::infinity()};
};

// The last pairs of steps s and gradient changes y.
class Curvature {
public:
    Curvature(int memory, const Metric& metric) : memory_(static_cast<std::size_t>(memory)), metric_(metric) {}

    // Keeps the pair only when s'y is safely positive: otherwise H would not stay positive
    // definite.
    void add(VectorXd s, VectorXd y) {
        const double sy = s.dot(y);
        const double yy = y.squaredNorm();
        if (!(sy > std::numeric_limits<double>::epsilon() * yy)) return;
        if (pairs_.size() == memory_) pairs_.pop_front();
        pairs_.push_back({std::move(s), std::move(y), 1.0 / sy});
        scale_ = sy / yy;
    }

    // Algorithm 7.4: -H g.
    VectorXd descent(const VectorXd& gradient) const {
        VectorXd q = gradient;
        std::vector<double> alpha(pairs_.size());
        for (std::size_t i = pairs_.size(); i-- > 0;) {
            alpha[i] = pairs_[i].rho * pairs_[i].s.dot(q);
            q -= alpha[i] * pairs_[i].y;
        }
        if (metric_)
            q = metric_(q);
        else
            q *= scale_;
        for (std::size_t i = 0; i < pairs_.size(); ++i) {
            const double beta = pairs_[i].rho * pairs_[i].y.dot(q);
            q += (alpha[i] - beta) * pairs_[i].s;
        }
        return -q;
    }

    bool empty() const { return pairs_.empty(); }
    void clear() {
        pairs_.clear();
        scale_ = 1.0;
    }

private:
    struct Pair {
        VectorXd s;
        VectorXd y;
        double rho;
    };

    std::size_t memory_;
    const Metric& metric_;
    std::deque<Pair> pairs_;
    double scale_ = 1.0;
};

double largest(const VectorXd& v) { return v.size() == 0 ? 0.0 : v.cwiseAbs().maxCoeff(); }

}  // namespace

void LbfgsParams::check() const {
    if (memory < 1 || max_iterations < 1 || max_line_search < 1 || !(longest_step > 0))
        throw Error(ErrorCode::kInvalidArgument, "counts and the longest step of a minimization must be positive");
    if (!(gradient_tolerance >= 0 && value_tolerance >= 0))
        throw Error(ErrorCode::kInvalidArgument,
                    "tolerances of a minimization must not be negative");
    if (!(0 < sufficient_decrease && sufficient_decrease < curvature && curvature < 1))
        throw Error(ErrorCode::kInvalidArgument,
                    "line search needs 0 < sufficient_decrease < curvature < 1");
}

std::size_t lbfgs_bytes(std::size_t n, const LbfgsParams& params) {
    const std::size_t vectors = 2 * static_cast<std::size_t>(params.memory) + 8;
    return mul_size(mul_size(vectors, n), sizeof(double));
}

LbfgsResult lbfgs_minimize(const Objective& f, const VectorXd& start, const LbfgsParams& params,
                           Host& host, const Metric& metric) {
    params.check();
    const auto n = static_cast<std::size_t>(start.size());
    require_memory(host, lbfgs_bytes(n, params),
                   "minimizing over " + std::to_string(n) + " variables");

    host.poll();
    Point point{start, VectorXd::Zero(start.size()), 0.0};
    point.value = f(point.x, point.gradient);
    int evaluations = 1;
    if (!std::isfinite(point.value) || !point.gradient.allFinite())
        throw Error(ErrorCode::kNumericFailure,
                    "function to be minimized is not finite at the starting point");

    Curvature curvature(params.memory, metric);
    LineSearch line_search(f, params, host, evaluations);
    const auto finish = [&](int iterations, LbfgsStatus status) {
        const double norm = largest(point.gradient);
        return LbfgsResult{std::move(point.x), point.value, norm, iterations, evaluations, status};
    };

    int stalled = 0;
    for (int i = 0; i < params.max_iterations; ++i) {
        const double magnitude = std::max(1.0, std::fabs(point.value));
        if (largest(point.gradient) <= params.gradient_tolerance * magnitude)
            return finish(i, LbfgsStatus::kGradientSmall);

        VectorXd direction = curvature.descent(point.gradient);
        if (!(point.gradient.dot(direction) < 0)) {
            curvature.clear();
            direction = -point.gradient;
        }
        // Without curvature the gradient's length says nothing about the step's.
        double first = curvature.empty() && !metric ? 1.0 / std::max(1.0, point.gradient.norm()) : 1.0;
        first = std::min(first, params.longest_step / direction.norm());
        const VectorXd x = point.x;
        const VectorXd gradient = point.gradient;
        const double value = point.value;
        const bool found = line_search.run(point, direction, first);
        if (!found && !(point.value < value)) {
            // Old pairs may mislead; the gradient's own direction is the last resort.
            if (curvature.empty()) return finish(i, LbfgsStatus::kLineSearchFailed);
            curvature.clear();
            continue;
        }
        curvature.add(point.x - x, point.gradient - gradient);
        stalled = value - point.value <= params.value_tolerance * magnitude ? stalled + 1 : 0;
        if (stalled == 2) return finish(i + 1, LbfgsStatus::kValueStalled);
    }
    return finish(params.max_iterations, LbfgsStatus::kMaxIterations);
}

}  // namespace ecom::core

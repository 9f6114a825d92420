// Minimum of a smooth function of many variables with known gradient.
//
// Problem: argmin f(x), x in R^n, unconstrained.
// Method: limited-memory BFGS, Nocedal and Wright (2006), "Numerical Optimization", 2nd edition,
// algorithm 7.4 (two-loop recursion for H g) in algorithm 7.5, with gamma = s'y / y'y (7.20) and a
// line search for the strong Wolfe conditions
//     f(x + a p) <= f(x) + c1 a g'p,   |g(x + a p)'p| <= c2 |g'p|
// by algorithms 3.5 (bracketing) and 3.6 (zoom, cubic interpolation 3.59 kept away from the ends).
// A value or gradient that is not finite counts as a step too long, so that f may refuse arguments.
//
// Complexity: 4 m n operations an iteration besides f, of which it calls 1 to 3 as a rule.
// Memory: 8 (2 m + 8) n bytes. Deterministic for a deterministic f.
// Reaches the minima of Rosenbrock's and Beale's functions to 1e-6, as R's optim("BFGS") does.
#pragma once

#include <functional>
#include <limits>

#include "core/base/eigen.hpp"
#include "core/base/host.hpp"

namespace ecom::core {

// Returns f(x) and writes its gradient, which has the size of x already.
using Objective = std::function<double(const Eigen::VectorXd& x, Eigen::VectorXd& gradient)>;

// Multiplies by a symmetric positive definite approximation of the inverse Hessian at the start, which then takes the place of
// gamma I: the closer it is, the fewer iterations.
using Metric = std::function<Eigen::VectorXd(const Eigen::VectorXd& gradient)>;

struct LbfgsParams {
    int memory = 10;  // m: pairs (s, y) kept
    int max_iterations = 500;
    int max_line_search = 40;  // calls of f in one line search
    // Converged when max|g_i| <= gradient_tolerance * max(1, |f|), or when two steps in a row
    // lower f by less than value_tolerance * max(1, |f|).
    double gradient_tolerance = 1e-7;
    double value_tolerance = 1e-13;
    double sufficient_decrease = 1e-4;  // c1
    double curvature = 0.9;             // c2
    // The first trial of a line search moves no further than this.
    double longest_step = std::numeric_limits<double>::infinity();

    // Throws kInvalidArgument unless 0 < c1 < c2 < 1, counts and the longest step are positive, and
    // tolerances are not negative.
    void check() const;
};

enum class LbfgsStatus {
    kGradientSmall,
    kValueStalled,
    kMaxIterations,
    kLineSearchFailed,  // no better point along the direction: rounding, or a wrong gradient
};

struct LbfgsResult {
    Eigen::VectorXd x;  // best point; usable whatever the status
    double value;
    double gradient_norm;  // max|g_i| at x
    int iterations;
    int evaluations;
    LbfgsStatus status;

    bool converged() const noexcept {
        return status == LbfgsStatus::kGradientSmall || status == LbfgsStatus::kValueStalled;
    }
};

std::size_t lbfgs_bytes(std::size_t n, const LbfgsParams& params);

// Polls before every call of f. Throws kNumericFailure when f or its gradient is not finite at
// `start`, kLimitExceeded when the host does not grant lbfgs_bytes().
LbfgsResult lbfgs_minimize(const Objective& f, const Eigen::VectorXd& start,
                           const LbfgsParams& params, Host& host, const Metric& metric = nullptr);

}  // namespace ecom::core

// Minimum of a smooth function of some tens of variables within bounds, with known gradient.
//
// Problem: argmin f(x), lower <= x <= upper; a bound may be infinite.
// Method: BFGS (Nocedal and Wright, 2006, "Numerical Optimization", 2nd edition, chapter 6) with projection: variables on a bound that
// the gradient pushes against are held, the others move by the quasi-Newton step of their part of the Hessian, which is kept positive
// definite by Powell's damping (18.15); the step is projected onto the bounds and shortened until f decreases enough (Bertsekas, 1982).
// A value or gradient that is not finite counts as a step too long, so that f may refuse arguments.
//
// Complexity: n^3 / 6 + 3 n^2 operations an iteration besides f, of which it calls 1 to 2 as a rule.
// Memory: 16 n^2 + 96 n bytes. Deterministic for a deterministic f.
#pragma once

#include <functional>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

// Returns f(x) and writes its gradient, which has the size of x already.
using BoundedObjective = std::function<double(const std::vector<double>& x, std::vector<double>& gradient)>;

struct BoundedBfgsParams {
    int max_iterations = 500;
    // Converged when no free variable has a larger slope, relative to max(1, |f|), or when three steps in a row lower f by less than
    // value_tolerance * max(1, |f|).
    double gradient_tolerance = 1e-9;
    double value_tolerance = 1e-13;
    double first_step = 0.1;            // length of the first trial, when nothing is known about the curvature
    double sufficient_decrease = 1e-4;

    // Throws kInvalidArgument unless iterations and the first step are positive and tolerances are not negative.
    void check() const;
};

struct BoundedBfgsResult {
    std::vector<double> x;  // best point; usable whatever happened
    double value;
    int iterations;
    int evaluations;
    bool converged;  // false: max_iterations came first, or no better point was found along the direction
};

// Polls before every call of f. Throws kNumericFailure when f or its gradient is not finite at `start`, which is moved onto the bounds,
// kInvalidArgument for bounds of another size or in the wrong order.
BoundedBfgsResult bounded_bfgs_minimize(const BoundedObjective& f, std::vector<double> start, const std::vector<double>& lower,
                                        const std::vector<double>& upper, const BoundedBfgsParams& params, Host& host);

}  // namespace ecom::core

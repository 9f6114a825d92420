// Minimum of a function of one variable on an interval, without derivatives.
//
// Problem: argmin f(x), low <= x <= high. f should have one minimum there; with several, one of
// them is found.
// Method: Brent (1973), "Algorithms for Minimization without Derivatives", chapter 5, localmin: the
// bracket shrinks by the vertex of the parabola through the three best points, or, where that step
// would not halve the step before last, by golden section.
// A value that is not finite counts as worse than any other, so that f may refuse arguments.
//
// Complexity: 10 to 40 calls of f as a rule; at worst the square of what golden section needs.
// Memory: O(1). Deterministic. Same points as R's optimize() and SciPy's fminbound, so that x
// agrees with them within the tolerance.
#pragma once

#include <functional>

#include "core/base/host.hpp"

namespace ecom::core {

struct BrentParams {
    // Stops when x is known to |x| * relative_tolerance + absolute_tolerance. Below the square root
    // of the machine's precision f cannot tell neighbours apart.
    double relative_tolerance = 1.5e-8;
    double absolute_tolerance = 1e-10;
    int max_iterations = 200;

    // Throws kInvalidArgument for tolerances that are not positive, or no iterations.
    void check() const;
};

struct BrentResult {
    double x;
    double value;
    int evaluations;
    bool converged;  // false: max_iterations came first; x is the best point so far
};

// Polls before every call of f. Throws kInvalidArgument when low < high does not hold or an end is
// not finite, kNumericFailure when f was finite nowhere.
BrentResult brent_minimize(const std::function<double(double)>& f, double low, double high,
                           const BrentParams& params, Host& host);

}  // namespace ecom::core

// The bend of a response curve with the least squares, and the carryovers that the data do not refute.
//
// Method: Levenberg (1944) and Marquardt (1963) on the squares with base and beta solved for, within the bounds of
// response_problem.hpp, from the best points of a grid: one with a shape up to 1 and one above, for the two kinds of curve are told
// apart last. Deterministic.
#pragma once

#include <optional>
#include <vector>

#include "core/base/host.hpp"
#include "core/prescribe/response_problem.hpp"

namespace ecom::core {

struct ResponseOptimum {
    Bend bend{};
    ResponseLine line;
    double value = 0.0;  // squares and penalty
};

// Where searches begin; none without a point of finite squares. O(n) for each of 45 powers and 315 sums.
std::vector<Bend> response_starts(ResponseProblem& problem);

// The least of the squares plus variance times the penalty, near `start`. With `fixed_carryover` that of `start` is kept.
ResponseOptimum search_response(ResponseProblem& problem, const Bend& start, double variance, bool fixed_carryover, Host& host);

struct CarryoverInterval {
    double low = 0.0;
    double high = kMaxCarryover;
};

// The carryovers whose best curves have squares of at most `allowance` more than those of `best` (profile likelihood: Venzon and
// Moolgavkar, 1988), to 1e-4. An end that no carryover refutes is a bound.
CarryoverInterval profile_carryover(ResponseProblem& problem, const ResponseOptimum& best, double variance, double allowance, Host& host);

}  // namespace ecom::core

// The slope of the likelihood of exponential smoothing by every parameter and first state, all at once.
//
// Reverse mode: the recursion of ets_run() is run forwards and noted, then its adjoint backwards (Griewank and Walther, 2008,
// "Evaluating Derivatives"). Costs about three runs, however many states there are.
#pragma once

#include <vector>

#include "core/forecast/ets_model.hpp"

namespace ecom::core {

// What one step leaves for the way back.
struct EtsStep {
    double growth;  // before
    double base;    // level and damped growth
    double season;  // before
    double foretold;
    double error;
};

// Kept between evaluations, so that they allocate nothing. 40 bytes a value.
struct EtsTape {
    std::vector<EtsStep> steps;
    std::vector<double> season;
};

struct EtsSlope {
    EtsParams params;  // by alpha, beta, gamma, phi
    EtsState state;    // by level, growth, seasons
};

// -2 log-likelihood of ets_run() from the first state on, infinite where it is; writes its slope where it is finite.
double ets_slope(const EtsKind& kind, const EtsParams& params, const EtsState& first, const std::vector<double>& values,
                 EtsTape& tape, EtsSlope& slope);

}  // namespace ecom::core

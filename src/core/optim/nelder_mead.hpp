// Minimum of a function of a few variables within bounds, without derivatives.
//
// Method: the simplex of Nelder and Mead (1965) with the coefficients of Gao and Han (2012) for the dimension, points outside the
// bounds moved onto them. Stops when the values at the corners differ by less than a tolerance (their standard deviation), or
// after a number of iterations: early stopping is a feature for forecasting, where the exact optimum is not the best forecast.
// A value that is not finite counts as worse than any other. Deterministic. Memory: 8 n (n + 5) bytes.
#pragma once

#include <functional>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

struct NelderMeadParams {
    int max_iterations = 1000;
    double tolerance = 1e-4;  // of the values' standard deviation
    // The first simplex goes this share of a coordinate from the start, and zero_step from a coordinate of 0.
    double relative_step = 0.05;
    double zero_step = 1e-4;
};

struct NelderMeadResult {
    std::vector<double> x;
    double value;
    int iterations;
};

// Polls once in a few iterations. Bounds have the size of the start.
NelderMeadResult nelder_mead_minimize(const std::function<double(const double*)>& f, std::vector<double> start,
                                      const std::vector<double>& lower, const std::vector<double>& upper,
                                      const NelderMeadParams& params, Host& host);

}  // namespace ecom::core

// Platt's scaling: the probability of a label as a logistic function of a score (Platt, 1999).
#pragma once

#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

struct PlattFunction {
    double slope = 0, intercept = 0;  // -A and -B of the paper

    double operator()(double score) const;
};

// With Platt's smoothed targets, by Newton's method with halved steps (Lin, Lin and Weng, 2007). Labels: above 0 is yes. Scores should
// be of the order of 1.
PlattFunction platt_regression(const std::vector<double>& scores, const std::vector<double>& labels, Host& host);

}  // namespace ecom::core

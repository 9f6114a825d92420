// Isotonic regression: the non-decreasing function of a score that is nearest to the labels by least squares.
//
// Pool adjacent violators (Ayer et al., 1955; Barlow et al., 1972). Between the scores that it was fitted on the function is
// linear, beyond them constant, as scikit-learn's is. With labels 0 and 1 it turns scores into probabilities (Zadrozny and
// Elkan, 2002).
#pragma once

#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

struct IsotonicFunction {
    std::vector<double> scores;  // ascending; of a level the first and the last one
    std::vector<double> values;  // at them, non-decreasing

    bool empty() const { return scores.empty(); }
    double operator()(double score) const;
};

// Rows of equal scores count as one with their mean label. O(n log n).
IsotonicFunction isotonic_regression(const std::vector<double>& scores, const std::vector<double>& labels, Host& host);

// Whether decoded parts may be such a function: as many values as scores, finite, scores rising, values not falling.
bool is_isotonic(const IsotonicFunction& function);

}  // namespace ecom::core

// Quadratic problems with a penalty on absolute values: what an elastic net comes down to.
#pragma once

#include <cstddef>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

// Minimise b'Hb / 2 - r'b + sum over k > 0 of (l1 |b_k| + l2 b_k^2 / 2); the first coefficient, an intercept, bears no penalty.
struct QuadraticNet {
    const double* matrix;  // H: width x width, symmetric, positive semidefinite
    const double* right;   // r
    std::size_t width;
    double l1 = 0, l2 = 0;
    double scale = 1;      // of the objective: steps that gain less than 1e-20 of it are none
};

// By coordinate descent with the gradient kept up to date ("covariance updates": Friedman, Hastie and Tibshirani, 2010), from the
// coefficients given. Columns with an empty diagonal get 0. Throws kNumericFailure where a million rounds do not settle it.
void minimise(const QuadraticNet& net, double* coefficients, Host& host);

}  // namespace ecom::core

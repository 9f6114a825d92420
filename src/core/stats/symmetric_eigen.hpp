// Eigenvalues and eigenvectors of a symmetric matrix, stoppable at any time.
#pragma once

#include <cstddef>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

struct SymmetricEigen {
    std::vector<double> values;   // descending
    std::vector<double> vectors;  // n x n by columns, in the order of the values; orthonormal
};

// `matrix`: n x n by columns, finite, only the lower triangle is read. Householder reduction to tridiagonal form,
// then implicit QL (Golub and Van Loan, 2013, 8.3). O(n^3); needs 3 n^2 numbers besides the result. Throws
// kNumericFailure when the iteration does not converge.
SymmetricEigen symmetric_eigen(const std::vector<double>& matrix, std::size_t n, Host& host);

}  // namespace ecom::core

// The one way to include Eigen.
//
// Eigen's own assertions end the process, which in a server ends every connection. Here they throw.
#pragma once

#if defined(EIGEN_CORE_H) || defined(EIGEN_MACROS_H)
#error "include core/base/eigen.hpp, never <Eigen/...>"
#endif

#include "core/base/error.hpp"

#define eigen_assert(condition)                                                 \
    do {                                                                        \
        if (!(condition))                                                       \
            throw ::ecom::core::Error(::ecom::core::ErrorCode::kNumericFailure, \
                                      "matrix operation failed its check", {},  \
                                      "Failed condition: " #condition ".");     \
    } while (false)

#include <Eigen/Dense>

// Memory is counted before it is allocated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "core/base/error.hpp"
#include "core/base/host.hpp"

namespace ecom::core {

// Sizes that saturate instead of wrapping: an overflowing request must fail the budget check, not
// pass it as a small number.
inline std::size_t add_size(std::size_t a, std::size_t b) {
    std::size_t sum;
    return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::size_t>::max() : sum;
}

inline std::size_t mul_size(std::size_t a, std::size_t b) {
    std::size_t product;
    return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::size_t>::max()
                                                  : product;
}

// Throws kLimitExceeded when `bytes` is more than the host grants. `what` names the purpose in the
// message, e.g. "scoring 1000000 customers".
inline void require_memory(const Host& host, std::size_t bytes, const std::string& what) {
    const std::size_t limit = host.memory_limit();
    if (bytes <= limit) return;
    const auto megabytes = [](std::size_t b) { return std::to_string((b >> 20) + 1); };
    throw Error(ErrorCode::kLimitExceeded,
                "memory required for " + what + " is " + megabytes(bytes) +
                    " MB, ecom_analytics.memory_limit is " + std::to_string(limit >> 20) + " MB",
                "Raise ecom_analytics.memory_limit, or work on fewer rows at a time.");
}

}  // namespace ecom::core

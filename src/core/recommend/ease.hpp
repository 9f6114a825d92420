// EASE: the linear item model with a zero diagonal, in closed form (Steck, 2019, "Embarrassingly shallow autoencoders").
//
// P = (X' D X + lambda I)^-1, B_ij = -P_ij / P_jj, B_jj = 0 (D = u_c^-damping on the diagonal). Of each column the k largest
// |B_ij| are kept, of either sign: more of them change no ranking that matters.
//
// P is computed in place by the sweep operator over blocks (Goodnight, 1979): one block of rows and columns at a time is
// exchanged, the rest of the lower triangle updated by products of blocks, which all threads share. Every block is one sum in a fixed
// order: results are the same for any number of threads. Double precision up to kDoubleItems items, single beyond.
//
// Time items^3 multiplications. Memory 8 items^2 bytes, 4 in single precision, checked before it starts.
#pragma once

#include "core/recommend/item_weights.hpp"

namespace ecom::core {

struct EaseParams {
    double lambda = 200.0;
    double damping = 0.0;
    std::int32_t k = 100;             // weights kept of each column
    std::int32_t max_items = 10000;

    static constexpr std::size_t kDoubleItems = 5000;

    void check() const;
};

std::size_t ease_bytes(std::size_t items);

// Throws kLimitExceeded for more items than max_items.
ItemWeights fit_ease(const InteractionMatrix& matrix, const EaseParams& params, Host& host);

}  // namespace ecom::core

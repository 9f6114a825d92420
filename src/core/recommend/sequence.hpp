// Directed co-occurrence: what users bought after an item, and how soon.
//
// A user's items in the order of their times; items of one time are one step. Weight i -> j: the sum over users who bought j
// 1 to max_distance steps after i of 1 / distance, over sqrt(n_i n_j). Of each item the k largest.
// Time O(sum of u_c * items within max_distance steps); memory 12 bytes an item and thread.
#pragma once

#include "core/recommend/item_weights.hpp"

namespace ecom::core {

struct SequenceParams {
    std::int32_t k = 100;
    std::int32_t max_distance = 5;
    std::int32_t min_users = 1;

    void check() const;
};

ItemWeights fit_sequence(const InteractionMatrix& matrix, const SequenceParams& params, Host& host);

}  // namespace ecom::core

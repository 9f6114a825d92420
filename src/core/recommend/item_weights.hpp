// What a linear item model has learned: for each item that a user owns, how much it speaks for other items.
//
// The score of target j for a user is the sum of the weights i -> j over the items i that the user owns.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/host.hpp"
#include "core/recommend/matrix.hpp"

namespace ecom::core {

struct ItemWeight {
    std::uint32_t target;
    std::uint32_t users;  // that had both
    double weight;
};

// Weights of source i: all[begin[i] .. begin[i + 1]), by ascending target.
struct ItemWeights {
    std::vector<std::size_t> begin{0};
    std::vector<ItemWeight> all;
};

// A weight as it is found, by target.
struct SourceWeight {
    std::uint32_t source;
    std::uint32_t users;
    double weight;
};

// Lists by target turned into lists by source.
ItemWeights by_source(const std::vector<std::vector<SourceWeight>>& by_target, Host& host);

// u_c^-damping for every user; empty for damping 0.
std::vector<double> damped_user_weights(const InteractionMatrix& matrix, double damping);

}  // namespace ecom::core

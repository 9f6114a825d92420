// Local ridge: each item predicted from its K most similar ones by ridge regression.
//
// For target j, with G = X' D X (D = u_c^-damping on the diagonal) and S the K items most cosine-similar to j in G that occur
// with it: solve (G_SS + lambda I) w = G_Sj; w are the weights S -> j. It is EASE (Steck, 2019) restricted to neighbourhoods,
// the closed form of fsSLIM (Ning and Karypis, 2011): with K of all items it equals EASE but for items that never occur with j.
//
// Time O(sum of u_c^2) for G and O(items K^3) for the systems. Memory: G once, in single precision, as a packed triangle
// (2 items^2 bytes) or, where that is more than half the limit, as sparse rows (8 bytes for each pair that occurs).
#pragma once

#include "core/recommend/item_weights.hpp"

namespace ecom::core {

struct LocalRidgeParams {
    std::int32_t k = 100;
    double lambda = 200.0;
    double damping = 0.0;
    std::int32_t min_users = 1;  // of both items of a pair

    void check() const;
};

ItemWeights fit_local_ridge(const InteractionMatrix& matrix, const LocalRidgeParams& params, Host& host);

}  // namespace ecom::core

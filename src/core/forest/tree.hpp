// A decision tree in arrays, nodes in depth-first order: the left child follows its parent.
#pragma once

#include <cstdint>
#include <vector>

namespace ecom::core {

struct TreeNode {
    std::int32_t feature;     // -1: leaf
    std::uint32_t right;      // index of the right child
    double threshold;         // v <= threshold goes left
    double value;             // mean of the rows in the node; what a leaf predicts
    std::uint32_t cover;      // training rows
    bool missing_left;        // where a missing value goes
};

using Tree = std::vector<TreeNode>;

}  // namespace ecom::core

// A decision tree in arrays, nodes in depth-first order: the left child follows its parent.
#pragma once

#include <cstdint>
#include <vector>

namespace ecom::core {

struct TreeNode {
    std::int32_t feature;     // -1: leaf
    std::uint32_t right;      // index of the right child
    double threshold;         // v <= threshold goes left
    double value;             // what a leaf predicts
    std::uint32_t cover;      // training rows
    bool missing_left;        // where a missing value goes
};

constexpr std::uint32_t kMaxTreeDepth = 64;  // what "no limit" means

using Tree = std::vector<TreeNode>;

}  // namespace ecom::core

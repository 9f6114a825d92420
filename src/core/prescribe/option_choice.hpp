// Which of several options to take for each of many items under one budget: the multiple-choice knapsack problem.
//
// Problem: at most one option an item, so that the values of those taken add up to the most while their costs stay within
// the budget. Options without a positive value are never taken.
// Method: exact by dynamic programming over the budget in whole cents, divided by the costs' common divisor (Kellerer, Pferschy and
// Pisinger, 2004, 11.5), where options x budget allow it. Else only options on the upper concave hull of an item's (cost, value) points, begun at (0, 0), can matter to the relaxed
// problem; steps from one to the next are taken over all items by value per cost (Sinha and Zoltners, 1979). A step that does not
// fit ends its item, and smaller ones of others are still tried. The relaxed problem, in which one step may be taken
// in part, bounds what any choice could be worth.
//
// Complexity: O(m x budget) exact, O(m log m) greedy, for m options in all. Memory: a byte for each item and step of the budget, or
// 40 bytes an option. Deterministic: of equal steps the item given
// first comes first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

// Options of all items one after another; those of item i are [begin[i], begin[i + 1]). NaN: not on offer.
struct OptionTable {
    std::vector<std::size_t> begin{0};
    std::vector<double> value;
    std::vector<double> cost;

    std::size_t items() const { return begin.size() - 1; }
};

struct OptionChoice {
    std::vector<std::int32_t> option;  // by item: 0 for the first of its options; -1 for none
    double value = 0.0;
    double cost = 0.0;
    bool is_optimal = true;  // proven: no gap
    double max_gap = 0.0;    // no other choice is worth more than value + max_gap
};

// Throws kInvalidArgument for a negative budget or cost, kNonFiniteInput for infinities.
OptionChoice choose_options(const OptionTable& table, double budget, Host& host);

}  // namespace ecom::core

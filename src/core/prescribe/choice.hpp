// Which of many offers to make under one budget: the 0/1 knapsack problem.
//
// Problem: maximise the sum of the values of chosen items whose costs stay within the budget. Items without
// a positive value are never chosen.
// Method: exact by dynamic programming over the budget in whole cents, divided by the costs' common divisor
// (Bellman, 1957), where items x budget allow it. Else greedy by value per cost (Dantzig, 1957): the relaxed
// problem, in which one item may be taken in part, gives an upper bound, and the distance to it is reported.
//
// Complexity: O(n x budget) exact, O(n log n) greedy. Memory: one bit for each item and step of the budget,
// or 16 bytes an item. Deterministic: items of equal value and cost are taken in the order given.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

struct Offer {
    double value;  // NaN: unknown, never chosen
    double cost;   // NaN: unknown, never chosen
};

struct Choice {
    std::vector<bool> chosen;  // as many as offers
    double value = 0.0;
    double cost = 0.0;
    bool is_optimal = true;    // proven: by dynamic programming, or no gap
    double max_gap = 0.0;      // no other choice is worth more than value + max_gap
};

// Throws kInvalidArgument for a budget or cost that is negative, kNonFiniteInput for infinities.
Choice choose_within_budget(const std::vector<Offer>& offers, double budget, Host& host);

}  // namespace ecom::core

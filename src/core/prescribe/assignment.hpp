// Which supplier serves which place, for the least cost, so that enough arrives as promised.
//
// Problem: each place gets exactly one of the options offered for it; the cost is least, the mean quality over all units is at
// least the target, and no option gets more units than its capacity (the generalised assignment problem with one side
// constraint; the assignment problem where quantities and capacities are 1, warehouses and regions where they are not).
// Method: depth-first branch and bound (Land and Doig, 1960). The bound is that of the Lagrangian relaxation of the target
// (Fisher, 1981) at its best multiplier, with capacities left out; the least cost without the target is the second one.
//
// Complexity: exponential at worst, some thousand nodes for tens of places; stops after kMaxAssignmentNodes with the best found and
// the gap to the bound. Memory: 88 bytes an offer, the offers included. Deterministic: places and options are tried in the order of size, cost and key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

constexpr std::int64_t kMaxAssignmentNodes = 4'000'000;
constexpr std::size_t kMaxAssignmentPlaces = 5000;

struct AssignmentOffer {
    std::int64_t place;
    std::int64_t option;
    double quantity;  // units that the place needs; the same in all offers for it
    double cost;      // of one unit; NaN: not on offer
    double quality;   // share of units that arrive as promised, 0 .. 1; NaN: not on offer
    double capacity;  // units that the option can take in all; infinity: no limit
};

struct Assignment {
    std::vector<bool> chosen;   // by offer
    bool is_feasible = false;   // false: nothing is chosen
    bool is_optimal = false;    // proven
    double cost = 0.0;
    double quality = 0.0;       // mean over all units; of the best that can be reached where nothing is feasible, capacities left out
    double max_gap = 0.0;       // no other assignment is cheaper by more than this
};

// target: least mean quality, 0 .. 1. Throws kInvalidArgument for values without meaning or a place with two quantities,
// kLimitExceeded for too many places.
Assignment assign_cheapest(const std::vector<AssignmentOffer>& offers, double target, Host& host);

}  // namespace ecom::core

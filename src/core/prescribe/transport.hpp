// How many units each supplier sends to each place, for the least cost, so that enough arrives as promised.
//
// Problem: as assign_cheapest, but a place may be served by several options (the transportation problem of Hitchcock, 1941, with
// one side constraint).
// Method: successive shortest paths with potentials (Edmonds and Karp, 1972). The target is priced: of costs less a price for each unit
// that arrives as promised, the price is raised along the crossing of the two best plans on either side of the target until
// no plan is better at the crossing; then the mix of both that meets the target exactly is optimal (linear programming duality).
//
// Complexity: some places + options shortest paths of O(offers + options^2) for each price, of which there are about ten. Memory: 90 bytes an
// offer. Deterministic for a given order of the offers.
#pragma once

#include <cstddef>
#include <vector>

#include "core/base/host.hpp"
#include "core/prescribe/assignment.hpp"

namespace ecom::core {

struct Transport {
    std::vector<double> amount;  // by offer
    bool is_feasible = false;    // false: all amounts are 0, and no plan meets target and capacities
    double cost = 0.0;
    double quality = 0.0;        // mean over all units; the best that can be reached where nothing is feasible
    double quality_price = 0.0;  // what one more unit that arrives as promised would cost
};

// target: least mean quality, 0 .. 1. Throws as assign_cheapest does.
Transport transport_cheapest(const std::vector<AssignmentOffer>& offers, double target, Host& host);

}  // namespace ecom::core

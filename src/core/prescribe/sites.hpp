// Which sites to open, so that all places are as near as possible to one.
//
// Problem: open a given number of the sites and serve each place from the nearest, with the least sum of weight x distance (the p-median
// problem of Hakimi, 1964).
// Method: all combinations where they are few. Else greedy, improved by exchanging an open site for a closed one while that helps (Teitz and
// Bart, 1968); the Lagrangian bound of the assignment constraints, raised by subgradient steps (Cornuejols, Fisher and Nemhauser, 1977),
// says how far from the best that may be.
//
// Complexity: O(places x combinations), or O(places x sites) for each of some exchanges and 200 steps of the bound.
// Memory: 8 bytes for each pair of a place and a site. Deterministic: sites are tried in the order of their keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

struct SiteOffer {
    std::int64_t place;
    std::int64_t site;
    double weight;    // of the place, such as its orders; the same in all its rows
    double distance;  // or cost of a unit; NaN: the site cannot serve the place
};

struct SiteChoice {
    std::vector<bool> is_open;    // by offer: its site is open
    std::vector<bool> is_chosen;  // by offer: its place is served by its site
    bool is_feasible = false;     // false: nothing is open, for some place would not be served
    bool is_optimal = false;      // proven
    double total = 0.0;           // sum of weight x distance
    double max_gap = 0.0;         // no other choice is better by more than this
};

// Throws kInvalidArgument for values without meaning, a place with two weights, a pair that comes twice, or fewer than 1 site.
SiteChoice choose_sites(const std::vector<SiteOffer>& offers, std::int64_t open, Host& host);

}  // namespace ecom::core

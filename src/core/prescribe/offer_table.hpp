// Offers of options for places as a table: checked, with places and options numbered.
#pragma once

#include <cstddef>
#include <vector>

#include "core/base/host.hpp"
#include "core/prescribe/assignment.hpp"

namespace ecom::core {

struct NumberedOffer {
    std::size_t offer;   // place in the list given
    std::size_t option;
    double cost;         // of one unit
    double quality;
};

struct OfferedPlace {
    double quantity;
    std::vector<NumberedOffer> offers;  // those with a cost and a quality
};

struct OfferTable {
    std::vector<OfferedPlace> places;  // by key
    std::vector<double> capacity;      // by option, in the order in which they come
    double units = 0.0;

    // Whether each place has an offer.
    bool is_served() const;
};

// Throws kInvalidArgument for values without meaning, a place with two quantities or an option with two capacities, kLimitExceeded for
// too many places.
OfferTable offer_table(const std::vector<AssignmentOffer>& offers, double target, Host& host);

}  // namespace ecom::core

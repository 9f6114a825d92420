#include "core/prescribe/offer_table.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

void require(bool holds, const std::string& message, const char* hint) {
    if (!holds) throw Error(ErrorCode::kInvalidArgument, message, hint);
}

}  // namespace

bool OfferTable::is_served() const {
    return std::none_of(places.begin(), places.end(), [](const OfferedPlace& place) { return place.offers.empty(); });
}

OfferTable offer_table(const std::vector<AssignmentOffer>& offers, double target, Host& host) {
    require(target >= 0 && target <= 1, "target must lie between 0 and 1", "Write 95 percent as 0.95.");
    require_memory(host, mul_size(offers.size(), sizeof(AssignmentOffer) + sizeof(NumberedOffer)), "assigning " + std::to_string(offers.size()) + " offers");
    PollEvery poll(host);
    std::map<std::int64_t, OfferedPlace> by_key;
    std::map<std::int64_t, std::size_t> option_place;
    OfferTable table;
    for (std::size_t i = 0; i < offers.size(); ++i) {
        poll();
        const AssignmentOffer& offer = offers[i];
        require(std::isfinite(offer.quantity) && offer.quantity >= 0, "quantity of a place must be a number from 0", "Pass the units that it needs.");
        const auto [found, is_new] = by_key.try_emplace(offer.place, OfferedPlace{offer.quantity, {}});
        require(is_new || found->second.quantity == offer.quantity, "place " + std::to_string(offer.place) + " has different quantities",
                "Pass the units that the place needs in each of its rows.");
        if (is_new) table.units += offer.quantity;
        if (std::isnan(offer.cost) || std::isnan(offer.quality)) continue;
        require(std::isfinite(offer.cost) && offer.cost >= 0, "cost of an offer must be a number from 0", "Pass NULL where it is not on offer.");
        require(offer.quality >= 0 && offer.quality <= 1, "quality of an offer must lie between 0 and 1", "Pass NULL where it is not on offer.");
        require(offer.capacity >= 0, "capacity of an option must be 0 or more", "Pass NULL for no limit.");
        const auto [option, is_first] = option_place.try_emplace(offer.option, table.capacity.size());
        if (is_first) table.capacity.push_back(offer.capacity);
        require(table.capacity[option->second] == offer.capacity, "option " + std::to_string(offer.option) + " has different capacities",
                "Pass the units that the option can take in all in each of its rows.");
        found->second.offers.push_back({i, option->second, offer.cost, offer.quality});
    }
    for (auto& [key, place] : by_key) table.places.push_back(std::move(place));
    if (table.places.size() > kMaxAssignmentPlaces)
        throw Error(ErrorCode::kLimitExceeded, "more than " + std::to_string(kMaxAssignmentPlaces) + " places to assign",
                    "Take places of one kind together, as the cities of a region.");
    return table;
}

}  // namespace ecom::core

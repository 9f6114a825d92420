#include "core/prescribe/assignment.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void require(bool holds, const std::string& message, const char* hint) {
    if (!holds) throw Error(ErrorCode::kInvalidArgument, message, hint);
}

// An option for a place, with figures for all its units.
struct Choice {
    std::size_t offer;
    std::size_t option;
    double quantity;
    double cost;
    double good;  // units that arrive as promised
};

struct Place {
    std::int64_t key;
    double quantity;
    std::vector<Choice> choices;
};

class Search {
public:
    Search(std::vector<Place> places, std::vector<double> capacity, double target, Host& host)
        : places_(std::move(places)), left_(std::move(capacity)), host_(host) {
        for (const Place& place : places_) need_ += target * place.quantity;
        // What rounding takes from a sum of shares is not short of the target.
        need_ -= 1e-9 * std::max(1.0, need_);
        for (double& capacity : left_) capacity += 1e-9 * capacity;
        least_cost_ = suffix([](const Choice& c) { return c.cost; });
        most_good_ = suffix([](const Choice& c) { return -c.good; });
        set_multiplier();
        for (Place& place : places_)
            std::sort(place.choices.begin(), place.choices.end(), [&](const Choice& a, const Choice& b) {
                const double left = priced(a), right = priced(b);
                return left != right ? left < right : a.offer < b.offer;
            });
    }

    double most_good() const { return -most_good_.front(); }
    double need() const { return need_; }

    Assignment run(std::size_t offers, double units) {
        Assignment result;
        result.chosen.assign(offers, false);
        result.quality = units > 0 ? most_good() / units : 0.0;
        if (most_good() < need_) {
            result.is_optimal = true;
            return result;
        }
        path_.assign(places_.size(), 0);
        const double root = bound(0, 0.0, 0.0);
        descend(0, 0.0, 0.0);
        const bool finished = nodes_ < kMaxAssignmentNodes;
        result.is_optimal = finished;
        if (best_path_.empty() && !places_.empty()) return result;
        result.is_feasible = true;
        result.cost = best_;
        result.max_gap = finished ? 0.0 : std::max(0.0, best_ - root);
        double good = 0.0;
        for (std::size_t p = 0; p < places_.size(); ++p) {
            const Choice& choice = places_[p].choices[best_path_[p]];
            result.chosen[choice.offer] = true;
            good += choice.good;
        }
        result.quality = units > 0 ? good / units : 0.0;
        return result;
    }

private:
    // Sums from a place to the last of the least figure of each.
    template <typename F>
    std::vector<double> suffix(F figure) const {
        std::vector<double> sums(places_.size() + 1, 0.0);
        for (std::size_t p = places_.size(); p-- > 0;) {
            double least = kInfinity;
            for (const Choice& choice : places_[p].choices) least = std::min(least, figure(choice));
            sums[p] = sums[p + 1] + least;
        }
        return sums;
    }

    double priced(const Choice& choice) const { return choice.cost - multiplier_ * choice.good; }

    // The multiplier of the target with the highest bound: the bound is concave in it.
    void set_multiplier() {
        const auto value = [&](double multiplier) {
            multiplier_ = multiplier;
            return suffix([&](const Choice& c) { return priced(c); }).front() + multiplier * need_;
        };
        double low = 0.0, high = 1.0;
        for (int i = 0; i < 60 && value(2 * high) > value(high); ++i) {
            host_.poll();
            high *= 2;
        }
        high *= 2;
        // 100 thirds leave nothing that a double could tell.
        for (int i = 0; i < 100; ++i) {
            host_.poll();
            const double left = low + (high - low) / 3, right = high - (high - low) / 3;
            const bool is_rising = value(left) < value(right);
            (is_rising ? low : high) = is_rising ? left : right;
        }
        multiplier_ = low + (high - low) / 2;
        priced_cost_ = suffix([&](const Choice& c) { return priced(c); });
    }

    double bound(std::size_t p, double cost, double good) const {
        return cost + std::max(least_cost_[p], priced_cost_[p] + multiplier_ * (need_ - good));
    }

    void descend(std::size_t p, double cost, double good) {
        if (++nodes_ % 1024 == 0) host_.poll();
        if (nodes_ >= kMaxAssignmentNodes) return;
        if (p == places_.size()) {
            if (good < need_) return;
            best_ = cost;
            best_path_ = path_;
            return;
        }
        for (std::size_t c = 0; c < places_[p].choices.size(); ++c) {
            const Choice& choice = places_[p].choices[c];
            if (choice.quantity > left_[choice.option]) continue;
            const double next_cost = cost + choice.cost, next_good = good + choice.good;
            if (next_good - most_good_[p + 1] < need_) continue;
            // Nothing that is better by rounding only.
            if (bound(p + 1, next_cost, next_good) >= best_ - 1e-12 * std::abs(best_)) continue;
            path_[p] = c;
            left_[choice.option] -= choice.quantity;
            descend(p + 1, next_cost, next_good);
            left_[choice.option] += choice.quantity;
        }
    }

    std::vector<Place> places_;
    std::vector<double> left_;  // capacity, by option
    Host& host_;
    double need_ = 0.0;
    double multiplier_ = 0.0;
    std::vector<double> least_cost_, most_good_, priced_cost_;
    std::vector<std::size_t> path_, best_path_;
    double best_ = std::numeric_limits<double>::max();
    std::int64_t nodes_ = 0;
};

}  // namespace

Assignment assign_cheapest(const std::vector<AssignmentOffer>& offers, double target, Host& host) {
    require(target >= 0 && target <= 1, "target must lie between 0 and 1", "Write 95 percent as 0.95.");
    require_memory(host, mul_size(offers.size(), sizeof(AssignmentOffer) + sizeof(Choice)), "assigning " + std::to_string(offers.size()) + " offers");
    PollEvery poll(host);
    std::map<std::int64_t, Place> by_key;
    std::map<std::int64_t, std::size_t> option_place;
    std::vector<double> capacity;
    double units = 0.0;
    for (std::size_t i = 0; i < offers.size(); ++i) {
        poll();
        const AssignmentOffer& offer = offers[i];
        require(std::isfinite(offer.quantity) && offer.quantity >= 0, "quantity of a place must be a number from 0", "Pass the units that it needs.");
        const auto [found, is_new] = by_key.try_emplace(offer.place, Place{offer.place, offer.quantity, {}});
        require(is_new || found->second.quantity == offer.quantity, "place " + std::to_string(offer.place) + " has different quantities",
                "Pass the units that the place needs in each of its rows.");
        if (is_new) units += offer.quantity;
        if (std::isnan(offer.cost) || std::isnan(offer.quality)) continue;
        require(std::isfinite(offer.cost) && offer.cost >= 0, "cost of an offer must be a number from 0", "Pass NULL where it is not on offer.");
        require(offer.quality >= 0 && offer.quality <= 1, "quality of an offer must lie between 0 and 1", "Pass NULL where it is not on offer.");
        require(offer.capacity >= 0, "capacity of an option must be 0 or more", "Pass NULL for no limit.");
        const auto [option, is_first] = option_place.try_emplace(offer.option, capacity.size());
        if (is_first) capacity.push_back(offer.capacity);
        require(capacity[option->second] == offer.capacity, "option " + std::to_string(offer.option) + " has different capacities",
                "Pass the units that the option can take in all in each of its rows.");
        found->second.choices.push_back({i, option->second, offer.quantity, offer.cost * offer.quantity, offer.quality * offer.quantity});
    }
    Assignment none;
    none.chosen.assign(offers.size(), false);
    none.is_optimal = true;
    std::vector<Place> places;
    for (auto& [key, place] : by_key) {
        // Nobody serves it.
        if (place.choices.empty()) return none;
        places.push_back(std::move(place));
    }
    if (places.size() > kMaxAssignmentPlaces)
        throw Error(ErrorCode::kLimitExceeded, "more than " + std::to_string(kMaxAssignmentPlaces) + " places to assign",
                    "Take places of one kind together, as the cities of a region.");
    std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.quantity > b.quantity; });
    return Search(std::move(places), std::move(capacity), target, host).run(offers.size(), units);
}

}  // namespace ecom::core

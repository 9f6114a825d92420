#include "core/prescribe/assignment.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/prescribe/offer_table.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// An option for a place, with figures for all its units.
struct Choice {
    std::size_t offer;
    std::size_t option;
    double quantity;
    double cost;
    double good;  // units that arrive as promised
};

struct Place {
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
    OfferTable table = offer_table(offers, target, host);
    Assignment none;
    none.chosen.assign(offers.size(), false);
    none.is_optimal = true;
    if (!table.is_served()) return none;
    std::vector<Place> places;
    places.reserve(table.places.size());
    for (const OfferedPlace& place : table.places) {
        Place& to = places.emplace_back(Place{place.quantity, {}});
        for (const NumberedOffer& offer : place.offers)
            to.choices.push_back({offer.offer, offer.option, place.quantity, offer.cost * place.quantity, offer.quality * place.quantity});
    }
    std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.quantity > b.quantity; });
    return Search(std::move(places), std::move(table.capacity), target, host).run(offers.size(), table.units);
}

}  // namespace ecom::core

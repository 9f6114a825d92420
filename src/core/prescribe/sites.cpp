#include "core/prescribe/sites.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <string>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kExactSteps = 5e7;  // places x combinations that are all tried
constexpr int kBoundSteps = 200;
constexpr int kPatience = 15;  // steps of the bound without a better one before they are halved

void require(bool holds, const std::string& message, const char* hint) {
    if (!holds) throw Error(ErrorCode::kInvalidArgument, message, hint);
}

using Sites = std::vector<std::size_t>;

class Problem {
public:
    Problem(const std::vector<SiteOffer>& offers, Host& host) : poll_(host), host_(host) {
        std::map<std::int64_t, std::size_t> site_number, place_number;
        for (const SiteOffer& offer : offers) {
            poll_();
            require(std::isfinite(offer.weight) && offer.weight >= 0, "weight of a place must be a number from 0", "Pass its orders, or what counts.");
            require(std::isnan(offer.distance) || (std::isfinite(offer.distance) && offer.distance >= 0), "distance must be a number from 0",
                    "Pass NULL where the site cannot serve the place.");
            place_number.emplace(offer.place, 0);
            site_number.emplace(offer.site, 0);
        }
        std::size_t n = 0;
        for (auto& [key, number] : site_number) number = n++;
        n = 0;
        for (auto& [key, number] : place_number) number = n++;
        sites_ = site_number.size();
        places_ = place_number.size();
        require_memory(host, mul_size(mul_size(places_, sites_), sizeof(double)), "choosing among " + std::to_string(sites_) + " sites");
        cost_.assign(places_ * sites_, -1.0);
        std::vector<double> weight(places_, -1.0), dearest(places_, 0.0);
        for (const SiteOffer& offer : offers) {
            poll_();
            const std::size_t place = place_number[offer.place], site = site_number[offer.site];
            require(weight[place] < 0 || weight[place] == offer.weight, "place " + std::to_string(offer.place) + " has different weights",
                    "Pass the weight of the place in each of its rows.");
            weight[place] = offer.weight;
            double& cost = cost_[place * sites_ + site];
            require(cost < 0, "place " + std::to_string(offer.place) + " and site " + std::to_string(offer.site) + " come twice", "Pass one row for each pair.");
            cost = std::isnan(offer.distance) ? std::numeric_limits<double>::infinity() : offer.weight * offer.distance;
            if (std::isfinite(cost)) dearest[place] = std::max(dearest[place], cost);
            pair_.push_back(place * sites_ + site);
        }
        // A place that is not served costs more than all others together can, so that as few as possible are not.
        unserved_ = 1.0 + 2.0 * std::accumulate(dearest.begin(), dearest.end(), 0.0);
        for (double& cost : cost_)
            if (!(cost >= 0 && std::isfinite(cost))) cost = unserved_;
    }

    std::size_t sites() const { return sites_; }
    bool is_feasible(double total) const { return total < unserved_; }

    double combinations(std::size_t open) const {
        double count = 1.0;
        for (std::size_t i = 0; i < open; ++i) count *= static_cast<double>(sites_ - i) / static_cast<double>(i + 1);
        return count;
    }
    bool is_small(std::size_t open) const { return combinations(open) * static_cast<double>(places_) <= kExactSteps / static_cast<double>(open); }

    Sites try_all(std::size_t open) {
        Sites now(open), best;
        std::iota(now.begin(), now.end(), 0);
        double least = std::numeric_limits<double>::infinity();
        for (;;) {
            const double total = total_of(now);
            if (total < least) {
                least = total;
                best = now;
            }
            std::size_t i = open;
            while (i > 0 && now[i - 1] == sites_ - open + i - 1) --i;
            if (i == 0) return best;
            ++now[i - 1];
            for (; i < open; ++i) now[i] = now[i - 1] + 1;
        }
    }

    Sites search(std::size_t open) {
        Sites chosen;
        std::vector<bool> is_open(sites_);
        std::vector<double> nearest(places_, std::numeric_limits<double>::infinity());
        while (chosen.size() < open) {
            std::size_t best = 0;
            double least = std::numeric_limits<double>::infinity();
            for (std::size_t j = 0; j < sites_; ++j) {
                if (is_open[j]) continue;
                double total = 0.0;
                for (std::size_t i = 0; i < places_; ++i) {
                    poll_();
                    total += std::min(nearest[i], cost_[i * sites_ + j]);
                }
                if (total < least) {
                    least = total;
                    best = j;
                }
            }
            is_open[best] = true;
            chosen.push_back(best);
            for (std::size_t i = 0; i < places_; ++i) nearest[i] = std::min(nearest[i], cost_[i * sites_ + best]);
        }
        double total = total_of(chosen);
        for (bool has_improved = true; has_improved;) {
            has_improved = false;
            for (std::size_t j = 0; j < sites_; ++j) {
                if (is_open[j]) continue;
                std::size_t out = open;
                double least = total * (1 - 1e-12);
                for (std::size_t k = 0; k < open; ++k) {
                    const std::size_t kept = chosen[k];
                    chosen[k] = j;
                    const double with = total_of(chosen);
                    chosen[k] = kept;
                    if (with < least) {
                        least = with;
                        out = k;
                    }
                }
                if (out == open) continue;
                is_open[chosen[out]] = false;
                is_open[j] = true;
                chosen[out] = j;
                total = total_of(chosen);
                has_improved = true;
            }
        }
        std::sort(chosen.begin(), chosen.end());
        return chosen;
    }

    // No choice has a smaller sum. `total` is that of the best known.
    double lower_bound(std::size_t open, double total) {
        std::vector<double> price(places_), saving(sites_);
        for (std::size_t i = 0; i < places_; ++i)
            price[i] = *std::min_element(cost_.begin() + static_cast<std::ptrdiff_t>(i * sites_), cost_.begin() + static_cast<std::ptrdiff_t>((i + 1) * sites_));
        Sites order(sites_);
        double best = 0.0, scale = 1.0;
        int waited = 0;
        for (int step = 0; step < kBoundSteps; ++step) {
            host_.poll();
            std::fill(saving.begin(), saving.end(), 0.0);
            for (std::size_t i = 0; i < places_; ++i)
                for (std::size_t j = 0; j < sites_; ++j) {
                    poll_();
                    saving[j] += std::min(0.0, cost_[i * sites_ + j] - price[i]);
                }
            std::iota(order.begin(), order.end(), 0);
            std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return saving[a] != saving[b] ? saving[a] < saving[b] : a < b; });
            double bound = std::accumulate(price.begin(), price.end(), 0.0);
            for (std::size_t k = 0; k < open; ++k) bound += saving[order[k]];
            if (bound > best) {
                best = bound;
                waited = 0;
            } else if (++waited == kPatience) {
                scale /= 2;
                waited = 0;
            }
            if (total - best <= 1e-12 * total) break;
            // How often each place is served by the sites that the prices open, against once.
            std::vector<double> excess(places_, 1.0);
            double squares = 0.0;
            for (std::size_t i = 0; i < places_; ++i) {
                for (std::size_t k = 0; k < open; ++k)
                    if (cost_[i * sites_ + order[k]] < price[i]) excess[i] -= 1.0;
                squares += excess[i] * excess[i];
            }
            if (!(squares > 0.0)) break;
            for (std::size_t i = 0; i < places_; ++i) price[i] = std::max(0.0, price[i] + scale * (total - bound) / squares * excess[i]);
        }
        return std::min(best, total);
    }

    double total_of(const Sites& chosen) {
        double total = 0.0;
        for (std::size_t i = 0; i < places_; ++i) {
            poll_(chosen.size());
            total += cost_[i * sites_ + nearest(i, chosen)];
        }
        return total;
    }

    void mark(const Sites& chosen, SiteChoice& result) {
        std::vector<bool> is_open(sites_);
        for (const std::size_t j : chosen) is_open[j] = true;
        for (std::size_t k = 0; k < pair_.size(); ++k) {
            const std::size_t place = pair_[k] / sites_, site = pair_[k] % sites_;
            result.is_open[k] = is_open[site];
            result.is_chosen[k] = is_open[site] && nearest(place, chosen) == site;
        }
    }

private:
    std::size_t nearest(std::size_t place, const Sites& chosen) const {
        std::size_t best = chosen.front();
        for (const std::size_t j : chosen)
            if (cost_[place * sites_ + j] < cost_[place * sites_ + best]) best = j;
        return best;
    }

    PollEvery poll_;
    Host& host_;
    std::size_t sites_ = 0, places_ = 0;
    double unserved_ = 0.0;
    std::vector<double> cost_;         // weight x distance, by place and site
    std::vector<std::size_t> pair_;    // place x sites + site, by offer
};

}  // namespace

SiteChoice choose_sites(const std::vector<SiteOffer>& offers, std::int64_t open, Host& host) {
    require(open >= 1, "number of sites must be 1 or more", "Pass how many to open.");
    require_memory(host, mul_size(offers.size(), sizeof(SiteOffer) + sizeof(std::size_t)), "choosing sites by " + std::to_string(offers.size()) + " distances");
    SiteChoice result;
    result.is_open.assign(offers.size(), false);
    result.is_chosen.assign(offers.size(), false);
    result.is_optimal = true;
    if (offers.empty()) return result;
    Problem problem(offers, host);
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(static_cast<std::uint64_t>(open), problem.sites()));
    const bool is_small = problem.is_small(count);
    const Sites chosen = is_small ? problem.try_all(count) : problem.search(count);
    const double total = problem.total_of(chosen);
    result.is_feasible = problem.is_feasible(total);
    result.is_optimal = is_small;
    if (!result.is_feasible) return result;
    result.total = total;
    problem.mark(chosen, result);
    if (!is_small) {
        result.max_gap = total - problem.lower_bound(count, total);
        result.is_optimal = result.max_gap <= 1e-9 * total;
    }
    return result;
}

}  // namespace ecom::core

#include "core/prescribe/transport.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "core/base/budget.hpp"
#include "core/prescribe/offer_table.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
constexpr int kMaxPrices = 200;

// One offer as an edge from an option to a place.
struct Edge {
    std::size_t place;
    std::size_t option;
    double length;  // its priced cost, less what is common to all of its place
    double flow;
};

// A plan that is best for one price.
struct Plan {
    std::vector<double> flow;  // by edge
    double cost = 0.0;
    double good = 0.0;  // units that arrive as promised
};

// The cheapest flow for given lengths. Distances run from the place that is short, through the options that could serve it, back through
// places that these serve now, to an option with room.
class Network {
public:
    Network(const OfferTable& table, Host& host) : table_(table), poll_(host), of_option_(table.capacity.size()) {
        for (std::size_t p = 0; p < table.places.size(); ++p) {
            first_.push_back(edges_.size());
            for (const NumberedOffer& offer : table.places[p].offers) {
                of_option_[offer.option].push_back(edges_.size());
                edges_.push_back({p, offer.option, 0.0, 0.0});
            }
        }
        first_.push_back(edges_.size());
        tolerance_ = 1e-12 * std::max(1.0, table.units);
    }

    // The plan of the least cost_weight * cost - price * good; false where the capacities do not suffice.
    bool solve(double cost_weight, double price, Plan& plan) {
        std::vector<double> room = table_.capacity;
        std::size_t e = 0;
        for (const OfferedPlace& place : table_.places) {
            double least = kInfinity;
            for (const NumberedOffer& offer : place.offers) least = std::min(least, cost_weight * offer.cost - price * offer.quality);
            for (const NumberedOffer& offer : place.offers) {
                edges_[e].length = cost_weight * offer.cost - price * offer.quality - least;
                edges_[e++].flow = 0.0;
            }
        }
        potential_.assign(table_.capacity.size(), 0.0);
        for (std::size_t p = 0; p < table_.places.size(); ++p) {
            double short_of = table_.places[p].quantity;
            while (short_of > tolerance_) {
                const std::size_t end = nearest(p, room);
                if (end == kNone) return false;
                double amount = std::min(short_of, room[end]);
                for (std::size_t j = end; via_[j].from != kNone; j = via_[j].from) amount = std::min(amount, edges_[via_[j].released].flow);
                room[end] -= amount;
                short_of -= amount;
                for (std::size_t j = end;;) {
                    edges_[via_[j].taken].flow += amount;
                    if (via_[j].from == kNone) break;
                    edges_[via_[j].released].flow -= amount;
                    j = via_[j].from;
                }
            }
        }
        plan = {};
        plan.flow.reserve(edges_.size());
        e = 0;
        for (const OfferedPlace& place : table_.places)
            for (const NumberedOffer& offer : place.offers) {
                const double flow = edges_[e++].flow;
                plan.flow.push_back(flow);
                plan.cost += flow * offer.cost;
                plan.good += flow * offer.quality;
            }
        return true;
    }

private:
    // How an option was reached: by the edge that takes the units, from the option that gives up as many at the place of that edge.
    struct Via {
        std::size_t from = kNone;
        std::size_t released = kNone;
        std::size_t taken = kNone;
    };

    // Dijkstra among the options, lengths reduced by potentials so that none is negative. The nearest option with room, or kNone.
    std::size_t nearest(std::size_t p, const std::vector<double>& room) {
        const std::size_t options = room.size();
        distance_.assign(options, kInfinity);
        via_.assign(options, Via{});
        std::vector<bool> is_final(options);
        // Options with room have the potential of the sink behind them, for room never grows: the nearest of them is nearest to the sink.
        for (std::size_t e = first_[p]; e < first_[p + 1]; ++e) {
            const double length = edges_[e].length - potential_[edges_[e].option];
            if (length < distance_[edges_[e].option]) {
                distance_[edges_[e].option] = length;
                via_[edges_[e].option] = {kNone, kNone, e};
            }
        }
        std::size_t end = kNone;
        for (;;) {
            std::size_t next = kNone;
            for (std::size_t j = 0; j < options; ++j)
                if (!is_final[j] && distance_[j] < kInfinity && (next == kNone || distance_[j] < distance_[next])) next = j;
            if (next == kNone) break;
            poll_(options);
            is_final[next] = true;
            if (room[next] > tolerance_) {
                end = next;
                break;
            }
            for (const std::size_t released : of_option_[next]) {
                if (edges_[released].flow <= tolerance_) continue;
                const std::size_t place = edges_[released].place;
                for (std::size_t taken = first_[place]; taken < first_[place + 1]; ++taken) {
                    poll_();
                    const std::size_t to = edges_[taken].option;
                    if (is_final[to]) continue;
                    const double step = std::max(0.0, edges_[taken].length - edges_[released].length + potential_[next] - potential_[to]);
                    if (distance_[next] + step < distance_[to]) {
                        distance_[to] = distance_[next] + step;
                        via_[to] = {next, released, taken};
                    }
                }
            }
        }
        if (end != kNone)
            for (std::size_t j = 0; j < options; ++j) potential_[j] += std::min(distance_[j], distance_[end]);
        return end;
    }

    const OfferTable& table_;
    PollEvery poll_;
    double tolerance_;
    std::vector<Edge> edges_;                            // by place
    std::vector<std::size_t> first_;                     // of a place among the edges
    std::vector<std::vector<std::size_t>> of_option_;    // its edges
    std::vector<double> potential_, distance_;           // by option
    std::vector<Via> via_;
};

}  // namespace

Transport transport_cheapest(const std::vector<AssignmentOffer>& offers, double target, Host& host) {
    const OfferTable table = offer_table(offers, target, host);
    require_memory(host, mul_size(offers.size(), sizeof(AssignmentOffer) + sizeof(NumberedOffer) + sizeof(Edge) + 6 * sizeof(double)),
                   "assigning " + std::to_string(offers.size()) + " offers");
    Transport result;
    result.amount.assign(offers.size(), 0.0);
    if (!table.is_served()) return result;
    Network network(table, host);
    // What rounding takes from a sum of shares is not short of the target.
    const double need = target * table.units - 1e-9 * std::max(1.0, target * table.units);
    Plan below, above;
    if (!network.solve(1.0, 0.0, below)) return result;
    double mix = 0.0;  // share of the plan above
    if (below.good < need) {
        if (!network.solve(0.0, 1.0, above)) return result;
        if (above.good < need) {
            result.quality = table.units > 0 ? above.good / table.units : 0.0;
            return result;
        }
        for (int i = 0; i < kMaxPrices; ++i) {
            host.poll();
            const double price = (above.cost - below.cost) / (above.good - below.good);
            result.quality_price = price;
            Plan crossing;
            network.solve(1.0, price, crossing);
            const double at_ends = below.cost - price * below.good;
            if (crossing.cost - price * crossing.good >= at_ends - 1e-10 * std::max(1.0, std::abs(at_ends))) break;
            (crossing.good < need ? below : above) = std::move(crossing);
        }
        mix = std::clamp((target * table.units - below.good) / (above.good - below.good), 0.0, 1.0);
    }
    result.is_feasible = true;
    std::size_t e = 0;
    double good = 0.0;
    for (const OfferedPlace& place : table.places)
        for (const NumberedOffer& offer : place.offers) {
            const double amount = below.flow[e] + (mix > 0.0 ? mix * (above.flow[e] - below.flow[e]) : 0.0);
            ++e;
            result.amount[offer.offer] = amount;
            result.cost += amount * offer.cost;
            good += amount * offer.quality;
        }
    result.quality = table.units > 0 ? good / table.units : 0.0;
    return result;
}

}  // namespace ecom::core

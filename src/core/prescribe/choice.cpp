#include "core/prescribe/choice.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "core/base/budget.hpp"
#include "core/prescribe/cost_grid.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// The candidates in order of value per cost; the order given decides among equals.
std::vector<std::uint32_t> by_density(const std::vector<Offer>& offers, PollEvery& poll) {
    std::vector<std::uint32_t> order;
    for (std::size_t i = 0; i < offers.size(); ++i) {
        poll();
        if (offers[i].value > 0 && !std::isnan(offers[i].cost)) order.push_back(static_cast<std::uint32_t>(i));
    }
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        poll();
        const double left = offers[a].value * offers[b].cost;
        const double right = offers[b].value * offers[a].cost;
        if (left != right) return left > right;
        if (offers[a].value != offers[b].value) return offers[a].value > offers[b].value;
        return a < b;
    });
    return order;
}

// Exact choice among `order`, or false when it would take too long or too much memory.
bool choose_exactly(const std::vector<Offer>& offers, const std::vector<std::uint32_t>& order, double budget,
                    Host& host, Choice& choice) {
    CostGrid grid;
    for (const std::uint32_t i : order)
        if (!grid.add(offers[i].cost)) return false;
    const double steps = grid.budget_steps(budget);
    if (steps * static_cast<double>(order.size()) > kExactSteps) return false;
    const auto capacity = static_cast<std::size_t>(steps);
    const std::size_t width = capacity + 1;
    const std::size_t bytes = add_size(mul_size(width, sizeof(double)), mul_size(width, order.size()) / 8);
    if (bytes > host.memory_limit()) return false;

    std::vector<double> best(width, 0.0);
    std::vector<bool> taken(width * order.size());
    PollEvery poll(host);
    for (std::size_t k = 0; k < order.size(); ++k) {
        const double value = offers[order[k]].value;
        const std::size_t cost = grid.steps(offers[order[k]].cost);
        if (cost > capacity) continue;
        for (std::size_t c = capacity + 1; c-- > cost;) {
            poll();
            const double with = best[c - cost] + value;
            if (with > best[c]) {
                best[c] = with;
                taken[k * width + c] = true;
            }
        }
    }
    std::size_t c = capacity;
    for (std::size_t k = order.size(); k-- > 0;) {
        if (!taken[k * width + c]) continue;
        choice.chosen[order[k]] = true;
        c -= grid.steps(offers[order[k]].cost);
    }
    return true;
}

void choose_greedily(const std::vector<Offer>& offers, const std::vector<std::uint32_t>& order, double budget,
                     PollEvery& poll, Choice& choice) {
    double left = budget;
    double value = 0.0;
    std::optional<double> relaxed;
    for (const std::uint32_t i : order) {
        poll();
        if (offers[i].cost <= left) {
            choice.chosen[i] = true;
            left -= offers[i].cost;
            value += offers[i].value;
        } else if (!relaxed) {
            relaxed = value + offers[i].value * left / offers[i].cost;
        }
    }
    choice.max_gap = relaxed ? std::max(0.0, *relaxed - value) : 0.0;
    choice.is_optimal = choice.max_gap == 0.0;
}

}  // namespace

Choice choose_within_budget(const std::vector<Offer>& offers, double budget, Host& host) {
    if (!std::isfinite(budget) || budget < 0)
        throw Error(ErrorCode::kInvalidArgument, "budget must be a number from 0", "Pass what may be spent in all.");
    require_memory(host, mul_size(offers.size(), 2 * sizeof(std::uint64_t)),
                   "choosing among " + std::to_string(offers.size()) + " offers");
    PollEvery poll(host);
    for (const Offer& offer : offers) {
        poll();
        if (std::isinf(offer.value) || std::isinf(offer.cost))
            throw Error(ErrorCode::kNonFiniteInput, "values and costs must be finite", "Turn infinite values into NULL.");
        if (offer.cost < 0)
            throw Error(ErrorCode::kInvalidArgument, "cost of an offer must not be negative",
                        "Add what it saves to its value.");
    }
    Choice choice;
    choice.chosen.resize(offers.size());
    const std::vector<std::uint32_t> order = by_density(offers, poll);
    if (!choose_exactly(offers, order, budget, host, choice))
        choose_greedily(offers, order, budget, poll, choice);
    for (std::size_t i = 0; i < offers.size(); ++i) {
        if (!choice.chosen[i]) continue;
        choice.value += offers[i].value;
        choice.cost += offers[i].cost;
    }
    return choice;
}

}  // namespace ecom::core

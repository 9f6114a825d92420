#include "core/prescribe/option_choice.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "core/base/budget.hpp"
#include "core/prescribe/cost_grid.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// Whether an option may be taken at all.
bool is_offered(const OptionTable& table, std::size_t i) { return table.value[i] > 0 && !std::isnan(table.cost[i]); }

// From one option of an item, or from none, to the next on its hull.
struct Step {
    double value;
    double cost;
    std::uint32_t item;
    std::int32_t option;

    // Infinite for what is free.
    double density() const { return value / cost; }
};

// A step in the order of buying: sorted alone, so that a comparison neither divides nor moves whole steps.
struct Turn {
    double density;
    std::size_t step;
};

Step between(const Step& from, const Step& to) { return {to.value - from.value, to.cost - from.cost, to.item, to.option}; }

class Hull {
public:
    // Appends the steps of one item to `steps`, the densest first.
    void add(const OptionTable& table, std::uint32_t item, std::vector<Step>& steps) {
        const std::size_t first = table.begin[item];
        points_.clear();
        for (std::size_t i = first; i < table.begin[item + 1]; ++i)
            if (is_offered(table, i))
                points_.push_back({table.value[i], table.cost[i], item, static_cast<std::int32_t>(i - first)});
        std::sort(points_.begin(), points_.end(), [](const Step& a, const Step& b) {
            if (a.cost != b.cost) return a.cost < b.cost;
            if (a.value != b.value) return a.value > b.value;
            return a.option < b.option;
        });
        hull_.assign(1, {0.0, 0.0, item, -1});
        for (const Step& point : points_) {
            if (point.value <= hull_.back().value) continue;
            while (hull_.size() > 1 && between(hull_[hull_.size() - 2], hull_.back()).density() < between(hull_.back(), point).density())
                hull_.pop_back();
            hull_.push_back(point);
        }
        for (std::size_t i = 1; i < hull_.size(); ++i) steps.push_back(between(hull_[i - 1], hull_[i]));
    }

private:
    std::vector<Step> points_;
    std::vector<Step> hull_;
};

// The best choice, or false when it would take too long or too much memory.
bool choose_exactly(const OptionTable& table, double budget, PollEvery& poll, Host& host, OptionChoice& choice) {
    constexpr std::size_t kMostOptions = 254;  // of an item, for a byte says which is taken
    CostGrid grid;
    for (std::size_t i = 0; i < table.value.size(); ++i) {
        poll();
        if (is_offered(table, i) && !grid.add(table.cost[i])) return false;
    }
    double most_cost = 0.0;
    for (std::size_t item = 0; item < table.items(); ++item) {
        poll();
        if (table.begin[item + 1] - table.begin[item] > kMostOptions) return false;
        double dearest = 0.0;
        for (std::size_t i = table.begin[item]; i < table.begin[item + 1]; ++i)
            if (is_offered(table, i)) dearest = std::max(dearest, table.cost[i]);
        most_cost += dearest;
    }
    // More money than everything costs changes nothing.
    const double steps = grid.budget_steps(std::min(budget, most_cost));
    if ((steps + 1) * static_cast<double>(table.value.size() + table.items()) > kExactSteps) return false;
    const std::size_t width = static_cast<std::size_t>(steps) + 1;
    if (add_size(mul_size(width, sizeof(double)), mul_size(width, table.items())) > host.memory_limit()) return false;

    std::vector<double> best(width, 0.0);                        // worth of each budget with the items so far
    std::vector<std::uint8_t> taken(width * table.items(), 0);   // 1 + option
    std::vector<std::size_t> cost;
    for (std::size_t item = 0; item < table.items(); ++item) {
        const std::size_t first = table.begin[item], options = table.begin[item + 1] - first;
        cost.assign(options, width);
        for (std::size_t o = 0; o < options; ++o)
            if (is_offered(table, first + o)) cost[o] = grid.steps(table.cost[first + o]);
        // From the dearest down, so that what is read is the worth without this item.
        for (std::size_t c = width; c-- > 0;) {
            poll(1 + options);
            double most = best[c];
            for (std::size_t o = 0; o < options; ++o)
                if (cost[o] <= c && best[c - cost[o]] + table.value[first + o] > most) {
                    most = best[c - cost[o]] + table.value[first + o];
                    taken[item * width + c] = static_cast<std::uint8_t>(o + 1);
                }
            best[c] = most;
        }
    }
    std::size_t left = width - 1;
    for (std::size_t item = table.items(); item-- > 0;) {
        const std::uint8_t which = taken[item * width + left];
        if (which == 0) continue;
        const std::size_t i = table.begin[item] + which - 1;
        choice.option[item] = which - 1;
        choice.value += table.value[i];
        choice.cost += table.cost[i];
        left -= grid.steps(table.cost[i]);
    }
    return true;
}

void choose_greedily(const OptionTable& table, double budget, PollEvery& poll, OptionChoice& choice) {
    std::vector<Step> steps;
    steps.reserve(table.value.size());
    Hull hull;
    for (std::size_t i = 0; i < table.items(); ++i) {
        poll(table.begin[i + 1] - table.begin[i]);
        hull.add(table, static_cast<std::uint32_t>(i), steps);
    }
    // Equal steps stay in the order of items, and those of one item in the order of its hull.
    std::vector<Turn> turns;
    turns.reserve(steps.size());
    for (std::size_t i = 0; i < steps.size(); ++i) {
        poll();
        turns.push_back({steps[i].density(), i});
    }
    std::sort(turns.begin(), turns.end(), [&](const Turn& a, const Turn& b) {
        poll();
        return a.density != b.density ? a.density > b.density : a.step < b.step;
    });

    std::vector<bool> ended(table.items());
    std::optional<double> relaxed;
    for (const Turn& turn : turns) {
        poll();
        const Step& step = steps[turn.step];
        if (ended[step.item]) continue;
        if (choice.cost + step.cost <= budget) {
            choice.option[step.item] = step.option;
            choice.cost += step.cost;
            choice.value += step.value;
        } else {
            ended[step.item] = true;
            if (!relaxed) relaxed = choice.value + step.value * (budget - choice.cost) / step.cost;
        }
    }
    choice.max_gap = relaxed ? std::max(0.0, *relaxed - choice.value) : 0.0;
    choice.is_optimal = choice.max_gap == 0.0;
}

}  // namespace

OptionChoice choose_options(const OptionTable& table, double budget, Host& host) {
    if (!std::isfinite(budget) || budget < 0)
        throw Error(ErrorCode::kInvalidArgument, "budget must be a number from 0", "Pass what may be spent in all.");
    require_memory(host, add_size(mul_size(table.value.size(), sizeof(Step) + sizeof(Turn)), mul_size(table.items(), sizeof(std::int32_t) + 1)),
                   "choosing among " + std::to_string(table.value.size()) + " options");
    PollEvery poll(host);
    for (std::size_t i = 0; i < table.value.size(); ++i) {
        poll();
        if (std::isinf(table.value[i]) || std::isinf(table.cost[i]))
            throw Error(ErrorCode::kNonFiniteInput, "values and costs must be finite", "Turn infinite values into NULL.");
        if (table.cost[i] < 0)
            throw Error(ErrorCode::kInvalidArgument, "cost of an option must not be negative", "Add what it saves to its value.");
    }
    OptionChoice choice;
    choice.option.assign(table.items(), -1);
    if (!choose_exactly(table, budget, poll, host, choice)) choose_greedily(table, budget, poll, choice);
    return choice;
}

}  // namespace ecom::core

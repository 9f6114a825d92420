#include "core/prescribe/assignment.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/base/rng.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using test::Cancelled;
using test::CancellingHost;
using test::FakeHost;

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

// The example of scipy.optimize.linear_sum_assignment: columns 1, 0 and 2, cost 5.
TEST(Assignment, IsTheAssignmentProblemWithUnitCapacities) {
    FakeHost host;
    const double cost[3][3] = {{4, 1, 3}, {2, 0, 5}, {3, 2, 2}};
    std::vector<AssignmentOffer> offers;
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) offers.push_back({i, j, 1, cost[i][j], 1, 1});
    const Assignment best = assign_cheapest(offers, 0, host);
    EXPECT_TRUE(best.is_feasible);
    EXPECT_TRUE(best.is_optimal);
    EXPECT_EQ(best.cost, 5);
    EXPECT_TRUE(best.chosen[1] && best.chosen[3] && best.chosen[8]);
}

struct Best {
    double cost = std::numeric_limits<double>::infinity();
    double quality = 0;
};

Best brute_force(const std::vector<AssignmentOffer>& offers, int places, int options, double target) {
    Best best;
    int total = 1;
    for (int p = 0; p < places; ++p) total *= options;
    for (int code = 0; code < total; ++code) {
        double cost = 0, good = 0, units = 0;
        std::vector<double> used(static_cast<std::size_t>(options));
        bool fits = true;
        for (int p = 0, rest = code; p < places; ++p, rest /= options) {
            const AssignmentOffer& offer = offers[static_cast<std::size_t>(p * options + rest % options)];
            fits = fits && !std::isnan(offer.cost);
            cost += offer.cost * offer.quantity;
            good += offer.quality * offer.quantity;
            units += offer.quantity;
            used[static_cast<std::size_t>(rest % options)] += offer.quantity;
        }
        for (int o = 0; o < options; ++o) fits = fits && used[static_cast<std::size_t>(o)] <= offers[static_cast<std::size_t>(o)].capacity;
        if (fits && good >= target * units - 1e-9 && cost < best.cost) best = {cost, good / units};
    }
    return best;
}

TEST(Assignment, AgreesWithTryingEverything) {
    FakeHost host;
    int feasible = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Rng rng(seed, 0);
        constexpr int kPlaces = 6, kOptions = 4;
        double capacity[kOptions];
        for (double& c : capacity) c = seed % 2 ? kNoLimit : rng.uniform(60, 200);
        std::vector<AssignmentOffer> offers;
        for (int p = 0; p < kPlaces; ++p) {
            const double quantity = std::floor(rng.uniform(10, 60));
            for (int o = 0; o < kOptions; ++o) {
                const bool offered = rng.uniform(0, 1) < 0.9;
                offers.push_back({p, 10 + o, quantity, offered ? rng.uniform(2, 9) : std::nan(""), rng.uniform(0.6, 1), capacity[o]});
            }
        }
        const double target = rng.uniform(0.7, 0.97);
        const Best expected = brute_force(offers, kPlaces, kOptions, target);
        const Assignment found = assign_cheapest(offers, target, host);
        EXPECT_TRUE(found.is_optimal);
        ASSERT_EQ(found.is_feasible, std::isfinite(expected.cost)) << seed;
        if (!found.is_feasible) {
            for (const bool chosen : found.chosen) EXPECT_FALSE(chosen);
            continue;
        }
        ++feasible;
        EXPECT_NEAR(found.cost, expected.cost, 1e-9 * expected.cost) << seed;
        EXPECT_GE(found.quality, target - 1e-9);
        // One offer for each place, within the capacities.
        double used[kOptions] = {};
        for (int p = 0; p < kPlaces; ++p) {
            int chosen = 0;
            for (int o = 0; o < kOptions; ++o)
                if (found.chosen[static_cast<std::size_t>(p * kOptions + o)]) {
                    ++chosen;
                    used[o] += offers[static_cast<std::size_t>(p * kOptions)].quantity;
                }
            EXPECT_EQ(chosen, 1);
        }
        for (int o = 0; o < kOptions; ++o) EXPECT_LE(used[o], capacity[o]);
    }
    EXPECT_GE(feasible, 20);
}

TEST(Assignment, SolvesHundredsOfPlaces) {
    FakeHost host;
    Rng rng(5, 0);
    std::vector<AssignmentOffer> offers;
    for (int p = 0; p < 300; ++p) {
        const double quantity = std::floor(rng.uniform(10, 200));
        for (int o = 0; o < 6; ++o) offers.push_back({p, o, quantity, rng.uniform(2, 9), rng.uniform(0.6, 1), kNoLimit});
    }
    const Assignment found = assign_cheapest(offers, 0.9, host);
    EXPECT_TRUE(found.is_feasible);
    EXPECT_GE(found.quality, 0.9 - 1e-9);
    EXPECT_LE(found.max_gap, 1e-3 * found.cost);
}

TEST(Assignment, SaysWhatCannotBeMet) {
    FakeHost host;
    const Assignment low = assign_cheapest({{1, 1, 10, 4, 0.7, kNoLimit}, {1, 2, 10, 5, 0.8, kNoLimit}}, 0.9, host);
    EXPECT_FALSE(low.is_feasible);
    EXPECT_NEAR(low.quality, 0.8, 1e-15);
    EXPECT_FALSE(assign_cheapest({{1, 1, 10, 4, 1, 5}}, 0.5, host).is_feasible);
    EXPECT_FALSE(assign_cheapest({{1, 1, 10, 4, 1, kNoLimit}, {2, 1, 10, std::nan(""), 1, kNoLimit}}, 0.5, host).is_feasible);
    EXPECT_TRUE(assign_cheapest({}, 0.5, host).chosen.empty());
    EXPECT_THROW(assign_cheapest({}, 1.5, host), Error);
    EXPECT_THROW(assign_cheapest({{1, 1, -1, 4, 1, 5}}, 0.5, host), Error);
    EXPECT_THROW(assign_cheapest({{1, 1, 1, 4, 2, 5}}, 0.5, host), Error);
    EXPECT_THROW(assign_cheapest({{1, 1, 1, 4, 1, 5}, {1, 2, 2, 4, 1, 5}}, 0.5, host), Error);
    EXPECT_THROW(assign_cheapest({{1, 1, 1, 4, 1, 5}, {2, 1, 1, 4, 1, 6}}, 0.5, host), Error);
}

TEST(Assignment, StopsAndKeepsWithinMemory) {
    std::vector<AssignmentOffer> offers;
    for (int p = 0; p < 40; ++p)
        for (int o = 0; o < 3; ++o) offers.push_back({p, o, 1.0 + p, 2.0 + o, 0.7 + 0.1 * o, kNoLimit});
    FakeHost little;
    little.memory = 1000;
    EXPECT_THROW(assign_cheapest(offers, 0.8, little), Error);
    CancellingHost cancelling(2);
    EXPECT_THROW(assign_cheapest(offers, 0.8, cancelling), Cancelled);
}

}  // namespace
}  // namespace ecom::core

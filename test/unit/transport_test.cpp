#include "core/prescribe/transport.hpp"

#include <algorithm>
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

// Heizer and Render, "Operations Management", module C: the Executive Furniture Corporation ships for 3,900.
TEST(Transport, ExecutiveFurniture) {
    FakeHost host;
    const double cost[3][3] = {{5, 4, 3}, {8, 4, 3}, {9, 7, 5}}, supply[] = {100, 300, 300}, demand[] = {300, 200, 200};
    std::vector<AssignmentOffer> offers;
    for (int factory = 0; factory < 3; ++factory)
        for (int store = 0; store < 3; ++store) offers.push_back({store, factory, demand[store], cost[factory][store], 1, supply[factory]});
    const Transport best = transport_cheapest(offers, 0, host);
    ASSERT_TRUE(best.is_feasible);
    EXPECT_EQ(best.cost, 3900);
    EXPECT_EQ(best.quality_price, 0);
    for (int store = 0; store < 3; ++store) {
        double arrived = 0;
        for (int factory = 0; factory < 3; ++factory) arrived += best.amount[static_cast<std::size_t>(3 * factory + store)];
        EXPECT_EQ(arrived, demand[store]);
    }
}

// Units and capacities of 1: the example of scipy.optimize.linear_sum_assignment.
TEST(Transport, IsTheAssignmentProblemWithUnits) {
    FakeHost host;
    const double cost[3][3] = {{4, 1, 3}, {2, 0, 5}, {3, 2, 2}};
    std::vector<AssignmentOffer> offers;
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) offers.push_back({i, j, 1, cost[i][j], 1, 1});
    const Transport best = transport_cheapest(offers, 0, host);
    EXPECT_EQ(best.cost, 5);
    EXPECT_TRUE(best.amount[1] == 1 && best.amount[3] == 1 && best.amount[8] == 1);
}

struct Shop {
    std::vector<AssignmentOffer> offers;
    std::vector<double> capacity;
};

constexpr int kPlaces = 7, kOptions = 4;

Shop random_shop(std::uint64_t seed) {
    Rng rng(seed, 3);
    Shop shop;
    for (int o = 0; o < kOptions; ++o) shop.capacity.push_back(o == 0 ? kNoLimit : std::floor(rng.uniform(40, 160)));
    for (int p = 0; p < kPlaces; ++p) {
        const double quantity = std::floor(rng.uniform(10, 60));
        for (int o = 0; o < kOptions; ++o) {
            const bool is_offered = o == 0 || rng.uniform(0, 1) < 0.9;
            shop.offers.push_back({p, 10 + o, quantity, is_offered ? rng.uniform(2, 9) : std::nan(""), rng.uniform(0.6, 1),
                                   shop.capacity[static_cast<std::size_t>(o)]});
        }
    }
    return shop;
}

// A plan is best for its priced costs when no units can be moved around a cycle of options, places and room for less than nothing.
double least_cycle(const Shop& shop, const Transport& plan, const std::vector<double>& used) {
    constexpr int kRoom = kOptions;
    double length[kOptions + 1][kOptions + 1];
    for (auto& row : length)
        for (double& one : row) one = kNoLimit;
    const auto priced = [&](std::size_t i) { return shop.offers[i].cost - plan.quality_price * shop.offers[i].quality; };
    for (int from = 0; from < kOptions; ++from) {
        const auto o = static_cast<std::size_t>(from);
        if (used[o] < shop.capacity[o] - 1e-6) length[from][kRoom] = 0;
        if (used[o] > 1e-6) length[kRoom][from] = 0;
        for (int p = 0; p < kPlaces; ++p)
            for (int to = 0; to < kOptions; ++to) {
                const auto i = static_cast<std::size_t>(p * kOptions + from), j = static_cast<std::size_t>(p * kOptions + to);
                if (plan.amount[i] > 1e-6 && !std::isnan(shop.offers[j].cost)) length[from][to] = std::min(length[from][to], priced(j) - priced(i));
            }
    }
    for (int k = 0; k <= kOptions; ++k)
        for (int i = 0; i <= kOptions; ++i)
            for (int j = 0; j <= kOptions; ++j) length[i][j] = std::min(length[i][j], length[i][k] + length[k][j]);
    double least = 0;
    for (int i = 0; i <= kOptions; ++i) least = std::min(least, length[i][i]);
    return least;
}

TEST(Transport, NoOtherPlanIsCheaper) {
    FakeHost host;
    int priced = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        const Shop shop = random_shop(seed);
        const double target = Rng(seed, 4).uniform(0.7, 0.93);
        const Transport plan = transport_cheapest(shop.offers, target, host);
        if (!plan.is_feasible) {
            EXPECT_LT(plan.quality, target);
            continue;
        }
        double cost = 0, good = 0, units = 0;
        std::vector<double> used(kOptions);
        for (std::size_t i = 0; i < shop.offers.size(); ++i) {
            EXPECT_GE(plan.amount[i], 0);
            if (plan.amount[i] > 0) cost += plan.amount[i] * shop.offers[i].cost, good += plan.amount[i] * shop.offers[i].quality;
            units += plan.amount[i];
            used[i % kOptions] += plan.amount[i];
        }
        EXPECT_NEAR(cost, plan.cost, 1e-9 * cost);
        EXPECT_GE(good, target * units - 1e-6) << seed;
        for (std::size_t o = 0; o < kOptions; ++o) EXPECT_LE(used[o], shop.capacity[o] + 1e-9);
        EXPECT_GE(least_cycle(shop, plan, used), -1e-6) << seed;
        // A target that costs something is met, and no more than met.
        if (plan.quality_price > 0) {
            EXPECT_NEAR(good, target * units, 1e-6) << seed;
        }
        priced += plan.quality_price > 0;
        // A whole carrier for each place costs no less.
        const Assignment whole = assign_cheapest(shop.offers, target, host);
        if (whole.is_feasible) {
            EXPECT_LE(plan.cost, whole.cost + 1e-9);
        }
    }
    EXPECT_GE(priced, 20);
}

TEST(Transport, SaysWhatCannotBeMet) {
    FakeHost host;
    const Transport low = transport_cheapest({{1, 1, 10, 4, 0.7, kNoLimit}, {1, 2, 10, 5, 0.8, kNoLimit}}, 0.9, host);
    EXPECT_FALSE(low.is_feasible);
    EXPECT_NEAR(low.quality, 0.8, 1e-15);
    EXPECT_FALSE(transport_cheapest({{1, 1, 10, 4, 1, 5}}, 0.5, host).is_feasible);
    EXPECT_FALSE(transport_cheapest({{1, 1, 10, 4, 1, kNoLimit}, {2, 1, 10, std::nan(""), 1, kNoLimit}}, 0.5, host).is_feasible);
    EXPECT_TRUE(transport_cheapest({}, 0.5, host).amount.empty());
    EXPECT_ERROR_CODE(transport_cheapest({}, 1.5, host), kInvalidArgument);
    EXPECT_ERROR_CODE(transport_cheapest({{1, 1, 1, 4, 1, 5}, {1, 2, 2, 4, 1, 5}}, 0.5, host), kInvalidArgument);
}

TEST(Transport, StopsAndKeepsWithinMemory) {
    std::vector<AssignmentOffer> offers;
    for (int p = 0; p < 300; ++p)
        for (int o = 0; o < 6; ++o) offers.push_back({p, o, 1.0 + p % 7, 2.0 + (o * p) % 5, 0.7 + 0.05 * o, 250});
    FakeHost little;
    little.memory = 1000;
    EXPECT_ERROR_CODE(transport_cheapest(offers, 0.8, little), kLimitExceeded);
    CancellingHost cancelling(2);
    EXPECT_THROW(transport_cheapest(offers, 0.8, cancelling), Cancelled);
}

}  // namespace
}  // namespace ecom::core

#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "core/base/rng.hpp"
#include "core/prescribe/allocation.hpp"
#include "core/prescribe/choice.hpp"
#include "core/prescribe/option_choice.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using test::Cancelled;
using test::CancellingHost;
using test::FakeHost;

constexpr double kNone = std::numeric_limits<double>::infinity();

double brute_force(const std::vector<Offer>& offers, double budget) {
    double best = 0;
    for (unsigned mask = 0; mask < 1U << offers.size(); ++mask) {
        double value = 0;
        double cost = 0;
        for (std::size_t i = 0; i < offers.size(); ++i)
            if (mask >> i & 1U) {
                value += offers[i].value;
                cost += offers[i].cost;
            }
        if (cost <= budget) best = std::max(best, value);
    }
    return best;
}

// Problem P01 of Kreher and Stinson, "Combinatorial Algorithms", as collected by Burkardt.
TEST(Choice, PublishedKnapsack) {
    FakeHost host;
    const double costs[] = {23, 31, 29, 44, 53, 38, 63, 85, 89, 82};
    const double values[] = {92, 57, 49, 68, 60, 43, 67, 84, 87, 72};
    std::vector<Offer> offers;
    for (int i = 0; i < 10; ++i) offers.push_back({values[i], costs[i]});
    const Choice choice = choose_within_budget(offers, 165, host);
    EXPECT_EQ(choice.value, 309);
    EXPECT_EQ(choice.cost, 165);
    EXPECT_TRUE(choice.is_optimal);
    EXPECT_EQ(choice.chosen, (std::vector<bool>{true, true, true, true, false, true, false, false, false, false}));
}

TEST(Choice, ExactIsBestAndGreedyWithinItsGap) {
    FakeHost host;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        Rng rng(seed, 0);
        std::vector<Offer> offers;
        for (int i = 0; i < 12; ++i)
            offers.push_back({std::round(rng.uniform(-10, 100)), std::round(rng.uniform(0, 5000)) / 100});
        const double best = brute_force(offers, 80);
        EXPECT_NEAR(choose_within_budget(offers, 80, host).value, best, 1e-9);
        // Fractions of a cent leave the greedy choice.
        for (Offer& offer : offers) offer.cost += 1e-4;
        const Choice greedy = choose_within_budget(offers, 80, host);
        const double bound = brute_force(offers, 80);
        EXPECT_LE(greedy.cost, 80);
        EXPECT_LE(greedy.value, bound + 1e-9);
        EXPECT_GE(greedy.value + greedy.max_gap, bound - 1e-9);
        EXPECT_TRUE(!greedy.is_optimal || std::fabs(greedy.value - bound) < 1e-9);
    }
}

TEST(Choice, EdgesAndBadInput) {
    FakeHost host;
    EXPECT_TRUE(choose_within_budget({}, 5, host).chosen.empty());
    const double nan = std::nan("");
    const Choice choice = choose_within_budget({{5, 0}, {0, 0}, {-1, 0}, {nan, 1}, {3, nan}, {7, 1}}, 0, host);
    EXPECT_EQ(choice.chosen, (std::vector<bool>{true, false, false, false, false, false}));
    EXPECT_ERROR_CODE(choose_within_budget({{1, 1}}, -1, host), kInvalidArgument);
    EXPECT_ERROR_CODE(choose_within_budget({{1, -1}}, 1, host), kInvalidArgument);
    EXPECT_ERROR_CODE(choose_within_budget({{kNone, 1}}, 1, host), kNonFiniteInput);
    FakeHost poor;
    poor.memory = 100;
    EXPECT_ERROR_CODE(choose_within_budget(std::vector<Offer>(1000, {1, 1}), 1, poor), kLimitExceeded);
    CancellingHost cancelling(2);
    EXPECT_THROW(choose_within_budget(std::vector<Offer>(20000, {1.5, 1.001}), 50, cancelling), Cancelled);
}

// The optimum of SciPy's SLSQP from many starts.
TEST(Allocation, ConcaveCurvesHaveEqualMargins) {
    FakeHost host;
    const std::vector<ResponseCurve> curves{{100, 1, 50}, {80, 0.8, 30}, {150, 1, 200}};
    const std::vector<ChannelBounds> free(3, {0, kNone});
    const Allocation best = allocate_budget(curves, free, 200, host);
    EXPECT_NEAR(best.spend[0], 67.8497525706351, 1e-5);
    EXPECT_NEAR(best.spend[1], 43.4784873180594, 1e-5);
    EXPECT_NEAR(best.spend[2], 88.6717601113055, 1e-5);
    EXPECT_NEAR(best.response, 149.542717362642, 1e-9);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(curves[i].marginal(best.spend[i]), 0.360008416626291, 1e-8);
    EXPECT_NEAR(std::accumulate(best.spend.begin(), best.spend.end(), 0.0), 200, 1e-10);
}

TEST(Allocation, SShapedCurvesPassTheirThresholdOrGetNothing) {
    FakeHost host;
    const std::vector<ResponseCurve> curves{{100, 2, 50}, {80, 3, 40}, {150, 1.5, 120}};
    const Allocation best = allocate_budget(curves, {{0, kNone}, {0, kNone}, {0, kNone}}, 150, host);
    EXPECT_NEAR(best.response, 139.370280335314, 1e-9);
    EXPECT_NEAR(best.spend[0], 81.5724677671946, 1e-4);
    EXPECT_EQ(best.spend[2], 0);
    EXPECT_NEAR(curves[0].marginal(best.spend[0]), curves[1].marginal(best.spend[1]), 1e-9);
}

TEST(Allocation, BoundsHold) {
    FakeHost host;
    const std::vector<ResponseCurve> curves{{100, 1, 50}, {80, 0.8, 30}, {150, 1, 200}, {0, 1, 10}};
    const std::vector<ChannelBounds> bounds{{0, 40}, {60, kNone}, {0, kNone}, {5, kNone}};
    const Allocation best = allocate_budget(curves, bounds, 200, host);
    EXPECT_NEAR(best.spend[0], 40, 1e-9);
    EXPECT_NEAR(best.spend[1], 60, 1e-9);
    EXPECT_NEAR(best.spend[2], 95, 1e-9);
    EXPECT_NEAR(best.spend[3], 5, 1e-9);
    // More money than the bounds take is not spent.
    const Allocation rich = allocate_budget({{100, 1, 50}}, {{0, 40}}, 200, host);
    EXPECT_EQ(rich.spend[0], 40);
    EXPECT_ERROR_CODE(allocate_budget({{100, 1, 50}}, {{300, kNone}}, 200, host), kInvalidArgument);
    EXPECT_ERROR_CODE(allocate_budget({{100, 1, 50}}, {{30, 20}}, 200, host), kInvalidArgument);
    EXPECT_ERROR_CODE(allocate_budget({{100, 0, 50}}, {{0, 20}}, 200, host), kInvalidArgument);
    EXPECT_ERROR_CODE(allocate_budget({{100, 1, 50}}, {{0, 20}}, 0, host), kInvalidArgument);
}

double best_options(const OptionTable& table, std::size_t item, double budget) {
    if (item == table.items()) return 0;
    double best = best_options(table, item + 1, budget);
    for (std::size_t i = table.begin[item]; i < table.begin[item + 1]; ++i)
        if (table.cost[i] <= budget) best = std::max(best, table.value[i] + best_options(table, item + 1, budget - table.cost[i]));
    return best;
}

struct Bought {
    double value = 0;
    double cost = 0;
};

Bought bought(const OptionTable& table, const OptionChoice& choice) {
    Bought sum;
    for (std::size_t item = 0; item < table.items(); ++item)
        if (choice.option[item] >= 0) {
            sum.value += table.value[table.begin[item] + static_cast<std::size_t>(choice.option[item])];
            sum.cost += table.cost[table.begin[item] + static_cast<std::size_t>(choice.option[item])];
        }
    return sum;
}

OptionTable random_options(std::uint64_t seed, int items) {
    Rng rng(seed, 7);
    OptionTable table;
    for (int item = 0; item < items; ++item) {
        for (int option = 0; option < 3; ++option) {
            table.value.push_back(option == 2 && item % 3 == 0 ? std::nan("") : rng.uniform(-10, 100));
            table.cost.push_back(std::round(rng.uniform(0, 30)));
        }
        table.begin.push_back(table.value.size());
    }
    return table;
}

TEST(OptionChoice, ExactIsBestAndGreedyWithinItsGap) {
    FakeHost host;
    int optimal = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        OptionTable table = random_options(seed, 7);
        const double budget = Rng(seed, 8).uniform(0, 150);
        const OptionChoice exact = choose_options(table, budget, host);
        EXPECT_TRUE(exact.is_optimal);
        EXPECT_NEAR(exact.value, best_options(table, 0, budget), 1e-9);
        EXPECT_NEAR(bought(table, exact).value, exact.value, 1e-9);
        EXPECT_EQ(bought(table, exact).cost, exact.cost);
        EXPECT_LE(exact.cost, budget);
        // Fractions of a cent leave the greedy choice.
        for (double& cost : table.cost) cost += 1e-4;
        const OptionChoice greedy = choose_options(table, budget, host);
        EXPECT_NEAR(bought(table, greedy).value, greedy.value, 1e-9);
        EXPECT_NEAR(bought(table, greedy).cost, greedy.cost, 1e-9);
        EXPECT_LE(greedy.cost, budget);
        const double best = best_options(table, 0, budget);
        EXPECT_LE(greedy.value, best + 1e-9);
        EXPECT_GE(greedy.value + greedy.max_gap, best - 1e-9);
        if (greedy.is_optimal) {
            ++optimal;
            EXPECT_NEAR(greedy.value, best, 1e-9);
        }
    }
    EXPECT_GT(optimal, 10);
    EXPECT_LT(optimal, 190);
}

// Kreher and Stinson's P01 with one option an item and costs that are no cents: the bound is that of the relaxed problem.
TEST(OptionChoice, GapIsThatOfTheRelaxedProblem) {
    FakeHost host;
    const double costs[] = {23, 31, 29, 44, 53, 38, 63, 85, 89, 82};
    const double values[] = {92, 57, 49, 68, 60, 43, 67, 84, 87, 72};
    OptionTable table;
    for (int i = 0; i < 10; ++i) {
        table.value.push_back(values[i]);
        table.cost.push_back(costs[i]);
        table.begin.push_back(table.value.size());
    }
    EXPECT_EQ(choose_options(table, 165, host).value, 309);
    for (double& cost : table.cost) cost *= 1e-3;
    const OptionChoice greedy = choose_options(table, 0.165, host);
    EXPECT_NEAR(greedy.value + greedy.max_gap, 309.0188679245283, 1e-9);
}

TEST(OptionChoice, StopsAndKeepsWithinMemory) {
    const OptionTable table = random_options(3, 3000);
    FakeHost host, little;
    // Too little for the exact choice: the greedy one, close to it.
    little.memory = 1'000'000;
    const OptionChoice exact = choose_options(table, 2000, host), greedy = choose_options(table, 2000, little);
    EXPECT_TRUE(exact.is_optimal);
    EXPECT_LE(greedy.value, exact.value + 1e-6);
    EXPECT_GE(greedy.value + greedy.max_gap, exact.value - 1e-6);
    little.memory = 1000;
    EXPECT_ERROR_CODE(choose_options(table, 2000, little), kLimitExceeded);
    CancellingHost cancelling(3);
    EXPECT_THROW(choose_options(table, 2000, cancelling), Cancelled);
}

// A tight budget buys the cheap option for all before the dear one for some.
TEST(OptionChoice, CheapOptionsComeFirstAndAreReplacedWhenTheBudgetGrows) {
    FakeHost host;
    OptionTable table;
    for (int item = 0; item < 4; ++item) {
        table.value.insert(table.value.end(), {10.0, 14.0, 13.0});
        table.cost.insert(table.cost.end(), {1.0, 8.0, 9.0});
        table.begin.push_back(table.value.size());
    }
    EXPECT_EQ(choose_options(table, 4, host).option, (std::vector<std::int32_t>{0, 0, 0, 0}));
    EXPECT_EQ(choose_options(table, 18, host).option, (std::vector<std::int32_t>{1, 1, 0, 0}));
    EXPECT_EQ(choose_options(table, 32, host).option, (std::vector<std::int32_t>{1, 1, 1, 1}));
    EXPECT_TRUE(choose_options(table, 32, host).is_optimal);
    EXPECT_EQ(choose_options(table, 0, host).option, (std::vector<std::int32_t>{-1, -1, -1, -1}));
    EXPECT_THROW(choose_options(table, -1, host), Error);
    table.cost[0] = -1;
    EXPECT_THROW(choose_options(table, 4, host), Error);
}

}  // namespace
}  // namespace ecom::core

#include <cmath>

#include <gtest/gtest.h>

#include "core/prescribe/queueing.hpp"
#include "core/prescribe/simulation.hpp"
#include "core/prescribe/stock.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using test::Cancelled;
using test::CancellingHost;
using test::FakeHost;

// Erlang's tables.
TEST(Queueing, ErlangTables) {
    EXPECT_NEAR(erlang_b(1, 2), 0.2, 1e-15);
    EXPECT_NEAR(erlang_c(1, 2), 1.0 / 3.0, 1e-15);
    EXPECT_NEAR(erlang_b(10, 14), 0.0568191433865209, 1e-14);
    EXPECT_NEAR(erlang_c(10, 14), 0.174131933595050, 1e-14);
    EXPECT_NEAR(erlang_c(48, 55), 0.238700936378009, 1e-14);
    EXPECT_NEAR(erlang_c(100, 110), 0.237007500285053, 1e-13);
    const struct { double load; int servers; double b, c; } more[] = {
        {5, 8, 0.0700478522095671, 0.167266506661757},   {10, 12, 0.119739188444825, 0.449388224298271},
        {10, 13, 0.0843388626723665, 0.285270453036493}, {10, 15, 0.0364969454723708, 0.102042367007988},
        {20, 24, 0.0660967170041883, 0.298072299793829}, {0.5, 1, 1.0 / 3.0, 0.5},
        {8, 10, 0.121661064252952, 0.409180150796444}};
    for (const auto& row : more) {
        EXPECT_NEAR(erlang_b(row.load, row.servers), row.b, 1e-13);
        EXPECT_NEAR(erlang_c(row.load, row.servers), row.c, 1e-13);
    }
    EXPECT_EQ(erlang_c(5, 5), 1.0);
    EXPECT_EQ(erlang_b(0, 3), 0.0);
    EXPECT_EQ(erlang_b(7, 0), 1.0);
}

// Mitan, "Staffing and Erlang": 360 calls in half an hour of 240 s each; and the usual 80/20 tables.
TEST(Queueing, FewestAgents) {
    StaffingParams params;
    params.handle_seconds = 240;
    params.arrivals_per_hour = 720;
    params.target_seconds = 15;
    params.service_level = 0.84;
    const Staffing staff = staffing(params);
    EXPECT_NEAR(staff.offered_load, 48, 1e-12);
    EXPECT_EQ(staff.agents, 55);
    EXPECT_NEAR(staff.service_level, 0.84588309217058, 1e-12);
    EXPECT_NEAR(staff.mean_wait_seconds, 8.18403210438889, 1e-11);
    const struct { double arrivals, seconds; int agents; } table[] = {
        {100, 180, 8}, {200, 240, 17}, {720, 240, 54}, {50, 300, 7}, {1000, 300, 91}};
    for (const auto& row : table) {
        StaffingParams usual;
        usual.arrivals_per_hour = row.arrivals;
        usual.handle_seconds = row.seconds;
        EXPECT_EQ(staffing(usual).agents, row.agents);
    }
    params.max_occupancy = 0.8;
    EXPECT_GE(staffing(params).agents, 60);
    params.arrivals_per_hour = 0;
    EXPECT_EQ(staffing(params).agents, 0);
}

// The square-root law of Halfin and Whitt (1981): in the limit of large loads R, R + beta sqrt(R) servers make a share p wait.
TEST(Queueing, SquareRootLaw) {
    const struct { double wait, beta; } law[] = {{0.1, 1.42018688810044}, {0.2, 1.06151627541872}, {0.3, 0.828944633356242}, {0.5, 0.506054468989181}};
    constexpr double kLoad = 9e5;
    for (const auto& row : law) EXPECT_NEAR(erlang_c(kLoad, static_cast<int>(std::lround(kLoad + row.beta * std::sqrt(kLoad)))), row.wait, 1e-3);
}

TEST(Queueing, BadInput) {
    EXPECT_ERROR_CODE(erlang_b(-1, 2), kInvalidArgument);
    EXPECT_ERROR_CODE(erlang_c(NAN, 2), kInvalidArgument);
    EXPECT_ERROR_CODE(erlang_c(1, -1), kInvalidArgument);
    StaffingParams params;
    params.handle_seconds = 60;
    for (const double level : {0.0, 1.0, std::nan("")}) {
        params.service_level = level;
        EXPECT_ERROR_CODE(staffing(params), kInvalidArgument);
    }
    params.service_level = 0.8;
    params.arrivals_per_hour = 1e12;
    EXPECT_ERROR_CODE(staffing(params), kInvalidArgument);
}

// Heizer and Render, "Operations Management", chapter 12.
TEST(Stock, TextbookCases) {
    EXPECT_NEAR(economic_order_quantity(1000, 10, 0.5, {}), 200, 1e-12);
    EXPECT_NEAR(economic_order_quantity(1000, 10, 0.5, 2000), 282.842712474619, 1e-11);
    ReorderParams one;
    one.demand_mean = 350;
    one.demand_sd = 10;
    one.lead_time = 1;
    EXPECT_NEAR(reorder_point(one).reorder_point, 366.448536269515, 1e-10);
    const ReorderParams both{100, 20, 9, 2, 0.95};
    EXPECT_NEAR(reorder_point(both).sigma, 208.806130178211, 1e-10);
    EXPECT_NEAR(reorder_point(both).reorder_point, 1243.45552055333, 1e-9);
    EXPECT_NEAR(newsvendor(120, 15, 0.7, 0.3), 127.866007690621, 1e-10);
    EXPECT_EQ(newsvendor(20, {}, 5, 1), 24);
    EXPECT_EQ(newsvendor(0, {}, 5, 1), 0);
    EXPECT_EQ(newsvendor(20, 0.0, 5, 1), 20);
    EXPECT_NEAR(fill_rate(200, 30, 30), 0.987502679411847, 1e-12);
    EXPECT_EQ(fill_rate(200, 0, 5), 1.0);
}

// The unit normal loss, by the fill rate of an order of 1 with a deviation of 1: L(z) = 1 - fill rate.
TEST(Stock, UnitNormalLoss) {
    const double table[][2] = {{0.5, 0.197796557401306}, {1, 0.0833154705876863}, {1.2815515655446004, 0.0473431753780267},
                               {1.6448536269514722, 0.0208929590277977}, {2, 0.00849070261682963}, {0, 0.398942280401433}};
    for (const auto& row : table) EXPECT_NEAR(1 - fill_rate(1, 1, row[0]), row[1], 1e-14);
}

// Heizer and Render, chapter 12: 700 would be best at 5.00, 714 at 4.80 are too few, 1,000 at 4.80 cost least.
TEST(Stock, QuantityDiscounts) {
    const std::vector<PriceBreak> breaks{{1, 5.0}, {1000, 4.8}, {2000, 4.75}};
    const DiscountedOrder order = order_with_discounts(5000, 49, 0.2, breaks);
    EXPECT_EQ(order.quantity, 1000);
    EXPECT_EQ(order.unit_cost, 4.8);
    EXPECT_NEAR(order.total_cost, 24725, 1e-9);
    const DiscountedOrder plain = order_with_discounts(5000, 49, 0.2, {{1, 5.0}});
    EXPECT_NEAR(plain.quantity, 700, 1e-9);
    EXPECT_NEAR(plain.total_cost, 25700, 1e-9);
    EXPECT_NEAR(order_with_discounts(5000, 49, 0.2, {{2000, 4.75}}).total_cost, 24822.5, 1e-9);
    // An economic quantity beyond a break has the lower cost.
    EXPECT_NEAR(order_with_discounts(50000, 49, 0.2, breaks).quantity, economic_order_quantity(50000, 49, 0.2 * 4.75, {}), 1e-9);
    EXPECT_EQ(order_with_discounts(0, 49, 0.2, {{0, 5.0}}).total_cost, 0);
    EXPECT_ERROR_CODE(order_with_discounts(10, 49, 0.2, {}), kInvalidArgument);
    EXPECT_ERROR_CODE(order_with_discounts(10, 49, 0, breaks), kInvalidArgument);
    EXPECT_ERROR_CODE(order_with_discounts(10, 49, 0.2, {{1, 5.0}, {1, 4.0}}), kInvalidArgument);
    EXPECT_ERROR_CODE(order_with_discounts(10, 49, 0.2, {{1, 5.0}, {9, 6.0}}), kInvalidArgument);
    EXPECT_ERROR_CODE(order_with_discounts(10, 49, 0.2, {{-1, 5.0}}), kInvalidArgument);
}

TEST(Stock, BadInput) {
    EXPECT_ERROR_CODE(economic_order_quantity(-1, 10, 0.5, {}), kInvalidArgument);
    EXPECT_ERROR_CODE(economic_order_quantity(10, 10, 0, {}), kInvalidArgument);
    EXPECT_ERROR_CODE(economic_order_quantity(10, 10, 1, 10), kInvalidArgument);
    ReorderParams params{100, 20, 0, 0, 0.95};
    EXPECT_EQ(reorder_point(params).reorder_point, 0);  // nothing is needed where nothing takes time
    for (const double level : {0.0, 1.0, std::nan("")}) {
        params.service_level = level;
        EXPECT_ERROR_CODE(reorder_point(params), kInvalidArgument);
    }
    EXPECT_ERROR_CODE(newsvendor(10, 1, 0, 0), kInvalidArgument);
    EXPECT_ERROR_CODE(newsvendor(10, 1, 1, 0), kInvalidArgument);
    EXPECT_ERROR_CODE(fill_rate(0, 1, 1), kInvalidArgument);
}

SimulationParams uncertain() {
    SimulationParams params;
    params.initial_cost = 20000;
    params.benefit_per_period = 9000;
    params.periods = 3;
    params.benefit = {0.6, 1.2};
    params.cost = {0.9, 1.5};
    return params;
}

TEST(Simulation, MeanIsTheOneOfPert) {
    FakeHost host;
    SimulationParams params = uncertain();
    params.draws = 200'000;
    const SimulationResult result = simulate_npv(params, host);
    const double annuity = 1 / 1.1 + 1 / 1.21 + 1 / 1.331;
    const double mean = annuity * 9000 * (0.6 + 4 + 1.2) / 6 - 20000 * (0.9 + 4 + 1.5) / 6;
    EXPECT_NEAR(result.mean_npv, mean, 4 * result.sd_npv / std::sqrt(200'000.0));
    EXPECT_LT(result.p05, result.p50);
    EXPECT_LT(result.p50, result.p95);
    EXPECT_GT(result.probability_of_loss, 0);
    EXPECT_LT(result.probability_of_loss, 1);
}

TEST(Simulation, CertainInputsLeaveNoSpread) {
    FakeHost host;
    SimulationParams params = uncertain();
    params.benefit = {};
    params.cost = {};
    const SimulationResult result = simulate_npv(params, host);
    EXPECT_NEAR(result.sd_npv, 0, 1e-9);
    EXPECT_NEAR(result.mean_npv, 9000 * (1 / 1.1 + 1 / 1.21 + 1 / 1.331) - 20000, 1e-8);
}

TEST(Simulation, SameForAnyNumberOfThreads) {
    FakeHost host;
    const SimulationResult one = simulate_npv(uncertain(), host);
    for (const int threads : {2, 8}) {
        host.threads = threads;
        const SimulationResult many = simulate_npv(uncertain(), host);
        EXPECT_EQ(one.mean_npv, many.mean_npv);
        EXPECT_EQ(one.p95, many.p95);
    }
}

TEST(Simulation, BadInputCancelAndMemory) {
    FakeHost host;
    SimulationParams params = uncertain();
    params.benefit = {1.1, 1.2};
    EXPECT_ERROR_CODE(simulate_npv(params, host), kInvalidArgument);
    params = uncertain();
    params.draws = 10;
    EXPECT_ERROR_CODE(simulate_npv(params, host), kInvalidArgument);
    params = uncertain();
    host.memory = 100;
    EXPECT_ERROR_CODE(simulate_npv(params, host), kLimitExceeded);
    CancellingHost cancelling(3);
    EXPECT_THROW(simulate_npv(uncertain(), cancelling), Cancelled);
}

}  // namespace
}  // namespace ecom::core

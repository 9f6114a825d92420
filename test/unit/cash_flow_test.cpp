#include "core/prescribe/cash_flow.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using test::Cancelled;
using test::CancellingHost;
using test::FakeHost;

CashFlows plan(const std::vector<double>& amounts) {
    FakeHost host;
    std::vector<CashFlow> flows;
    for (std::size_t i = 0; i < amounts.size(); ++i) flows.push_back({static_cast<double>(i), amounts[i]});
    return CashFlows(flows, host);
}

double only_irr(const CashFlows& flows) {
    FakeHost host;
    const auto rates = flows.irr(host);
    EXPECT_EQ(rates.size(), 1U);
    return rates.empty() ? NAN : rates.front();
}

// Values of numpy-financial's documentation.
TEST(CashFlow, ReferenceReturns) {
    EXPECT_NEAR(only_irr(plan({-250000, 100000, 150000, 200000, 250000, 300000})), 0.5672303344358536, 1e-12);
    EXPECT_NEAR(only_irr(plan({-100, 39, 59, 55, 20})), 0.2809484211599611, 1e-12);
    EXPECT_NEAR(only_irr(plan({-40000, 5000, 8000, 12000, 30000})), 0.105822598408902, 1e-12);
    EXPECT_NEAR(plan({-100, 39, 59, 55, 20}).npv(0.1), 39.197459189946, 1e-11);
    // A spreadsheet discounts the first flow too.
    EXPECT_NEAR(plan({0, -100, 39, 59, 55, 20}).npv(0.1), 35.6340538090418, 1e-11);
    EXPECT_NEAR(only_irr(plan({-100, 50, 30})), -0.147920271060385, 1e-12);
    EXPECT_NEAR(plan({-40000, 5000, 8000, 12000, 30000}).npv(0.08), 3065.2226681795255, 1e-8);
    EXPECT_NEAR(*plan({-100, 39, 59, 55, 20}).mirr(0.10, 0.12), 0.204376737674553, 1e-12);
}

TEST(CashFlow, PaybackIsLinearBetweenFlows) {
    EXPECT_NEAR(*plan({-100, 39, 59, 55, 20}).payback(0), 2.0 + 2.0 / 55.0, 1e-14);
    EXPECT_NEAR(*plan({-250000, 100000, 150000, 200000}).payback(0), 2.0, 1e-14);
    EXPECT_NEAR(*plan({-100, 39, 59, 55, 20}).payback(0.1), 2.3820000000000006, 1e-12);
    EXPECT_NEAR(*plan({-40000, 5000, 8000, 12000, 30000}).payback(0), 3.5, 1e-14);
    EXPECT_NEAR(*plan({-250000, 100000, 150000, 200000, 250000, 300000}).payback(0.1), 2.2337500000000006, 1e-12);
    EXPECT_NEAR(*plan({-40000, 5000, 8000, 12000, 30000}).payback(0.1), 3.9676333333333336, 1e-12);
    EXPECT_FALSE(plan({-100, 30, 30}).payback(0).has_value());
    EXPECT_EQ(*plan({100, 30}).payback(0), 0.0);
    // Money that goes out again counts from when it is back for good.
    EXPECT_NEAR(*plan({-100, 150, -100, 100}).payback(0), 2.5, 1e-14);
}

TEST(CashFlow, SeveralRatesOrNone) {
    FakeHost host;
    const auto two = plan({-1600, 10000, -10000}).irr(host);
    ASSERT_EQ(two.size(), 2U);
    EXPECT_NEAR(two[0], 0.25, 1e-12);
    EXPECT_NEAR(two[1], 4.0, 1e-12);
    EXPECT_TRUE(plan({100, -200, 150}).irr(host).empty());
    EXPECT_TRUE(plan({-100, -200}).irr(host).empty());
    EXPECT_TRUE(plan({}).irr(host).empty());
    // A rate of exactly zero, on the grid or not.
    EXPECT_NEAR(only_irr(plan({-100, 50, 50})), 0.0, 1e-12);
    // Thirty years of months, where powers of small rates overflow.
    std::vector<double> annuity(361, 6.0);
    annuity[0] = -1000;
    const double rate = only_irr(plan(annuity));
    EXPECT_NEAR(plan(annuity).npv(rate), 0.0, 1e-8);
}

TEST(CashFlow, AnyOrderAndAnyMergeGiveTheSameBits) {
    FakeHost host;
    const std::vector<CashFlow> flows{{0, -1000.1}, {1, 0.3}, {1, 700.7}, {2.5, 900.9}, {1, 1e-9}};
    CashFlowState whole{RoiParams{}};
    CashFlowState left{RoiParams{}};
    CashFlowState right{RoiParams{}};
    for (std::size_t i = 0; i < flows.size(); ++i) {
        const CashFlow& flow = flows[flows.size() - 1 - i];
        whole.add(flow.period, flow.amount, host);
        (i % 2 == 0 ? left : right).add(flows[i].period, flows[i].amount, host);
    }
    left.merge(right, host);
    EXPECT_EQ(whole.flows(host).npv(0.07), left.flows(host).npv(0.07));
    EXPECT_EQ(only_irr(whole.flows(host)), only_irr(left.flows(host)));
    const std::string bytes = encode_state(left);
    Reader in = open_state(bytes, CashFlowState::kKind);
    EXPECT_EQ(CashFlowState::decode(in).flows(host).npv(0.07), left.flows(host).npv(0.07));
}

TEST(CashFlow, WhatHasNoMeaningIsNone) {
    FakeHost host;
    const Roi gift = evaluate(plan({10, 10}), RoiParams{}, host);
    EXPECT_FALSE(gift.roi || gift.profitability_index || gift.irr || gift.mirr);
    EXPECT_EQ(gift.irr_count, 0);
    EXPECT_EQ(*gift.break_even_share, 0.0);
    const Roi several = evaluate(plan({-1600, 10000, -10000}), RoiParams{}, host);
    EXPECT_EQ(several.irr_count, 2);
    EXPECT_FALSE(several.irr);
    const Roi good = evaluate(plan({-100, 39, 59, 55, 20}), RoiParams{}, host);
    EXPECT_NEAR(*good.roi, 0.73, 1e-14);
    EXPECT_NEAR(*good.profitability_index, 1.39197459189946, 1e-12);
    EXPECT_NEAR(*good.break_even_share * *good.profitability_index, 1.0, 1e-14);
}

TEST(CashFlow, BadInput) {
    FakeHost host;
    CashFlowState state{RoiParams{}};
    EXPECT_ERROR_CODE(state.add(-1, 5, host), kInvalidArgument);
    EXPECT_ERROR_CODE(state.add(NAN, 5, host), kNonFiniteInput);
    EXPECT_ERROR_CODE(state.add(1, INFINITY, host), kNonFiniteInput);
    EXPECT_ERROR_CODE(plan({1, 2}).npv(-1), kInvalidArgument);
    EXPECT_ERROR_CODE(CashFlowState(RoiParams{-2, 0}), kInvalidArgument);
    CashFlowState other{RoiParams{0.2, 0.2}};
    EXPECT_ERROR_CODE(state.merge(other, host), kInvalidArgument);
}

TEST(CashFlow, StopsAndStaysWithinMemory) {
    CancellingHost host(100);
    EXPECT_THROW(plan({-100, 39, 59}).irr(host), Cancelled);
    FakeHost poor;
    poor.memory = 1000;
    CashFlowState state{RoiParams{}};
    EXPECT_ERROR_CODE(
        [&] {
            for (int i = 0; i < 100000; ++i) state.add(i, 1, poor);
        }(),
        kLimitExceeded);
}

}  // namespace
}  // namespace ecom::core

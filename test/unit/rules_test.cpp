#include "core/recommend/rules.hpp"

#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "recommend_data.hpp"

using namespace ecom::core;
using ecom::test::FakeHost;

namespace {

// Every subset of the items, counted one by one.
std::map<std::vector<std::uint32_t>, std::uint32_t> counted(const InteractionMatrix& baskets, std::uint32_t least) {
    std::map<std::vector<std::uint32_t>, std::uint32_t> counts;
    for (std::uint32_t subset = 1; subset < (1U << baskets.items()); ++subset) {
        std::vector<std::uint32_t> items;
        for (std::uint32_t i = 0; i < baskets.items(); ++i)
            if ((subset >> i & 1U) != 0) items.push_back(i);
        std::uint32_t count = 0;
        for (std::uint32_t b = 0; b < baskets.users(); ++b) {
            std::uint32_t held = 0;
            for (const auto* e = baskets.begin(b); e != baskets.end(b); ++e) held |= 1U << e->item;
            count += (held & subset) == subset ? 1 : 0;
        }
        if (count >= least) counts[items] = count;
    }
    return counts;
}

TEST(FrequentItemsets, AreThoseOfCountingEverySubset) {
    FakeHost host;
    const Interactions state = ecom::test::random_interactions(host, 300, 12, 5);
    const InteractionMatrix baskets(state, {}, host);
    for (const double support : {0.3, 0.1, 0.02, 1e-9}) {
        ItemsetParams params;
        params.min_support = support;
        params.max_length = 12;
        const Itemsets sets = frequent_itemsets(baskets, params, host);
        const auto wanted = counted(baskets, min_baskets(params, 300));
        ASSERT_EQ(sets.size(), wanted.size());
        for (std::size_t s = 0; s < sets.size(); ++s) {
            const auto found = wanted.find(std::vector<std::uint32_t>(sets.set(s), sets.set(s) + sets.length(s)));
            ASSERT_NE(found, wanted.end());
            EXPECT_EQ(found->second, sets.count[s]);
        }
    }
}

TEST(FrequentItemsets, ThresholdIsRoundedUp) {
    ItemsetParams params;
    params.min_support = 0.001;
    EXPECT_EQ(min_baskets(params, 9835), 10U);
    EXPECT_EQ(min_baskets(params, 9000), 9U);
    params.min_support = 0.1;
    EXPECT_EQ(min_baskets(params, 30), 3U);
    EXPECT_EQ(min_baskets(params, 0), 1U);
}

TEST(FrequentItemsets, AreTheSameForAnyNumberOfThreads) {
    FakeHost host;
    const Interactions state = ecom::test::random_interactions(host, 2000, 60, 8);
    const InteractionMatrix baskets(state, {}, host);
    ItemsetParams params;
    params.min_support = 0.003;
    const Itemsets one = frequent_itemsets(baskets, params, host);
    EXPECT_GT(one.size(), 500U);
    for (const int threads : {2, 8}) {
        host.threads = threads;
        const Itemsets many = frequent_itemsets(baskets, params, host);
        EXPECT_EQ(one.items, many.items);
        EXPECT_EQ(one.count, many.count);
    }
}

TEST(AffordableSupport, IsTheLeastThatHoldsTheLimit) {
    FakeHost host;
    const Interactions state = ecom::test::random_interactions(host, 2000, 60, 8);
    const InteractionMatrix baskets(state, {}, host);
    ItemsetParams params;
    params.max_length = 3;
    params.min_support = 0.003;
    const auto found = [&](double support) {
        ItemsetParams p = params;
        p.min_support = support;
        return frequent_itemsets(baskets, p, host).size();
    };
    EXPECT_EQ(affordable_support(baskets, params, found(params.min_support), host), params.min_support);
    for (const std::size_t limit : {1U, 30U, 60U, 500U}) {
        const double support = affordable_support(baskets, params, limit, host);
        EXPECT_LE(found(support), limit);
        EXPECT_GT(found(support - 1.0 / 2000), limit);
        host.threads = 8;
        EXPECT_EQ(affordable_support(baskets, params, limit, host), support);
        host.threads = 1;
    }
    EXPECT_THROW(affordable_support(baskets, params, 0, host), Error);
}

TEST(FrequentItemsets, NothingInNothing) {
    FakeHost host;
    Interactions state(IdType::kInteger, IdType::kInteger);
    EXPECT_EQ(frequent_itemsets(InteractionMatrix(state, {}, host), {}, host).size(), 0U);
    state.add(std::int64_t{1}, std::int64_t{1}, 1.0, 0, host);
    const Itemsets one = frequent_itemsets(InteractionMatrix(state, {}, host), {}, host);
    ASSERT_EQ(one.size(), 1U);
    EXPECT_EQ(one.count[0], 1U);
    EXPECT_TRUE(association_rules(InteractionMatrix(state, {}, host), {}, host).empty());
}

TEST(Rules, MeasuresOfOneRule) {
    FakeHost host;
    const Interactions state = ecom::test::tiny_interactions(host);
    const InteractionMatrix baskets(state, {}, host);
    RuleParams params;
    params.itemsets.min_support = 0.5;
    params.min_confidence = 0.75;
    const std::vector<Rule> rules = association_rules(baskets, params, host);
    // A => B and B => A: 3 of the 4 baskets of either.
    ASSERT_EQ(rules.size(), 2U);
    const Rule& rule = rules[0];
    EXPECT_EQ(rule.antecedent, std::vector<std::uint32_t>{0});
    EXPECT_EQ(rule.consequent, 1U);
    EXPECT_EQ(rule.count, 3U);
    EXPECT_DOUBLE_EQ(rule.support, 0.5);
    EXPECT_DOUBLE_EQ(rule.confidence, 0.75);
    EXPECT_DOUBLE_EQ(rule.lift, 1.125);
    EXPECT_NEAR(rule.leverage, 1.0 / 18.0, 1e-15);
    EXPECT_NEAR(rule.conviction, 4.0 / 3.0, 1e-15);
    EXPECT_NEAR(rule.jaccard, 0.6, 1e-15);
    EXPECT_NEAR(rule.p, 9.0 / 15.0, 1e-14);  // C(4,3) C(2,1) + C(4,4) of C(6,4)
    EXPECT_NEAR(rule.q, 0.6, 1e-14);
}

// R: phyper(k - 1, a, n - a, b, lower.tail = FALSE)
TEST(Rules, FisherAgreesWithR) {
    EXPECT_NEAR(hypergeometric_upper_tail(5, 10, 8, 50) / 0.00495159380989, 1.0, 1e-9);
    EXPECT_EQ(hypergeometric_upper_tail(0, 10, 8, 50), 1.0);
    EXPECT_EQ(hypergeometric_upper_tail(8, 10, 8, 10), 1.0);
    EXPECT_NEAR(hypergeometric_upper_tail(1, 10, 8, 50), 0.85675592613, 1e-10);
    // Against the sum of all terms in exact order.
    double total = 0.0;
    for (std::uint32_t x = 0; x <= 30; ++x) {
        const double mass = hypergeometric_upper_tail(x, 30, 40, 100) - (x < 30 ? hypergeometric_upper_tail(x + 1, 30, 40, 100) : 0.0);
        EXPECT_GE(mass, -1e-15);
        total += mass * x;
    }
    EXPECT_NEAR(total, 12.0, 1e-10);  // the mean, a b / n
}

// R: p.adjust(c(.01, .04, .03, .005, .5), "BH")
TEST(Rules, FalseDiscoveryRateAgreesWithR) {
    const std::vector<double> q = adjusted_p_values({0.01, 0.04, 0.03, 0.005, 0.5});
    const std::vector<double> wanted = {0.025, 0.05, 0.05, 0.025, 0.5};
    for (std::size_t i = 0; i < q.size(); ++i) EXPECT_NEAR(q[i], wanted[i], 1e-15);
    EXPECT_TRUE(adjusted_p_values({}).empty());
}

TEST(Rules, RefusesParametersOutOfRange) {
    FakeHost host;
    const Interactions state = ecom::test::tiny_interactions(host);
    const InteractionMatrix baskets(state, {}, host);
    const auto with = [&](auto change) {
        RuleParams params;
        change(params);
        EXPECT_ERROR_CODE(association_rules(baskets, params, host), kInvalidArgument);
    };
    with([](RuleParams& p) { p.itemsets.min_support = 0.0; });
    with([](RuleParams& p) { p.itemsets.min_support = std::nan(""); });
    with([](RuleParams& p) { p.itemsets.max_length = 1; });
    with([](RuleParams& p) { p.min_confidence = 1.1; });
    with([](RuleParams& p) { p.max_q = 0.0; });
}

TEST(Rules, StopsAndKeepsToTheLimit) {
    FakeHost host;
    const Interactions state = ecom::test::random_interactions(host, 2000, 60, 8);
    const InteractionMatrix baskets(state, {}, host);
    RuleParams params;
    params.itemsets.min_support = 0.003;
    for (const std::int64_t at : {1, 3, 20}) {
        ecom::test::CancellingHost cancelling(at);
        EXPECT_THROW(association_rules(baskets, params, cancelling), ecom::test::Cancelled);
    }
    host.memory = 300'000;
    EXPECT_ERROR_CODE(association_rules(baskets, params, host), kLimitExceeded);
}

}  // namespace

#include "core/recommend/evaluation.hpp"

#include <gtest/gtest.h>

#include "recommend_data.hpp"

using namespace ecom::core;
using ecom::test::FakeHost;

namespace {

TEST(RankingMetrics, OfOneList) {
    // Hits at ranks 1 and 3 of 4, three relevant.
    const RankingMetrics m = ranking_metrics({true, false, true, false}, 3, 4);
    EXPECT_DOUBLE_EQ(m.recall, 2.0 / 3.0);
    EXPECT_DOUBLE_EQ(m.precision, 0.5);
    EXPECT_DOUBLE_EQ(m.map, (1.0 + 2.0 / 3.0) / 3.0);
    EXPECT_DOUBLE_EQ(m.mrr, 1.0);
    EXPECT_DOUBLE_EQ(m.hit_rate, 1.0);
    EXPECT_NEAR(m.ndcg, (1.0 + 0.5) / (1.0 + 0.63092975357145743 + 0.5), 1e-15);
    // More relevant items than places: all places hit is a recall of 1.
    EXPECT_DOUBLE_EQ(ranking_metrics({true, true}, 10, 2).recall, 1.0);
    EXPECT_DOUBLE_EQ(ranking_metrics({}, 10, 2).ndcg, 0.0);
}

TEST(Evaluation, IsTheSameForAnyNumberOfThreads) {
    FakeHost host;
    const Interactions state = ecom::test::random_interactions(host, 400, 120, 12);
    for (const Split split : {Split::kLastOrder, Split::kUsers, Split::kTime}) {
        EvaluationParams params;
        params.split = split;
        params.cut = 700;
        host.threads = 1;
        const Evaluation one = evaluate_recommender(state, {}, params, host);
        EXPECT_GT(one.users, 20);
        EXPECT_GT(one.metrics.recall, 0.0);
        EXPECT_LE(one.coverage, 1.0);
        host.threads = 8;
        const Evaluation many = evaluate_recommender(state, {}, params, host);
        EXPECT_EQ(one.users, many.users);
        EXPECT_EQ(one.metrics.ndcg, many.metrics.ndcg);
        EXPECT_EQ(one.novelty, many.novelty);
        ecom::test::CancellingHost cancelling(2);
        EXPECT_THROW(evaluate_recommender(state, {}, params, cancelling), ecom::test::Cancelled);
    }
}

}  // namespace

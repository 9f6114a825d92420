#include "core/recommend/similarity.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "recommend_data.hpp"

using namespace ecom::core;
using ecom::test::FakeHost;

namespace {

// The matrix of scores, 0 where there is no neighbour.
std::vector<std::vector<double>> dense(const Neighbors& neighbors, std::size_t items) {
    std::vector<std::vector<double>> scores(items, std::vector<double>(items, 0.0));
    for (std::size_t i = 0; i < items; ++i)
        for (std::size_t n = neighbors.begin[i]; n < neighbors.begin[i + 1]; ++n) scores[i][neighbors.all[n].item] = neighbors.all[n].score;
    return scores;
}

void expect_rows(const SimilarityParams& params, const std::vector<std::vector<double>>& wanted) {
    FakeHost host;
    const Interactions state = ecom::test::tiny_interactions(host);
    const auto scores = dense(item_neighbors(InteractionMatrix(state, {}, host), params, host), 5);
    for (std::size_t i = 0; i < 5; ++i)
        for (std::size_t j = 0; j < 5; ++j) {
            if (i == j) continue;
            EXPECT_NEAR(scores[i][j], wanted[i][j], 1e-14) << similarity_name(params.similarity) << i << j;
        }
}

// Values from numpy; tfidf and bm25 from the library implicit.
TEST(Similarity, MatchesTheReference) {
    SimilarityParams params;
    expect_rows(params, {{1, .75, .577350269189626, .288675134594813, 0}, {.75, 1, .577350269189626, .577350269189626, 0},
                         {.577350269189626, .577350269189626, 1, .333333333333333, 0},
                         {.288675134594813, .577350269189626, .333333333333333, 1, .577350269189626}, {0, 0, 0, .577350269189626, 1}});
    params.shrink = 10;
    expect_rows(params, {{0, .214285714285714, .148543145110506, .0742715725552528, 0}, {.214285714285714, 0, .148543145110506, .148543145110506, 0},
                         {.148543145110506, .148543145110506, 0, .0769230769230769, 0},
                         {.0742715725552528, .148543145110506, .0769230769230769, 0, .085236589612692}, {0, 0, 0, .085236589612692, 0}});
    params.shrink = 0;
    params.similarity = Similarity::kJaccard;
    expect_rows(params, {{1, .6, .4, 1.0 / 6, 0}, {.6, 1, .4, .4, 0}, {.4, .4, 1, .2, 0}, {1.0 / 6, .4, .2, 1, 1.0 / 3}, {0, 0, 0, 1.0 / 3, 1}});
    params.similarity = Similarity::kConfidence;
    expect_rows(params, {{1, .75, .5, .25, 0}, {.75, 1, .5, .5, 0}, {2.0 / 3, 2.0 / 3, 1, 1.0 / 3, 0}, {1.0 / 3, 2.0 / 3, 1.0 / 3, 1, 1.0 / 3}, {0, 0, 0, 1, 1}});
    params.similarity = Similarity::kLift;
    expect_rows(params, {{1.5, 1.125, 1, .5, 0}, {1.125, 1.5, 1, 1, 0}, {1, 1, 2, 2.0 / 3, 0}, {.5, 1, 2.0 / 3, 2, 2}, {0, 0, 0, 2, 6}});
    params.similarity = Similarity::kTfidf;
    expect_rows(params, {{1, .713948735840786, .656463593196983, .105193268175933, 0}, {.713948735840786, 1, .258920391592146, .258920391592146, 0},
                         {.656463593196983, .258920391592146, 1, .138111101613813, 0},
                         {.105193268175933, .258920391592146, .138111101613813, 1, .850751313118219}, {0, 0, 0, .850751313118219, 1}});
    params.similarity = Similarity::kBm25;
    // Products of the weights that implicit gives: item A is (c1, c2, c4, c6), B (c1, c2, c3, c6).
    const double a1 = .196366325156505, a2 = .449526548914072, c1 = .22314355131421, c4 = .510825623765991, e5 = .702385232678237;
    const double ab = 2 * a1 * a1 + a2 * a2, ac = a1 * c1 + a2 * c4, ad = a1 * c1, bc = 2 * a1 * c1, bd = 2 * a1 * c1, cd = c1 * c1, de = c4 * e5;
    expect_rows(params, {{0, ab, ac, ad, 0}, {ab, 0, bc, bd, 0}, {ac, bc, 0, cd, 0}, {ad, bd, cd, 0, de}, {0, 0, 0, de, 0}});
    params.similarity = Similarity::kLinear;
    expect_rows(params, {{0, .291666666666667, .240562612162344, .0962250448649376, 0}, {.291666666666667, 0, .192450089729875, .192450089729875, 0},
                         {.240562612162344, .192450089729875, 0, .111111111111111, 0},
                         {.0962250448649376, .192450089729875, .111111111111111, 0, .288675134594813}, {0, 0, 0, .288675134594813, 0}});
    params.similarity = Similarity::kRp3beta;
    expect_rows(params, {{0, .145833333333333, .120281306081172, .0481125224324688, 0}, {.145833333333333, 0, .0962250448649376, .0962250448649376, 0},
                         {.138888888888889, .111111111111111, 0, .0641500299099584, 0},
                         {.0555555555555556, .111111111111111, .0641500299099584, 0, .166666666666667}, {0, 0, 0, .288675134594813, 0}});
}

TEST(Similarity, KeepsTheBestAndBreaksTiesByTheOrderOfItems) {
    FakeHost host;
    const Interactions state = ecom::test::tiny_interactions(host);
    SimilarityParams params;
    params.k = 2;
    const Neighbors neighbors = item_neighbors(InteractionMatrix(state, {}, host), params, host);
    // D: B and E tie at 0.577, C has 0.333.
    ASSERT_EQ(neighbors.begin[4] - neighbors.begin[3], 2U);
    EXPECT_EQ(neighbors.all[neighbors.begin[3]].item, 1U);
    EXPECT_EQ(neighbors.all[neighbors.begin[3] + 1].item, 4U);
    params.min_users = 2;
    const Neighbors common = item_neighbors(InteractionMatrix(state, {}, host), params, host);
    ASSERT_EQ(common.begin[4] - common.begin[3], 1U);
    EXPECT_EQ(common.all[common.begin[3]].users, 2U);
}

TEST(Similarity, IsTheSameForAnyNumberOfThreads) {
    FakeHost host;
    const Interactions state = ecom::test::random_interactions(host, 500, 200, 20);
    const InteractionMatrix matrix(state, {}, host);
    for (const Similarity similarity : {Similarity::kCosine, Similarity::kTfidf, Similarity::kRp3beta}) {
        SimilarityParams params;
        params.similarity = similarity;
        host.threads = 1;
        const Neighbors one = item_neighbors(matrix, params, host);
        for (const int threads : {2, 8}) {
            host.threads = threads;
            const Neighbors many = item_neighbors(matrix, params, host);
            ASSERT_EQ(one.begin, many.begin);
            for (std::size_t i = 0; i < one.all.size(); ++i) {
                ASSERT_EQ(one.all[i].item, many.all[i].item);
                ASSERT_EQ(one.all[i].score, many.all[i].score);
            }
        }
    }
}

TEST(Similarity, ParsesNamesAndRefusesOthers) {
    EXPECT_EQ(parse_similarity("rp3beta"), Similarity::kRp3beta);
    EXPECT_EQ(ecom::test::error_of([] { parse_similarity("magic"); }).hint(),
              "Use one of: cosine, jaccard, confidence, lift, tfidf, bm25, linear, rp3beta.");
    for (const auto change : {+[](SimilarityParams& p) { p.k = 0; }, +[](SimilarityParams& p) { p.k = 1'000'000; }, +[](SimilarityParams& p) { p.min_users = 0; },
                              +[](SimilarityParams& p) { p.shrink = -1; }, +[](SimilarityParams& p) { p.shrink = std::nan(""); },
                              +[](SimilarityParams& p) { p.other_power = 11; }}) {
        SimilarityParams params;
        change(params);
        EXPECT_ERROR_CODE(params.check(), kInvalidArgument);
    }
}

TEST(Similarity, StopsAndKeepsToTheLimit) {
    FakeHost host;
    const Interactions state = ecom::test::random_interactions(host, 500, 200, 20);
    const InteractionMatrix matrix(state, {}, host);
    ecom::test::CancellingHost cancelling(2);
    EXPECT_THROW(item_neighbors(matrix, {}, cancelling), ecom::test::Cancelled);
    host.memory = 10'000;
    EXPECT_ERROR_CODE(item_neighbors(matrix, {}, host), kLimitExceeded);
}

}  // namespace

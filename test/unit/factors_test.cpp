#include "core/recommend/factors.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/recommend/scorer.hpp"
#include "recommend_data.hpp"

using namespace ecom::core;
using ecom::test::FakeHost;

namespace {

double product(const double* a, const double* b, std::size_t n) {
    double sum = 0.0;
    for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
    return sum;
}

// What is minimised, with users at their best: there a user's part is n_u less the scores of its items, as of any quadratic form.
double objective(const InteractionMatrix& matrix, const ItemFactors& factors, const FactorParams& params) {
    double sum = 0.0;
    ecom::test::FakeHost host;
    FoldedHistory folded(factors);
    for (std::uint32_t u = 0; u < matrix.users(); ++u) {
        folded.fold(std::vector<std::uint32_t>(matrix.items_begin(u), matrix.items_end(u)), host);
        for (const std::uint32_t* i = matrix.items_begin(u); i != matrix.items_end(u); ++i) sum += 1.0 - folded.score(*i);
    }
    for (std::uint32_t i = 0; i < matrix.items(); ++i)
        sum += params.lambda * (matrix.users_of(i) + params.unobserved_weight * matrix.users()) * product(factors.of(i), factors.of(i), factors.width);
    return sum;
}

TEST(Factors, LearnWhoTakesWhat) {
    FakeHost host;
    // Two worlds: users of the one never take an item of the other.
    Interactions state(IdType::kInteger, IdType::kInteger);
    for (std::int64_t user = 0; user < 40; ++user) {
        Rng rng(7, static_cast<std::uint64_t>(user));
        for (int i = 0; i < 8; ++i) state.add(user, static_cast<std::int64_t>(rng.below(15)) + (user % 2) * 15, 1.0, Interactions::kNoTime, host);
    }
    const InteractionMatrix matrix(state, {}, host);
    FactorParams params;
    params.factors = 2;
    params.lambda = 0.001;
    const ItemFactors factors = fit_factors(matrix, params, host);
    EXPECT_EQ(factors.width, 8U);
    FoldedHistory folded(factors);
    folded.fold({0, 1, 2}, host);
    for (std::uint32_t own = 3; own < 15; ++own)
        for (std::uint32_t other = 15; other < 30; ++other) EXPECT_GT(folded.score(own), folded.score(other) + 0.1);
    double before = std::numeric_limits<double>::infinity();
    for (const int iterations : {1, 2, 5, 15}) {
        params.iterations = iterations;
        const double now = objective(matrix, fit_factors(matrix, params, host), params);
        EXPECT_LT(now, before) << iterations;
        before = now;
    }
}

// (sum over the history of y y' + a G + penalty I) x = sum over the history of y; contributions add up to the score.
TEST(Factors, HistoriesAreFoldedInExactly) {
    FakeHost host;
    const Interactions state = ecom::test::random_interactions(host, 200, 60, 9);
    const InteractionMatrix matrix(state, {}, host);
    FactorParams params;
    params.factors = 13;
    const ItemFactors factors = fit_factors(matrix, params, host);
    const std::size_t width = factors.width;
    ASSERT_EQ(width, 16U);
    const std::vector<std::uint32_t> history = {1, 5, 17, 30};
    FoldedHistory folded(factors);
    folded.fold(history, host);
    // x from scores: an item's score is y x, and sums of items' scores times y give G x.
    std::vector<double> left(width, 0.0), right(width, 0.0);
    for (std::uint32_t i = 0; i < factors.items; ++i)
        for (std::size_t f = 0; f < width; ++f) left[f] += params.unobserved_weight * folded.score(i) * factors.of(i)[f];
    for (const std::uint32_t i : history)
        for (std::size_t f = 0; f < width; ++f) {
            left[f] += folded.score(i) * factors.of(i)[f];
            right[f] += factors.of(i)[f];
        }
    // What is left of the system is penalty x; its products with every y are scores again.
    const double penalty = params.lambda * (4.0 + params.unobserved_weight * factors.items);
    for (std::size_t f = 0; f < width; ++f) right[f] -= left[f];
    for (std::uint32_t i = 0; i < factors.items; ++i) EXPECT_NEAR(product(right.data(), factors.of(i), width), penalty * folded.score(i), 1e-10);
    EXPECT_EQ(folded.because(history[2], host), 2U);  // nothing speaks for an item like itself
}

TEST(Factors, SameForAnyThreadsAndRowOrder) {
    FakeHost host;
    const Interactions state = ecom::test::random_interactions(host, 3000, 400, 12);
    const InteractionMatrix matrix(state, {}, host);
    FactorParams params;
    params.factors = 16;
    params.iterations = 3;
    const std::vector<double> one = fit_factors(matrix, params, host).all;
    for (const int threads : {2, 8}) {
        host.threads = threads;
        EXPECT_EQ(fit_factors(matrix, params, host).all, one);
    }
    params.seed = 43;
    EXPECT_NE(fit_factors(matrix, params, host).all, one);
}

TEST(Factors, KeepToTheirLimits) {
    FakeHost host;
    const Interactions state = ecom::test::random_interactions(host, 300, 100, 10);
    const InteractionMatrix matrix(state, {}, host);
    ecom::test::CancellingHost cancelling(5);
    EXPECT_THROW(fit_factors(matrix, {}, cancelling), ecom::test::Cancelled);
    host.memory = 100'000;
    EXPECT_ERROR_CODE(fit_factors(matrix, {}, host), kLimitExceeded);
    host.memory = 1000;
    EXPECT_ERROR_CODE(histories_of(matrix, host), kLimitExceeded);
    for (const auto change : {+[](FactorParams& p) { p.factors = 0; }, +[](FactorParams& p) { p.factors = 1025; }, +[](FactorParams& p) { p.iterations = 0; },
                              +[](FactorParams& p) { p.lambda = 0.0; }, +[](FactorParams& p) { p.unobserved_weight = std::nan(""); }}) {
        FactorParams params;
        change(params);
        EXPECT_ERROR_CODE(params.check(), kInvalidArgument);
    }
}

// Customers of A and C: c1 {A, B, C} 2 / sqrt(2 * 3), c2 {A, B} 1 / 2, c3 {B, C, D} 1 / sqrt(6), c4 {A, C} 1, c6 {A, B, D} 1 / sqrt(6).
TEST(SimilarUsers, ScoreByHand) {
    FakeHost host;
    const Interactions state = ecom::test::tiny_interactions(host);
    const InteractionMatrix matrix(state, {}, host);
    RecommenderParams params;
    params.method = "user_neighbors";
    const ItemModel model = ItemModel::fit(state, matrix, params, host);
    RecommendParams wanted;
    wanted.fill = false;
    const std::vector<std::uint32_t> history = {*model.find("A"), *model.find("C")};
    auto found = Scorer(model).recommend(history, wanted, host);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(model.ids().text(found[0].item), "B");
    EXPECT_NEAR(found[0].score, 4 / std::sqrt(6.0) + 0.5, 1e-14);
    EXPECT_EQ(model.ids().text(found[0].because), "A");  // c1, c2 and c6; of C c1 and c3
    EXPECT_EQ(found[0].because_users, 3U);
    EXPECT_EQ(model.ids().text(found[1].item), "D");
    EXPECT_NEAR(found[1].score, 2 / std::sqrt(6.0), 1e-14);
    EXPECT_EQ(found[1].because_users, 1U);
    ecom::test::CancellingHost cancelling(1);
    EXPECT_THROW(recommend_users(model, matrix, 0, matrix.users(), wanted, cancelling), ecom::test::Cancelled);
    // The two closest: c4 has nothing new, c1 has B.
    params.k = 2;
    found = Scorer(ItemModel::fit(state, matrix, params, host)).recommend(history, wanted, host);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_NEAR(found[0].score, 2 / std::sqrt(6.0), 1e-14);
}

TEST(SimilarUsers, ListsOfAllUsersAreThoseOfEach) {
    FakeHost host;
    const Interactions state = ecom::test::random_interactions(host, 120, 50, 6);
    const InteractionMatrix matrix(state, {}, host);
    for (const char* method : {"user_neighbors", "als", "cosine"}) {
        RecommenderParams params;
        params.method = method;
        params.factors = 8;
        const ItemModel model = ItemModel::fit(state, matrix, params, host);
        RecommendParams wanted;
        wanted.n = 4;
        host.threads = 4;
        const auto lists = recommend_users(model, matrix, 10, 90, wanted, host);
        host.threads = 1;
        ASSERT_EQ(lists.size(), 80U);
        Scorer scorer(model);
        for (std::uint32_t u = 10; u < 90; ++u) {
            const auto one = scorer.recommend(std::vector<std::uint32_t>(matrix.items_begin(u), matrix.items_end(u)), wanted, host);
            ASSERT_EQ(one.size(), lists[u - 10].size());
            for (std::size_t r = 0; r < one.size(); ++r) {
                EXPECT_EQ(one[r].item, lists[u - 10][r].item) << method;
                EXPECT_EQ(one[r].score, lists[u - 10][r].score);
                EXPECT_EQ(one[r].because, lists[u - 10][r].because);
            }
        }
        // Every thread has buffers of its own.
        host.threads = 100;
        host.memory = 40'000;
        EXPECT_ERROR_CODE(recommend_users(model, matrix, 10, 90, wanted, host), kLimitExceeded);
        host.threads = 1;
        EXPECT_EQ(recommend_users(model, matrix, 10, 90, wanted, host).size(), 80U);
        wanted.n = 1000;
        host.memory = 1000;
        EXPECT_ERROR_CODE(recommend_users(model, matrix, 0, 120, wanted, host), kLimitExceeded);
        host = FakeHost();
    }
}

}  // namespace

#include "core/recommend/scorer.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "core/catalog/models.hpp"
#include "core/recommend/ease.hpp"
#include "core/recommend/local_ridge.hpp"
#include "core/recommend/sequence.hpp"
#include "recommend_data.hpp"

using namespace ecom::core;
using ecom::test::FakeHost;

namespace {

using Dense = std::vector<std::vector<double>>;

Dense dense(const ItemWeights& weights, std::size_t items) {
    Dense result(items, std::vector<double>(items, 0.0));
    for (std::size_t i = 0; i < items; ++i)
        for (std::size_t w = weights.begin[i]; w < weights.begin[i + 1]; ++w) result[i][weights.all[w].target] = weights.all[w].weight;
    return result;
}

void expect_near(const Dense& found, const Dense& wanted, double tolerance) {
    for (std::size_t i = 0; i < wanted.size(); ++i)
        for (std::size_t j = 0; j < wanted.size(); ++j) EXPECT_NEAR(found[i][j], wanted[i][j], tolerance) << i << "," << j;
}

// numpy: P = inv(X'X + lambda I), B = -P / diag(P)
TEST(Ease, MatchesTheReference) {
    FakeHost host;
    const Interactions state = ecom::test::tiny_interactions(host);
    const InteractionMatrix matrix(state, {}, host);
    EaseParams params;
    params.lambda = 1.0;
    expect_near(dense(fit_ease(matrix, params, host), 5),
                {{0, 0.450980392156863, 0.255813953488372, -0.0833333333333333, 0.0263157894736842},
                 {0.534883720930233, 0, 0.209302325581395, 0.416666666666667, -0.131578947368421},
                 {0.255813953488372, 0.176470588235294, 0, 0.0833333333333334, -0.0263157894736842},
                 {-0.0930232558139535, 0.392156862745098, 0.0930232558139535, 0, 0.315789473684211},
                 {0.0465116279069768, -0.196078431372549, -0.0465116279069768, 0.5, 0}},
                1e-14);
    params.lambda = 10.0;
    const Dense ten = dense(fit_ease(matrix, params, host), 5);
    EXPECT_NEAR(ten[0][1], 0.188506573951964, 1e-14);
    EXPECT_NEAR(ten[4][3], 0.0909090909090909, 1e-14);
}

// Many blocks of the sweep against one inverse of Eigen, through the identity (G + lambda I) B = columns scaled.
TEST(Ease, SolvesItsNormalEquations) {
    FakeHost host;
    const Interactions state = ecom::test::random_interactions(host, 900, 300, 12);
    const InteractionMatrix matrix(state, {}, host);
    const std::size_t n = matrix.items();
    ASSERT_GT(n, 256U);
    EaseParams params;
    params.lambda = 5.0;
    params.k = static_cast<std::int32_t>(n);
    const Dense b = dense(fit_ease(matrix, params, host), n);
    Dense gram(n, std::vector<double>(n, 0.0));
    for (std::uint32_t u = 0; u < matrix.users(); ++u)
        for (const auto* x = matrix.begin(u); x != matrix.end(u); ++x)
            for (const auto* y = matrix.begin(u); y != matrix.end(u); ++y) gram[x->item][y->item] += 1.0;
    // Ridge regression of column j on the others: sum over i of (G + lambda I)_li B_ij = G_lj for l other than j.
    for (std::size_t j = 0; j < n; j += 29)
        for (std::size_t l = 0; l < n; ++l) {
            if (l == j) continue;
            double sum = params.lambda * b[l][j] - gram[l][j];
            for (std::size_t i = 0; i < n; ++i) sum += gram[l][i] * b[i][j];
            ASSERT_NEAR(sum, 0.0, 1e-9);
        }
}

TEST(Ease, KeepsToItsLimits) {
    FakeHost host;
    const Interactions state = ecom::test::random_interactions(host, 300, 100, 10);
    const InteractionMatrix matrix(state, {}, host);
    EaseParams params;
    params.max_items = 50;
    EXPECT_ERROR_CODE(fit_ease(matrix, params, host), kLimitExceeded);
    params.max_items = 10000;
    host.memory = 50'000;
    EXPECT_ERROR_CODE(fit_ease(matrix, params, host), kLimitExceeded);
    ecom::test::CancellingHost cancelling(3);
    EXPECT_THROW(fit_ease(matrix, params, cancelling), ecom::test::Cancelled);
    EXPECT_EQ(ease_bytes(4000), 4000U * 4000U * 8U);
    EXPECT_EQ(ease_bytes(10000), 10000U * 10000U * 4U);
    params.lambda = 0.0;
    EXPECT_ERROR_CODE(fit_ease(matrix, params, host), kInvalidArgument);
}

TEST(LocalRidge, MatchesTheReference) {
    FakeHost host;
    const Interactions state = ecom::test::tiny_interactions(host);
    const InteractionMatrix matrix(state, {}, host);
    LocalRidgeParams params;
    params.lambda = 1.0;
    params.k = 2;
    expect_near(dense(fit_local_ridge(matrix, params, host), 5),
                {{0, 0.5, 0.25, 0, 0}, {0.5, 0, 0.25, 0.4, 0}, {0.25, 0.25, 0, 0, 0}, {0, 0, 0, 0, 0.25}, {0, 0, 0, 0.5, 0}}, 1e-14);
    params.k = 4;
    const Dense wanted = {{0, 0.457627118644068, 0.254901960784314, -0.0833333333333334, 0},
                          {0.529411764705882, 0, 0.215686274509804, 0.416666666666667, 0},
                          {0.254901960784314, 0.186440677966102, 0, 0.0833333333333333, 0},
                          {-0.0784313725490197, 0.338983050847458, 0.0784313725490196, 0, 0.25},
                          {0, 0, 0, 0.5, 0}};
    expect_near(dense(fit_local_ridge(matrix, params, host), 5), wanted, 1e-14);
}

TEST(LocalRidge, SparseAndDenseGramAgree) {
    FakeHost host;
    const Interactions state = ecom::test::random_interactions(host, 400, 900, 6);
    const InteractionMatrix matrix(state, {}, host);
    LocalRidgeParams params;
    params.k = 10;
    const ItemWeights dense_gram = fit_local_ridge(matrix, params, host);
    host.memory = 2'000'000;  // the triangle takes 1.6 MB, more than half of it
    const ItemWeights sparse_gram = fit_local_ridge(matrix, params, host);
    ASSERT_EQ(dense_gram.begin, sparse_gram.begin);
    for (std::size_t w = 0; w < dense_gram.all.size(); ++w) ASSERT_EQ(dense_gram.all[w].weight, sparse_gram.all[w].weight);
    host.memory = 100'000;
    EXPECT_ERROR_CODE(fit_local_ridge(matrix, params, host), kLimitExceeded);
    ecom::test::CancellingHost cancelling(2);
    EXPECT_THROW(fit_local_ridge(matrix, params, cancelling), ecom::test::Cancelled);
}

TEST(Sequence, GoesOneWay) {
    FakeHost host;
    Interactions state(IdType::kInteger, IdType::kInteger);
    // Three buy 1, then 2 a day later, then 3 and 4 together.
    for (std::int64_t user = 0; user < 3; ++user)
        for (std::int64_t item = 1; item <= 4; ++item) state.add(user, item, 1.0, std::min<std::int64_t>(item, 3), host);
    const InteractionMatrix matrix(state, {}, host);
    const Dense weights = dense(fit_sequence(matrix, {}, host), 4);
    expect_near(weights, {{0, 1, 0.5, 0.5}, {0, 0, 1, 1}, {0, 0, 0, 0}, {0, 0, 0, 0}}, 1e-15);
    SequenceParams near;
    near.max_distance = 1;
    EXPECT_EQ(dense(fit_sequence(matrix, near, host), 4)[0][2], 0.0);
}

TEST(Popularity, DecaysAndTrends) {
    FakeHost host;
    constexpr std::int64_t kDay = 86'400'000'000;
    Interactions state(IdType::kInteger, IdType::kInteger);
    state.add(std::int64_t{1}, std::int64_t{1}, 1.0, 0, host);
    state.add(std::int64_t{2}, std::int64_t{1}, 1.0, 30 * kDay, host);
    state.add(std::int64_t{3}, std::int64_t{2}, 1.0, 60 * kDay, host);
    const InteractionMatrix matrix(state, {}, host);
    const Popularity popularity = item_popularity(matrix, {}, host);
    EXPECT_EQ(popularity.users[0], 2U);
    EXPECT_EQ(popularity.recent_users[0], 1U);
    EXPECT_DOUBLE_EQ(popularity.decayed_users[0], 0.75);
    EXPECT_DOUBLE_EQ(popularity.decayed_users[1], 1.0);
    EXPECT_DOUBLE_EQ(popularity.trend[0], 1.0);                   // (1 + 1) / (2 * 30 / 60 + 1)
    EXPECT_DOUBLE_EQ(popularity.trend[1], std::pow(2 / 1.5, 0.7));
}

TEST(Recommender, ScoresLikeTheReferenceAndSaysWhy) {
    FakeHost host;
    const Interactions state = ecom::test::tiny_interactions(host);
    const InteractionMatrix matrix(state, {}, host);
    RecommenderParams params;
    params.method = "cosine";
    const ItemModel model = ItemModel::fit(state, matrix, params, host);
    const std::vector<std::uint32_t> history = {*model.find("A"), *model.find("C")};
    Scorer scorer(model);
    RecommendParams wanted;
    wanted.fill = false;
    auto found = scorer.recommend(history, wanted, host);
    ASSERT_EQ(found.size(), 2U);  // E shares no customer with A or C
    EXPECT_EQ(model.ids().text(found[0].item), "B");
    EXPECT_NEAR(found[0].score, 1.32735026918963, 1e-14);
    EXPECT_EQ(model.ids().text(found[0].because), "A");
    EXPECT_EQ(found[0].because_users, 3U);
    wanted.fill = true;
    found = scorer.recommend(history, wanted, host);
    ASSERT_EQ(found.size(), 3U);
    EXPECT_TRUE(found[2].is_popular);
    // Everything owned: nothing new. Nothing owned: by popularity, ties by id.
    EXPECT_TRUE(scorer.recommend({0, 1, 2, 3, 4}, wanted, host).empty());
    found = scorer.recommend({}, wanted, host);
    ASSERT_EQ(found.size(), 5U);
    EXPECT_EQ(model.ids().text(found[0].item), "A");
    EXPECT_EQ(model.ids().text(found[1].item), "B");
    wanted.n = 0;
    EXPECT_TRUE(scorer.recommend(history, wanted, host).empty());
    wanted.n = 1'000'000;
    EXPECT_ERROR_CODE(scorer.recommend(history, wanted, host), kInvalidArgument);
    EXPECT_FALSE(model.find("F"));
    EXPECT_FALSE(model.find(std::int64_t{1}));
}

TEST(Recommender, ModelsTravelAndAreTheSameForAnyThreads) {
    FakeHost host;
    const Interactions state = ecom::test::random_interactions(host, 600, 300, 12);
    const InteractionMatrix matrix(state, {}, host);
    for (const char* method : {"local_ridge", "ease", "als", "user_neighbors", "sequence", "jaccard", "popular"}) {
        RecommenderParams params;
        params.method = method;
        params.k = 20;
        params.damping = 0.5;
        params.factors = 8;
        host.threads = 1;
        const std::string bytes = encode_model(ItemModel::fit(state, matrix, params, host));
        for (const int threads : {2, 8}) {
            host.threads = threads;
            EXPECT_EQ(encode_model(ItemModel::fit(state, matrix, params, host)), bytes) << method;
        }
        const auto decoded = decode_model(bytes, find_model_decoder);
        EXPECT_EQ(encode_model(*decoded), bytes);
        EXPECT_EQ(encode_model(*model_from_json(model_to_json(*decoded), find_model_decoder)), bytes);
    }
}

// Reasons are searched for in rows that ascend.
TEST(Recommender, RefusesRowsThatDoNotAscend) {
    FakeHost host;
    const Interactions state = ecom::test::tiny_interactions(host);
    RecommenderParams params;
    params.method = "cosine";
    const ItemModel model = ItemModel::fit(state, InteractionMatrix(state, {}, host), params, host);
    ASSERT_GE(model.weights().begin[1], 2U);
    const Document body = model.body();
    Document changed = Document::object();
    for (const auto& [name, field] : body.as_fields()) {
        if (name != "target") {
            changed.set(name, field);
            continue;
        }
        Document::Ints targets = field.as_ints();
        std::swap(targets[0], targets[1]);
        changed.set(name, Document(std::move(targets)));
    }
    EXPECT_NE(ItemModel::decode(body, 1), nullptr);
    EXPECT_ERROR_CODE(ItemModel::decode(changed, 1), kCorruptValue);
}

TEST(Recommender, RefusesMethodsThatDoNotExist) {
    RecommenderParams params;
    params.method = "magic";
    EXPECT_ERROR_CODE(params.check(), kInvalidArgument);
    params.method = "lift";
    params.shrink = 0.0;  // raw lift
    EXPECT_ERROR_CODE(params.check(), kInvalidArgument);
    params.method = "ease";
    params.popularity.half_life_days = 0.0;
    EXPECT_ERROR_CODE(params.check(), kInvalidArgument);
}

}  // namespace

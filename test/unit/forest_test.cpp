#include "core/forest/cross_validation.hpp"
#include "core/forest/fit.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/stats/evaluation.hpp"
#include "learner_rows.hpp"

using namespace ecom::core;
using namespace ecom::test;

namespace {

LearnerParams params(Learner learner, bool classify, int trees = 10) {
    LearnerParams p = LearnerParams::from(learner, classify, Document::object());
    p.trees = trees;
    return p;
}

std::string encoded(const TrainingRows& rows, const LearnerParams& p, Host& host) { return encode_model(TreeModel(fit_trees(rows, p, host))); }

std::vector<LearnerParams> all_learners() {
    std::vector<LearnerParams> out = {params(Learner::kForest, true), params(Learner::kForest, false), params(Learner::kBoosting, true),
                                      params(Learner::kBoosting, false)};
    out.push_back(params(Learner::kForest, true));
    out.back().exact = true;
    out.push_back(params(Learner::kForest, true));
    out.back().calibration = Calibration::kPlatt;
    out.back().balanced = true;
    return out;
}

double auc(const std::vector<HeldOut>& held, Host& host) {
    std::vector<double> of_class[2];
    for (const HeldOut& h : held) of_class[h.actual > 0 ? 1 : 0].push_back(h.predicted);
    return *classification_metrics(score_levels(std::move(of_class[1]), std::move(of_class[0]), host), 0.5, host).roc_auc;
}

}  // namespace

TEST(Forest, IsTheSameForAnyThreadsAndAnyOrderOfRows) {
    FakeHost host;
    for (const LearnerParams& p : all_learners()) {
        const auto data = learner_rows(1500, p.classify);
        const std::string one = encoded(learner_state(data, host).rows(host), p, host);
        for (const int threads : {2, 8}) {
            FakeHost many;
            many.threads = threads;
            EXPECT_EQ(encoded(learner_state(data, many).rows(many), p, many), one);
        }
        EXPECT_EQ(encoded(learner_state(data, host, true).rows(host), p, host), one);
        // Merged from two parts whose categories were met in another order.
        const std::vector<LearnerRow> head(data.begin(), data.begin() + 700), tail(data.begin() + 700, data.end());
        LearnerState merged = learner_state(tail, host, true);
        merged.merge(learner_state(head, host), host);
        EXPECT_EQ(encoded(merged.rows(host), p, host), one);
    }
}

TEST(Forest, LearnsNumbersCategoriesAndMissingValues) {
    FakeHost host;
    const TrainingRows rows = learner_state(learner_rows(4000, true), host).rows(host);
    // The formula itself reaches 0.82; a coin 0.5.
    EXPECT_GT(auc(cross_validate(rows, params(Learner::kForest, true, 60), 4, host), host), 0.77);
    EXPECT_GT(auc(cross_validate(rows, params(Learner::kBoosting, true, 60), 4, host), host), 0.77);
    const TreeModel model(fit_trees(rows, params(Learner::kForest, true, 60), host));
    const double blue = model.category(3, "blue"), red = model.category(3, "red");
    // Single predictions are noisy; means over the other features are not.
    const auto mean = [&](double y, double colour) {
        double sum = 0;
        for (int x = 0; x < 40; ++x)
            for (int z = 0; z < 5; ++z) {
                const double values[] = {-1.95 + 0.1 * x, y, static_cast<double>(z), colour};
                sum += model.predict(values) / 200;
            }
        return sum;
    };
    EXPECT_GT(mean(0, blue), mean(0, red) + 0.15);
    EXPECT_GT(mean(std::nan(""), red), mean(0, red) + 0.08);  // y that is missing says something
    EXPECT_TRUE(std::isnan(model.category(3, "mauve")));
    const double unseen[] = {0, 0, 0, model.category(3, "mauve")};
    EXPECT_GE(model.predict(unseen), 0);
    EXPECT_LE(model.predict(unseen), 1);
}

TEST(Forest, PredictsNumbers) {
    FakeHost host;
    for (const Learner learner : {Learner::kForest, Learner::kBoosting}) {
        const TrainingRows rows = learner_state(learner_rows(3000, false), host).rows(host);
        double squared = 0, total = 0;
        for (const HeldOut& h : cross_validate(rows, params(learner, false, 60), 3, host)) {
            squared += (h.actual - h.predicted) * (h.actual - h.predicted);
            total += 1;
        }
        // The noise alone, uniform on -1 to 1, has mean square 1/3; the labels have 2.2.
        EXPECT_LT(squared / total, 0.5);
        EXPECT_GT(squared / total, 0.3);
    }
}

TEST(Forest, WalksTreesAsTheyAreWritten) {
    FakeHost host;
    for (const LearnerParams& p : all_learners()) {
        const TrainingRows rows = learner_state(learner_rows(600, p.classify), host).rows(host);
        const TreeModel model(fit_trees(rows, p, host));
        for (std::size_t i = 0; i < rows.size(); ++i) {
            double values[4];
            for (std::size_t f = 0; f < 4; ++f) values[f] = i % 7 == f ? std::nan("") : rows.columns[f][i];
            double sum = 0;
            for (const Tree& tree : model.ensemble().trees) {
                std::size_t at = 0;
                while (tree[at].feature >= 0) {
                    const double v = values[tree[at].feature];
                    at = (std::isnan(v) ? tree[at].missing_left : v <= tree[at].threshold) ? at + 1 : tree[at].right;
                }
                sum += tree[at].value;
            }
            const double expected = p.learner == Learner::kForest ? sum / static_cast<double>(model.ensemble().trees.size()) : sum + model.ensemble().base;
            ASSERT_NEAR(model.raw(values), expected, 1e-12);
        }
    }
}

TEST(Forest, ComesBackFromBothForms) {
    FakeHost host;
    for (const LearnerParams& p : all_learners()) {
        const TrainingRows rows = learner_state(learner_rows(500, p.classify), host).rows(host);
        const TreeModel model(fit_trees(rows, p, host));
        const auto decoded = TreeModel::decode(model.body(), 1);
        EXPECT_EQ(encode_model(*decoded), encode_model(model));
        const double values[] = {0.3, std::nan(""), 2, 1};
        EXPECT_EQ(static_cast<const TreeModel&>(*decoded).predict(values), model.predict(values));
    }
    LearnerState state = learner_state(learner_rows(300, true), host);
    Writer out;
    state.encode(out);
    const std::string bytes = out.take();
    Reader in(bytes);
    Writer again;
    LearnerState::decode(in).encode(again);
    EXPECT_EQ(again.take(), bytes);
}

TEST(Forest, RefusesTreesThatContradictThemselves) {
    const auto broken = [](const std::function<void(TreeEnsemble&)>& change) {
        TreeEnsemble e;
        e.features = {{"x", FeatureType::kNumber}};
        e.categories.resize(1);
        e.importance = {1};
        e.trees = {{{0, 2, 1.0, 0, 10, false}, {-1, 0, 0, 0.1, 4, false}, {-1, 0, 0, 0.9, 6, false}}};
        change(e);
        TreeModel model(std::move(e));
    };
    broken([](TreeEnsemble&) {});
    EXPECT_ERROR_CODE((broken([](TreeEnsemble& e) { e.trees[0][0].right = 1; }), 0), kCorruptValue);
    EXPECT_ERROR_CODE((broken([](TreeEnsemble& e) { e.trees[0][0].right = 3; }), 0), kCorruptValue);
    EXPECT_ERROR_CODE((broken([](TreeEnsemble& e) { e.trees[0][0].feature = 1; }), 0), kCorruptValue);
    EXPECT_ERROR_CODE((broken([](TreeEnsemble& e) { e.trees[0][1].cover = 0; }), 0), kCorruptValue);
    EXPECT_ERROR_CODE((broken([](TreeEnsemble& e) { e.trees[0][1].cover = 5; }), 0), kCorruptValue);
    EXPECT_ERROR_CODE((broken([](TreeEnsemble& e) { e.trees[0][1].value = std::nan(""); }), 0), kCorruptValue);
    EXPECT_ERROR_CODE((broken([](TreeEnsemble& e) { e.trees[0].push_back(e.trees[0].back()); }), 0), kCorruptValue);
    EXPECT_ERROR_CODE((broken([](TreeEnsemble& e) { e.trees.clear(); }), 0), kCorruptValue);
    EXPECT_ERROR_CODE((broken([](TreeEnsemble& e) { e.calibration = {1}; }), 0), kCorruptValue);
}

TEST(Forest, DegenerateRowsGiveTheMean) {
    FakeHost host;
    auto data = learner_rows(50, true);
    for (LearnerRow& row : data) row = {row.label, 1, std::nan(""), 2, ""};
    double mean = 0;
    for (const LearnerRow& row : data) mean += row.label / 50;
    const double values[] = {7, 7, 7, std::nan("")};
    const TrainingRows constant = learner_state(data, host).rows(host);
    EXPECT_NEAR(TreeModel(fit_trees(constant, params(Learner::kForest, true, 300), host)).predict(values), mean, 0.02);
    EXPECT_NEAR(TreeModel(fit_trees(constant, params(Learner::kBoosting, true, 10), host)).predict(values), mean, 1e-9);
    data = learner_rows(50, true);
    for (LearnerRow& row : data) row.label = 1;
    const TrainingRows one_class = learner_state(data, host).rows(host);
    EXPECT_EQ(TreeModel(fit_trees(one_class, params(Learner::kForest, true), host)).predict(values), 1.0);
    EXPECT_GT(TreeModel(fit_trees(one_class, params(Learner::kBoosting, true), host)).predict(values), 0.99);
    EXPECT_ERROR_CODE(fit_trees(learner_state(learner_rows(1, true), host).rows(host), params(Learner::kForest, true), host), kNotEnoughData);
    EXPECT_ERROR_CODE(cross_validate(constant, params(Learner::kForest, true), 1, host), kInvalidArgument);
    EXPECT_ERROR_CODE(cross_validate(constant, params(Learner::kForest, true), 26, host), kNotEnoughData);
}

TEST(Forest, StopsAtAnyPollAndKeepsWithinItsMemory) {
    FakeHost host;
    const auto data = learner_rows(5000, true);
    const LearnerState state = learner_state(data, host);
    for (const LearnerParams& p : all_learners()) {
        if (!p.classify) continue;
        FakeHost counting;
        const TrainingRows rows = state.rows(host);
        fit_trees(rows, p, counting);
        ASSERT_GT(counting.polls, 20);
        for (const std::int64_t at : {std::int64_t{1}, counting.polls / 3, counting.polls}) {
            CancellingHost cancelling(at);
            EXPECT_THROW(fit_trees(rows, p, cancelling), Cancelled);
            CancellingHost with_threads(1);
            with_threads.threads = 4;
            EXPECT_THROW(fit_trees(rows, p, with_threads), Cancelled);
        }
        FakeHost small;
        small.memory = 100000;
        EXPECT_ERROR_CODE(fit_trees(rows, p, small), kLimitExceeded);
        EXPECT_ERROR_CODE(state.rows(small), kLimitExceeded);
        EXPECT_ERROR_CODE(cross_validate(rows, p, 5, small), kLimitExceeded);
    }
    // Enough for the rows, not for the trees.
    LearnerParams deep = params(Learner::kForest, true, 500);
    deep.max_depth = 0;
    FakeHost middling;
    middling.memory = 4U << 20;
    const TrainingRows rows = state.rows(host);
    EXPECT_NE(std::string(error_of([&] { fit_trees(rows, deep, middling); }).what()).find("trees of"), std::string::npos);
    FakeHost tiny;
    tiny.memory = 1000;
    EXPECT_ERROR_CODE(learner_state(data, tiny), kLimitExceeded);
}

TEST(Forest, PlattScalingUndoesALogisticDistortion) {
    FakeHost host;
    Rng rng(3, 0);
    std::vector<double> probabilities, labels;
    for (int i = 0; i < 200000; ++i) {
        const double logit = rng.uniform(-3, 3);
        labels.push_back(rng.uniform() < 1 / (1 + std::exp(-(0.5 * logit - 1))) ? 1 : 0);
        probabilities.push_back(1 / (1 + std::exp(-logit)));
    }
    const auto ab = platt_scaling(probabilities, labels, host);
    EXPECT_NEAR(ab[0], 0.5, 0.02);
    EXPECT_NEAR(ab[1], -1, 0.03);
    // Predictions that rank the wrong way round say nothing but the share of positives.
    const auto share = platt_scaling({0.4, 0.4, 0.6, 0.6}, {1, 1, 0, 1}, host);
    EXPECT_EQ(share[0], 0);
    EXPECT_NEAR(share[1], std::log(4.0 / 2.0), 1e-12);
}

TEST(LearnerParams, KnowsTheOptionsOfEachLearner) {
    const auto refuse = [](Learner learner, bool classify, const char* name, Document value) {
        return error_of([&] { LearnerParams::from(learner, classify, Document::object().set(name, std::move(value))); }).code();
    };
    EXPECT_EQ(LearnerParams::from(Learner::kForest, true, Document::object().set("trees", Document(std::int64_t{7}))).trees, 7);
    EXPECT_EQ(refuse(Learner::kForest, true, "tress", Document(std::int64_t{7})), ErrorCode::kInvalidArgument);
    EXPECT_EQ(refuse(Learner::kForest, true, "learning_rate", Document(0.5)), ErrorCode::kInvalidArgument);
    EXPECT_EQ(refuse(Learner::kBoosting, true, "bootstrap", Document(true)), ErrorCode::kInvalidArgument);
    EXPECT_EQ(refuse(Learner::kForest, false, "class_weight", Document(std::string("balanced"))), ErrorCode::kInvalidArgument);
    EXPECT_EQ(refuse(Learner::kForest, true, "positive_weight", Document(-1.0)), ErrorCode::kInvalidArgument);
    EXPECT_EQ(refuse(Learner::kForest, true, "trees", Document(2.5)), ErrorCode::kInvalidArgument);
    EXPECT_EQ(refuse(Learner::kForest, true, "trees", Document(std::string("many"))), ErrorCode::kInvalidArgument);
    EXPECT_EQ(refuse(Learner::kForest, true, "exclude", Document(std::string("x"))), ErrorCode::kInvalidArgument);
    EXPECT_EQ(refuse(Learner::kForest, true, "penalty", Document(0.1)), ErrorCode::kInvalidArgument);
    EXPECT_EQ(refuse(Learner::kLinear, true, "l1_ratio", Document(0.5)), ErrorCode::kInvalidArgument);
    EXPECT_EQ(refuse(Learner::kLinear, true, "penalty", Document(-0.5)), ErrorCode::kInvalidArgument);
}

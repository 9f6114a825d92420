#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "core/forest/fit.hpp"
#include "learner_rows.hpp"

using namespace ecom::core;
using namespace ecom::test;

namespace {

// What a tree predicts when only the features of `known` are: splits on others are averaged by cover.
double expectation(const Tree& tree, std::size_t at, const double* values, unsigned known) {
    const TreeNode& node = tree[at];
    if (node.feature < 0) return node.value;
    if ((known >> node.feature & 1U) != 0) {
        const double v = values[node.feature];
        const bool left = std::isnan(v) ? node.missing_left : v <= node.threshold;
        return expectation(tree, left ? at + 1 : node.right, values, known);
    }
    return (expectation(tree, at + 1, values, known) * tree[at + 1].cover +
            expectation(tree, node.right, values, known) * tree[node.right].cover) /
           node.cover;
}

double factorial(int n) { return n < 2 ? 1 : n * factorial(n - 1); }

// Shapley values by their definition, over all subsets of features.
std::vector<double> brute_force(const Tree& tree, const double* values, int p) {
    std::vector<double> out(static_cast<std::size_t>(p), 0.0);
    for (int f = 0; f < p; ++f)
        for (unsigned set = 0; set < 1U << p; ++set) {
            if ((set >> f & 1U) != 0) continue;
            const int size = __builtin_popcount(set);
            const double weight = factorial(size) * factorial(p - size - 1) / factorial(p);
            out[static_cast<std::size_t>(f)] +=
                weight * (expectation(tree, 0, values, set | 1U << f) - expectation(tree, 0, values, set));
        }
    return out;
}

void expect_explained(const TreeModel& model, const TrainingRows& rows, bool with_brute_force, Host& host) {
    const auto p = model.width();
    std::vector<double> values(p), contributions(p);
    for (std::size_t i = 0; i < 40; ++i) {
        for (std::size_t f = 0; f < p; ++f) values[f] = rows.columns[f][i];
        const double base = model.explain(values.data(), contributions.data(), host);
        double sum = base;
        for (const double c : contributions) sum += c;
        ASSERT_NEAR(sum, model.raw(values.data()), 1e-9) << "row " << i;
        if (!with_brute_force) continue;
        std::vector<double> expected(p, 0.0);
        for (const Tree& tree : model.ensemble().trees) {
            const auto of_tree = brute_force(tree, values.data(), static_cast<int>(p));
            for (std::size_t f = 0; f < p; ++f) expected[f] += of_tree[f];
        }
        const bool mean = model.ensemble().learner == Learner::kForest;
        for (std::size_t f = 0; f < p; ++f)
            ASSERT_NEAR(contributions[f], expected[f] / (mean ? static_cast<double>(model.ensemble().trees.size()) : 1.0), 1e-9);
    }
}

TreeModel fitted(const TrainingRows& rows, Learner learner, bool classify, int trees, int depth, Host& host) {
    LearnerParams params = LearnerParams::from(learner, classify, Document::object());
    params.trees = trees;
    params.max_depth = depth;
    return TreeModel(fit_trees(rows, params, host));
}

}  // namespace

TEST(TreeShap, EqualsShapleyValuesByDefinition) {
    FakeHost host;
    for (const bool classes : {true, false}) {
        const TrainingRows rows = learner_state(learner_rows(400, classes), host).rows(host);
        for (const Learner learner : {Learner::kForest, Learner::kBoosting})
            expect_explained(fitted(rows, learner, classes, 5, 4, host), rows, true, host);
    }
}

TEST(TreeShap, SumsToThePredictionOfDeepTrees) {
    FakeHost host;
    const TrainingRows rows = learner_state(learner_rows(3000, true), host).rows(host);
    expect_explained(fitted(rows, Learner::kForest, true, 20, 0, host), rows, false, host);
    expect_explained(fitted(rows, Learner::kBoosting, true, 50, 8, host), rows, false, host);
}

TEST(TreeShap, StopsWhenAsked) {
    FakeHost host;
    const TrainingRows rows = learner_state(learner_rows(3000, true), host).rows(host);
    const TreeModel model = fitted(rows, Learner::kForest, true, 20, 0, host);
    const double values[] = {0, 0, 0, 0};
    std::vector<double> contributions(4);
    CancellingHost cancelling(2);
    EXPECT_THROW(model.explain(values, contributions.data(), cancelling), Cancelled);
}

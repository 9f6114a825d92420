#include "core/forecast/reconciliation.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "core/base/eigen.hpp"
#include "core/base/rng.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

// total = a + b, a = a1 + a2, b = b1 + b2 + b3.
std::vector<HierarchyNode> example(std::size_t times = 40) {
    const std::optional<std::size_t> parents[] = {std::nullopt, 0, 0, 1, 1, 2, 2, 2};
    std::vector<HierarchyNode> nodes(8);
    Rng random(5, 1);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        nodes[i].parent = parents[i];
        for (int h = 0; h < 3; ++h) nodes[i].forecast.push_back(10.0 + static_cast<double>(i) + random.normal());
    }
    for (std::size_t t = 0; t < times; ++t) {
        const double common = random.normal();
        for (std::size_t i = 0; i < nodes.size(); ++i)
            nodes[i].residuals.push_back(common + static_cast<double>(1 + i % 3) * random.normal());
    }
    return nodes;
}

Reconciled run(const std::vector<HierarchyNode>& nodes, Reconciliation method, bool nonnegative = false) {
    test::FakeHost host;
    return reconcile(nodes, {method, nonnegative}, host);
}

void expect_sums(const Reconciled& result) {
    for (std::size_t h = 0; h < result.forecast[0].size(); ++h) {
        EXPECT_NEAR(result.forecast[0][h], result.forecast[1][h] + result.forecast[2][h], 1e-12);
        EXPECT_NEAR(result.forecast[1][h], result.forecast[3][h] + result.forecast[4][h], 1e-12);
        EXPECT_NEAR(result.forecast[2][h], result.forecast[5][h] + result.forecast[6][h] + result.forecast[7][h], 1e-12);
    }
}

// S (S' W^-1 S)^-1 S' W^-1 y, the formula as it is published.
Eigen::MatrixXd published(const std::vector<HierarchyNode>& nodes, const Eigen::MatrixXd& w) {
    Eigen::MatrixXd s = Eigen::MatrixXd::Zero(8, 5);
    for (Eigen::Index leaf = 0; leaf < 5; ++leaf) {
        s(0, leaf) = 1.0;
        s(leaf < 2 ? 1 : 2, leaf) = 1.0;
        s(3 + leaf, leaf) = 1.0;
    }
    Eigen::MatrixXd y(8, 3);
    for (Eigen::Index i = 0; i < 8; ++i)
        for (Eigen::Index h = 0; h < 3; ++h) y(i, h) = nodes[static_cast<std::size_t>(i)].forecast[static_cast<std::size_t>(h)];
    const Eigen::MatrixXd weighted = s.transpose() * w.inverse();
    return s * (weighted * s).inverse() * weighted * y;
}

void expect_published(const std::vector<HierarchyNode>& nodes, Reconciliation method, const Eigen::MatrixXd& w) {
    const Reconciled result = run(nodes, method);
    const Eigen::MatrixXd wanted = published(nodes, w);
    for (Eigen::Index i = 0; i < 8; ++i)
        for (Eigen::Index h = 0; h < 3; ++h)
            EXPECT_NEAR(result.forecast[static_cast<std::size_t>(i)][static_cast<std::size_t>(h)], wanted(i, h), 1e-11);
    expect_sums(result);
}

Eigen::MatrixXd residuals_of(const std::vector<HierarchyNode>& nodes) {
    Eigen::MatrixXd e(static_cast<Eigen::Index>(nodes[0].residuals.size()), 8);
    for (Eigen::Index i = 0; i < 8; ++i)
        for (Eigen::Index t = 0; t < e.rows(); ++t) e(t, i) = nodes[static_cast<std::size_t>(i)].residuals[static_cast<std::size_t>(t)];
    return e;
}

TEST(Reconciliation, IsThePublishedFormula) {
    const auto nodes = example();
    expect_published(nodes, Reconciliation::kOls, Eigen::MatrixXd::Identity(8, 8));
    Eigen::VectorXd leaves(8);
    leaves << 5, 2, 3, 1, 1, 1, 1, 1;
    expect_published(nodes, Reconciliation::kWlsStruct, leaves.asDiagonal());

    const Eigen::MatrixXd e = residuals_of(nodes);
    const auto times = static_cast<double>(e.rows());
    const Eigen::MatrixXd covariance = e.transpose() * e / times;
    const Eigen::MatrixXd diagonal = covariance.diagonal().asDiagonal();
    expect_published(nodes, Reconciliation::kWlsVar, diagonal);

    // shrink.estim of R's hts, written as it is there.
    const Eigen::MatrixXd xs = e * covariance.diagonal().cwiseSqrt().cwiseInverse().asDiagonal();
    const Eigen::MatrixXd cross = xs.transpose() * xs;
    const Eigen::MatrixXd squared = xs.cwiseProduct(xs);
    Eigen::MatrixXd v = (squared.transpose() * squared - cross.cwiseProduct(cross) / times) / (times * (times - 1.0));
    v.diagonal().setZero();
    Eigen::MatrixXd d = cross / times;
    d.diagonal().setZero();
    const double shrinkage = v.sum() / d.squaredNorm();
    ASSERT_GT(shrinkage, 0.0);
    ASSERT_LT(shrinkage, 1.0);
    EXPECT_NEAR(run(nodes, Reconciliation::kMintShrink).shrinkage, shrinkage, 1e-12);
    expect_published(nodes, Reconciliation::kMintShrink, shrinkage * diagonal + (1.0 - shrinkage) * covariance);
}

TEST(Reconciliation, BottomUpKeepsLeavesAndCoherentForecastsStay) {
    auto nodes = example();
    const Reconciled sums = run(nodes, Reconciliation::kBottomUp);
    expect_sums(sums);
    for (std::size_t i = 3; i < 8; ++i) EXPECT_EQ(sums.forecast[i], nodes[i].forecast);
    for (std::size_t i = 0; i < 8; ++i) nodes[i].forecast = sums.forecast[i];
    const Reconciled again = run(nodes, Reconciliation::kMintShrink);
    for (std::size_t i = 0; i < 8; ++i)
        for (std::size_t h = 0; h < 3; ++h) EXPECT_NEAR(again.forecast[i][h], sums.forecast[i][h], 1e-11);
}

TEST(Reconciliation, NothingBelowZero) {
    auto nodes = example();
    nodes[3].forecast = {-5.0, -5.0, 1.0};
    const Reconciled result = run(nodes, Reconciliation::kWlsStruct, true);
    expect_sums(result);
    EXPECT_EQ(result.forecast[3][0], 0.0);
}

TEST(Reconciliation, SmallCases) {
    EXPECT_TRUE(run({}, Reconciliation::kOls).forecast.empty());
    EXPECT_EQ(run({{std::nullopt, {1.0, -2.0}, {}}}, Reconciliation::kWlsStruct).forecast[0], (std::vector<double>{1.0, -2.0}));
    // Errors that are the same everywhere, and none at all, still give sums.
    auto nodes = example();
    for (auto& node : nodes) node.residuals = nodes[0].residuals;
    expect_sums(run(nodes, Reconciliation::kMintShrink));
    for (auto& node : nodes) node.residuals.assign(10, 0.0);
    expect_sums(run(nodes, Reconciliation::kMintShrink));
    expect_sums(run(nodes, Reconciliation::kWlsVar));
    // A time without a residual somewhere counts nowhere.
    auto gaps = example();
    gaps[4].residuals[3] = std::nan("");
    auto shorter = example();
    for (auto& node : shorter) node.residuals.erase(node.residuals.begin() + 3);
    EXPECT_EQ(run(gaps, Reconciliation::kMintShrink).forecast, run(shorter, Reconciliation::kMintShrink).forecast);
}

TEST(Reconciliation, RefusesWhatIsNoHierarchy) {
    auto nodes = example();
    nodes[0].parent = 3;
    EXPECT_ERROR_CODE(run(nodes, Reconciliation::kOls), kInvalidArgument);
    nodes = example();
    nodes[4].parent = 99;
    EXPECT_ERROR_CODE(run(nodes, Reconciliation::kOls), kInvalidArgument);
    nodes = example();
    nodes[4].forecast.pop_back();
    EXPECT_ERROR_CODE(run(nodes, Reconciliation::kOls), kInvalidArgument);
    nodes = example();
    nodes[4].forecast[0] = std::nan("");
    EXPECT_ERROR_CODE(run(nodes, Reconciliation::kOls), kNonFiniteInput);
    nodes = example();
    nodes[4].residuals.pop_back();
    EXPECT_ERROR_CODE(run(nodes, Reconciliation::kMintShrink), kInvalidArgument);
    EXPECT_ERROR_CODE(run(example(1), Reconciliation::kMintShrink), kNotEnoughData);
    EXPECT_ERROR_CODE(parse_reconciliation("best"), kInvalidArgument);
}

TEST(Reconciliation, StopsAndKeepsItsLimit) {
    const auto nodes = example();
    test::CancellingHost cancelling(3);
    EXPECT_THROW(reconcile(nodes, {}, cancelling), test::Cancelled);
    test::FakeHost poor;
    poor.memory = 1000;
    EXPECT_ERROR_CODE(reconcile(nodes, {}, poor), kLimitExceeded);
}

}  // namespace
}  // namespace ecom::core

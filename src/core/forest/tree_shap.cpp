// Shapley values of the path-dependent game of TreeSHAP (Lundberg, Erion and Lee, 2018) in time linear in the nodes.
//
// For one leaf let feature j pass its splits on the path with o_j (1 or 0) for this row, and with z_j, the share of training
// rows, when it is not known. The Shapley value of feature i is then the leaf's value times (o_i - z_i) times the integral from
// 0 to 1 of the product over all other features of f_j(t) = o_j t + z_j (1 - t), because the weight of a set of s out of m
// features is the beta integral of t^s (1 - t)^(m - s). The integrand is a polynomial of degree below m: Gauss and Legendre's
// rule with m / 2 points is exact. At each point the products of all leaves below a split add up, so one pass does, as in Linear
// TreeSHAP (Yu, Bifet, Read and Xu, 2022). All terms are positive: nothing cancels.
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/forest/tree_model.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// Points and weights on 0 to 1: roots of the Legendre polynomial by Newton's method.
template <std::size_t kPoints>
struct Quadrature {
    double t[kPoints], weight[kPoints];

    Quadrature() {
        constexpr double kPi = 3.14159265358979323846;
        const auto n = static_cast<double>(kPoints);
        for (std::size_t i = 0; i < kPoints; ++i) {
            double x = std::cos(kPi * (static_cast<double>(i) + 0.75) / (n + 0.5)), slope = 1;
            for (int iteration = 0; iteration < 100; ++iteration) {
                double p = 1, before = 0;
                for (std::size_t k = 0; k < kPoints; ++k) {
                    const auto d = static_cast<double>(k);
                    const double next = ((2 * d + 1) * x * p - d * before) / (d + 1);
                    before = p;
                    p = next;
                }
                slope = n * (x * p - before) / (x * x - 1);
                const double step = p / slope;
                x -= step;
                if (std::abs(step) < 1e-16) break;
            }
            t[i] = (1 + x) / 2;
            weight[i] = 1 / ((1 - x * x) * slope * slope);
        }
    }
};

template <std::size_t kPoints>
class Explainer {
public:
    Explainer(const double* values, double* out, std::size_t features, std::size_t deepest, Host& host)
        : values_(values), out_(out), seen_(features), levels_(deepest + 1), poll_(host) {
        for (Seen& seen : seen_) seen.inverse = kOnes;
        std::fill_n(levels_[0].product, kPoints, 1.0);
    }

    void run(const Tree& tree) {
        tree_ = tree.data();
        visit(0, 0);
    }

private:
    // How a feature passes its splits so far; before the first one always.
    struct Seen {
        double one = 1, zero = 1;
        const double* inverse = nullptr;  // of f(t), by point
    };
    struct Level {
        double product[kPoints];  // of f(t) over the features seen
        double inverse[kPoints];  // of the f(t) that this level changed
        double sum[kPoints];      // over the leaves below
    };

    void visit(std::size_t at, std::size_t depth) {
        poll_();
        Level& level = levels_[depth];
        const TreeNode& node = tree_[at];
        if (node.feature < 0) {
            for (std::size_t q = 0; q < kPoints; ++q) level.sum[q] = node.value * rule_.weight[q] * level.product[q];
            return;
        }
        const double v = values_[node.feature];
        const bool left = std::isnan(v) ? node.missing_left : v <= node.threshold;
        double sum[kPoints] = {};
        pass(at + 1, left, node, depth, sum);
        pass(node.right, !left, node, depth, sum);
        std::copy_n(sum, kPoints, level.sum);
    }

    // Visits a child and counts what the feature of the split contributes to the leaves below it: what it does with this
    // split less what it would have done without.
    void pass(std::size_t child, bool is_taken, const TreeNode& node, std::size_t depth, double* sum) {
        Seen& seen = seen_[static_cast<std::size_t>(node.feature)];
        const Seen before = seen;
        const double one = is_taken ? before.one : 0.0;
        const double zero = before.zero * (static_cast<double>(tree_[child].cover) / static_cast<double>(node.cover));
        const Level& level = levels_[depth];
        Level& below = levels_[depth + 1];
        for (std::size_t q = 0; q < kPoints; ++q) {
            const double factor = one * rule_.t[q] + zero * (1 - rule_.t[q]);
            below.inverse[q] = 1 / factor;
            below.product[q] = level.product[q] * before.inverse[q] * factor;
        }
        seen = {one, zero, below.inverse};
        visit(child, depth + 1);
        seen = before;
        double with = 0, without = 0;
        for (std::size_t q = 0; q < kPoints; ++q) {
            with += below.sum[q] * below.inverse[q];
            without += below.sum[q] * before.inverse[q];
            sum[q] += below.sum[q];
        }
        out_[node.feature] += (one - zero) * with - (before.one - before.zero) * without;
    }

    static constexpr std::size_t kMost = (kMaxTreeDepth + 1) / 2;
    static const double kOnes[kMost];

    const Quadrature<kPoints> rule_;
    const TreeNode* tree_ = nullptr;
    const double* values_;
    double* out_;
    std::vector<Seen> seen_;     // by feature
    std::vector<Level> levels_;  // by depth
    PollEvery poll_;
};

template <std::size_t kPoints>
const double Explainer<kPoints>::kOnes[kMost] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                                 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

template <std::size_t kPoints>
void explain_trees(const std::vector<Tree>& trees, const double* values, double* out, std::size_t features, std::size_t deepest, Host& host) {
    Explainer<kPoints> explainer(values, out, features, deepest, host);
    for (const Tree& tree : trees) explainer.run(tree);
}

}  // namespace

double TreeModel::explain(const double* values, double* contributions, Host& host) const {
    const std::size_t p = width();
    std::fill_n(contributions, p, 0.0);
    const std::size_t most_features = std::min<std::size_t>(deepest_, p);
    const auto run = most_features <= 4    ? explain_trees<2>
                     : most_features <= 6  ? explain_trees<3>
                     : most_features <= 8  ? explain_trees<4>
                     : most_features <= 10 ? explain_trees<5>
                     : most_features <= 16 ? explain_trees<8>
                     : most_features <= 32 ? explain_trees<16>
                                           : explain_trees<(kMaxTreeDepth + 1) / 2>;
    run(e_.trees, values, contributions, p, deepest_, host);
    if (e_.learner == Learner::kForest)
        for (std::size_t f = 0; f < p; ++f) contributions[f] /= static_cast<double>(e_.trees.size());
    return base_;
}

}  // namespace ecom::core

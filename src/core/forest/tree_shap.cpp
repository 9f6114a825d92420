// TreeSHAP, path-dependent: Lundberg, Erion and Lee (2018), "Consistent individualized feature attribution
// for tree ensembles", algorithm 2.
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/forest/tree_model.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

struct PathPart {
    std::int32_t feature;
    double zero;    // share of paths that pass when the feature is unknown
    double one;     // 1 when the row passes
    double weight;  // of subsets of this size
};

class Explainer {
public:
    // The paths of all levels of one walk lie one after the other: no allocation a node.
    Explainer(const double* values, double* out, std::size_t deepest, Host& host)
        : values_(values), out_(out), parts_((deepest + 2) * (deepest + 3) / 2), poll_(host) {}

    void run(const Tree& tree) {
        tree_ = tree.data();
        visit(0, parts_.data(), 0, 1, 1, -1);
    }

private:
    static void extend(PathPart* path, std::size_t n, double zero, double one, std::int32_t feature) {
        path[n] = {feature, zero, one, n == 0 ? 1.0 : 0.0};
        const double share = 1.0 / static_cast<double>(n + 1);
        for (std::size_t i = n; i-- > 0;) {
            path[i + 1].weight += one * path[i].weight * static_cast<double>(i + 1) * share;
            path[i].weight *= zero * static_cast<double>(n - i) * share;
        }
    }

    static void unwind(PathPart* path, std::size_t last, std::size_t at) {
        const double one = path[at].one, zero = path[at].zero;
        const auto size = static_cast<double>(last + 1);
        double next = path[last].weight;
        for (std::size_t i = last; i-- > 0;) {
            if (one != 0) {
                const double kept = path[i].weight;
                path[i].weight = next * size / (static_cast<double>(i + 1) * one);
                next = kept - path[i].weight * zero * static_cast<double>(last - i) / size;
            } else {
                path[i].weight = path[i].weight * size / (zero * static_cast<double>(last - i));
            }
        }
        for (std::size_t i = at; i < last; ++i) {
            path[i].feature = path[i + 1].feature;
            path[i].zero = path[i + 1].zero;
            path[i].one = path[i + 1].one;
        }
    }

    static double unwound_sum(const PathPart* path, std::size_t last, std::size_t at) {
        const double one = path[at].one, zero = path[at].zero;
        const auto size = static_cast<double>(last + 1);
        double total = 0;
        if (one == 0) {
            for (std::size_t i = last; i-- > 0;) total += path[i].weight / static_cast<double>(last - i);
            return total * size / zero;
        }
        double next = path[last].weight;
        for (std::size_t i = last; i-- > 0;) {
            const double part = next * size / static_cast<double>(i + 1);
            total += part;
            next = path[i].weight - part * zero * static_cast<double>(last - i) / size;
        }
        return total;
    }

    // path: n parts, to be extended by the split that led here; what lies after them is free.
    void visit(std::size_t at, PathPart* path, std::size_t n, double zero, double one, std::int32_t feature) {
        poll_(n + 1);
        extend(path, n, zero, one, feature);
        const TreeNode& node = tree_[at];
        if (node.feature < 0) {
            for (std::size_t i = 1; i <= n; ++i)
                out_[path[i].feature] += unwound_sum(path, n, i) * (path[i].one - path[i].zero) * node.value;
            return;
        }
        const double v = values_[node.feature];
        const bool left = std::isnan(v) ? node.missing_left : v <= node.threshold;
        const std::size_t hot = left ? at + 1 : node.right, cold = left ? node.right : at + 1;
        double seen_zero = 1, seen_one = 1;
        std::size_t parts = n + 1;
        for (std::size_t i = 1; i <= n; ++i)
            if (path[i].feature == node.feature) {
                seen_zero = path[i].zero;
                seen_one = path[i].one;
                unwind(path, n, i);
                --parts;
                break;
            }
        const auto cover = static_cast<double>(node.cover);
        PathPart* const below = path + parts;
        std::copy_n(path, parts, below);
        visit(hot, below, parts, seen_zero * tree_[hot].cover / cover, seen_one, node.feature);
        std::copy_n(path, parts, below);
        visit(cold, below, parts, seen_zero * tree_[cold].cover / cover, 0, node.feature);
    }

    const TreeNode* tree_ = nullptr;
    const double* values_;
    double* out_;
    std::vector<PathPart> parts_;
    PollEvery poll_;
};

}  // namespace

double TreeModel::explain(const double* values, double* contributions, Host& host) const {
    std::fill_n(contributions, width(), 0.0);
    Explainer explainer(values, contributions, deepest_, host);
    for (const Tree& tree : e_.trees) explainer.run(tree);
    if (e_.learner == Learner::kForest)
        for (std::size_t f = 0; f < width(); ++f) contributions[f] /= static_cast<double>(e_.trees.size());
    return base_;
}

}  // namespace ecom::core

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
    Explainer(const Tree& tree, const double* values, double* out) : tree_(tree), values_(values), out_(out) {}

    void run() {
        std::vector<PathPart> path;
        visit(0, path, 1, 1, -1);
    }

private:
    static void extend(std::vector<PathPart>& path, double zero, double one, std::int32_t feature) {
        const std::size_t n = path.size();
        path.push_back({feature, zero, one, n == 0 ? 1.0 : 0.0});
        const auto size = static_cast<double>(n + 1);
        for (std::size_t i = n; i-- > 0;) {
            path[i + 1].weight += one * path[i].weight * static_cast<double>(i + 1) / size;
            path[i].weight *= zero * static_cast<double>(n - i) / size;
        }
    }

    static void unwind(std::vector<PathPart>& path, std::size_t at) {
        const std::size_t last = path.size() - 1;
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
        path.pop_back();
    }

    static double unwound_sum(const std::vector<PathPart>& path, std::size_t at) {
        const std::size_t last = path.size() - 1;
        const double one = path[at].one, zero = path[at].zero;
        const auto size = static_cast<double>(last + 1);
        double next = path[last].weight, total = 0;
        for (std::size_t i = last; i-- > 0;) {
            if (one != 0) {
                const double part = next * size / (static_cast<double>(i + 1) * one);
                total += part;
                next = path[i].weight - part * zero * static_cast<double>(last - i) / size;
            } else {
                total += path[i].weight * size / (zero * static_cast<double>(last - i));
            }
        }
        return total;
    }

    void visit(std::size_t at, std::vector<PathPart> path, double zero, double one, std::int32_t feature) {
        extend(path, zero, one, feature);
        const TreeNode& node = tree_[at];
        if (node.feature < 0) {
            for (std::size_t i = 1; i < path.size(); ++i)
                out_[path[i].feature] += unwound_sum(path, i) * (path[i].one - path[i].zero) * node.value;
            return;
        }
        const double v = values_[node.feature];
        const bool left = std::isnan(v) ? node.missing_left : v <= node.threshold;
        const std::size_t hot = left ? at + 1 : node.right, cold = left ? node.right : at + 1;
        double seen_zero = 1, seen_one = 1;
        for (std::size_t i = 1; i < path.size(); ++i)
            if (path[i].feature == node.feature) {
                seen_zero = path[i].zero;
                seen_one = path[i].one;
                unwind(path, i);
                break;
            }
        const auto cover = static_cast<double>(node.cover);
        visit(hot, path, seen_zero * tree_[hot].cover / cover, seen_one, node.feature);
        visit(cold, path, seen_zero * tree_[cold].cover / cover, 0, node.feature);
    }

    const Tree& tree_;
    const double* values_;
    double* out_;
};

double mean_of_leaves(const Tree& tree) {
    double sum = 0;
    for (const TreeNode& node : tree)
        if (node.feature < 0) sum += node.value * node.cover;
    return sum / tree.front().cover;
}

}  // namespace

double TreeModel::explain(const double* values, double* contributions) const {
    const std::size_t p = width();
    std::fill_n(contributions, p, 0.0);
    double base = 0;
    for (const Tree& tree : e_.trees) {
        Explainer(tree, values, contributions).run();
        base += mean_of_leaves(tree);
    }
    if (e_.learner == Learner::kBoosting) return e_.base + base;
    const auto trees = static_cast<double>(e_.trees.size());
    for (std::size_t f = 0; f < p; ++f) contributions[f] /= trees;
    return base / trees;
}

}  // namespace ecom::core

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/budget.hpp"
#include "core/base/rng.hpp"
#include "core/forest/binning.hpp"
#include "core/forest/fit.hpp"
#include "core/forest/grower.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

TreeEnsemble fit_boosting(const TrainingRows& rows, const LearnerParams& params, Host& host) {
    const std::size_t n = rows.size();
    const int bins = std::min(params.bins, kMaxHistogramBins);
    const std::size_t bytes = add_size(add_size(2 * rows.bytes(), binning_bytes(n, rows.width(), bins, host.max_threads())),
                                       mul_size(n, 8 + 2 * (4 + sizeof(SumCell))));
    require_memory(host, bytes, "boosting on " + std::to_string(n) + " rows");
    const BinnedRows binned = bin_rows(rows, bins, host);
    TreeEnsemble out;
    out.learner = Learner::kBoosting;
    out.classify = params.classify;
    out.features = rows.features;
    out.rows = static_cast<std::int64_t>(n);
    out.parameters = params.document();
    for (std::size_t f = 0; f < rows.width(); ++f) {
        out.categories.emplace_back();
        for (const std::uint32_t c : binned.category_order[f]) out.categories[f].push_back(rows.categories[f][c]);
    }
    const double sum = std::accumulate(rows.labels.begin(), rows.labels.end(), 0.0);
    out.label_mean = sum / static_cast<double>(n);
    // One class only: the base value says it all, and stays finite.
    const double rate = std::clamp(out.label_mean, 1e-6, 1 - 1e-6);
    out.base = params.classify ? std::log(rate / (1 - rate)) : out.label_mean;
    GrowParams grow;
    grow.max_depth = params.max_depth;
    grow.min_leaf = static_cast<std::uint32_t>(params.min_leaf);
    grow.mtry = static_cast<std::size_t>(params.mtry);
    grow.lambda = params.lambda;
    grow.min_hessian = params.classify ? 1.0 : 0.0;
    std::vector<double> score(n, out.base);
    std::vector<std::uint32_t> chosen(n);
    std::vector<SumCell> stats(n);
    out.importance.assign(rows.width(), 0.0);
    NodeBudget budget(bytes);
    Grower<std::uint8_t, SumStat> grower(binned.narrow, binned.columns, SumStat{}, grow, budget, host);
    const double weight = params.positive_weight * (params.balanced && sum > 0 ? (static_cast<double>(n) - sum) / sum : 1.0);
    PollEvery poll(host);
    for (int t = 0; t < params.trees; ++t) {
        host.progress(t, params.trees);
        for (std::size_t i = 0; i < n; ++i) {
            poll();
            chosen[i] = static_cast<std::uint32_t>(i);
            if (params.classify) {
                const double p = 1 / (1 + std::exp(-score[i]));
                const double w = rows.labels[i] > 0 ? weight : 1.0;
                stats[i] = {w * (rows.labels[i] - p), w * std::max(p * (1 - p), 1e-16), 1};
            } else {
                stats[i] = {rows.labels[i] - score[i], 1.0, 1};
            }
        }
        Rng rng(static_cast<std::uint64_t>(params.seed), static_cast<std::uint64_t>(t));
        Tree tree = grower.grow(chosen, stats, rng, out.importance);
        // The rows of a leaf lie together, in the order of the leaves.
        std::size_t at = 0;
        for (TreeNode& node : tree) {
            node.value *= params.learning_rate;
            if (node.feature >= 0) continue;
            poll(node.cover);
            for (std::uint32_t i = 0; i < node.cover; ++i) score[chosen[at + i]] += node.value;
            at += node.cover;
        }
        out.trees.push_back(std::move(tree));
    }
    const double total = std::accumulate(out.importance.begin(), out.importance.end(), 0.0);
    if (total > 0)
        for (double& share : out.importance) share /= total;
    return out;
}

}  // namespace ecom::core

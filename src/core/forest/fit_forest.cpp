#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>

#include "core/base/budget.hpp"
#include "core/base/parallel.hpp"
#include "core/base/rng.hpp"
#include "core/forest/binning.hpp"
#include "core/forest/fit.hpp"
#include "core/forest/grower.hpp"
#include "core/stats/evaluation.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// Sums of out-of-bag predictions are kept in integers: their order, and so the threads, do not matter.
constexpr double kUnit = 1 << 30;

struct OutOfBag {
    std::vector<std::atomic<std::int64_t>> sum;
    std::vector<std::atomic<std::uint32_t>> trees;
    double scale;  // of a label, so that regressions fit the integers

    OutOfBag(std::size_t n, double largest) : sum(n), trees(n), scale(largest > 0 ? kUnit / largest : kUnit) {}
};

template <typename Code>
void add_out_of_bag(const Tree& tree, const std::vector<std::vector<Code>>& codes, const std::vector<std::uint8_t>& drawn,
                    const std::vector<std::uint32_t>& limits, OutOfBag& out, PollEvery& poll) {
    for (std::size_t row = 0; row < drawn.size(); ++row) {
        poll(8);
        if (drawn[row] != 0) continue;
        std::size_t at = 0;
        while (tree[at].feature >= 0) {
            const std::uint32_t code = codes[static_cast<std::size_t>(tree[at].feature)][row];
            const bool left = code == 0 ? tree[at].missing_left : code <= limits[at];
            at = left ? at + 1 : tree[at].right;
        }
        out.sum[row].fetch_add(std::llround(tree[at].value * out.scale), std::memory_order_relaxed);
        out.trees[row].fetch_add(1, std::memory_order_relaxed);
    }
}

// Thresholds of a tree as codes: the last code that goes left.
std::vector<std::uint32_t> code_limits(const Tree& tree, const std::vector<BinnedColumn>& columns) {
    std::vector<std::uint32_t> limits(tree.size(), 0);
    for (std::size_t i = 0; i < tree.size(); ++i) {
        if (tree[i].feature < 0) continue;
        const auto& grid = columns[static_cast<std::size_t>(tree[i].feature)];
        const auto& edges = grid.values.empty() ? grid.cuts : grid.values;
        // A code holds values up to its cut; where every value has its own code, up to the value.
        limits[i] = static_cast<std::uint32_t>(std::upper_bound(edges.begin(), edges.end(), tree[i].threshold) - edges.begin());
        if (std::isinf(tree[i].threshold)) limits[i] = static_cast<std::uint32_t>(grid.codes());
    }
    return limits;
}

template <typename Code, typename Stat>
void grow_trees(const TrainingRows& rows, const BinnedRows& binned, const std::vector<std::vector<Code>>& codes, Stat stat,
                const LearnerParams& params, TreeEnsemble& out, std::vector<std::vector<double>>& gains, OutOfBag* oob, NodeBudget& budget,
                Host& host) {
    GrowParams grow;
    grow.max_depth = params.max_depth;
    grow.min_leaf = static_cast<std::uint32_t>(params.min_leaf);
    grow.mtry = params.mtry > 0    ? static_cast<std::size_t>(params.mtry)
                : params.classify ? std::max<std::size_t>(1, static_cast<std::size_t>(std::sqrt(static_cast<double>(rows.width()))))
                                  : 0;
    const std::size_t n = rows.size();
    parallel_for(host, out.trees.size(), [&](std::size_t t, Host& worker) {
        Rng rng(static_cast<std::uint64_t>(params.seed), t);
        std::vector<std::uint8_t> drawn(n, params.bootstrap ? 0 : 1);
        PollEvery poll(worker);
        if (params.bootstrap)
            for (std::size_t i = 0; i < n; ++i) {
                poll();
                std::uint8_t& count = drawn[rng.below(n)];
                if (count < 255) ++count;
            }
        std::vector<std::uint32_t> chosen;
        std::vector<typename Stat::Row> stats;
        chosen.reserve(n);
        stats.reserve(n);
        for (std::size_t i = 0; i < n; ++i) {
            poll();
            const std::uint64_t count = drawn[i];
            if (count == 0) continue;
            chosen.push_back(static_cast<std::uint32_t>(i));
            if constexpr (std::is_same_v<Stat, ClassStat>) {
                stats.push_back(count | (rows.labels[i] > 0 ? count << 32 : 0));
            } else {
                const auto weight = static_cast<double>(count);
                stats.push_back({weight * rows.labels[i], weight, static_cast<std::uint32_t>(count)});
            }
        }
        Grower<Code, Stat> grower(codes, binned.columns, stat, grow, budget, worker);
        gains[t].assign(rows.width(), 0.0);
        out.trees[t] = grower.grow(chosen, stats, rng, gains[t]);
        if (oob != nullptr) add_out_of_bag(out.trees[t], codes, drawn, code_limits(out.trees[t], binned.columns), *oob, poll);
    });
}

void report_out_of_bag(const TrainingRows& rows, const LearnerParams& params, const OutOfBag& oob, TreeEnsemble& out, Host& host) {
    std::vector<double> predicted, actual;
    PollEvery poll(host);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        poll();
        const std::uint32_t trees = oob.trees[i].load(std::memory_order_relaxed);
        if (trees == 0) continue;
        predicted.push_back(static_cast<double>(oob.sum[i].load(std::memory_order_relaxed)) / oob.scale / trees);
        actual.push_back(rows.labels[i]);
    }
    if (predicted.empty()) return;
    out.metrics.set("out_of_bag_rows", Document(static_cast<std::int64_t>(predicted.size())));
    if (!params.classify) {
        PredictedState state;
        for (std::size_t i = 0; i < predicted.size(); ++i) state.add(actual[i], predicted[i], host);
        const auto m = state.metrics(host);
        out.metrics.set("out_of_bag_rmse", Document(m->rmse)).set("baseline_rmse", Document(m->baseline_rmse))
            .set("out_of_bag_mae", Document(m->mae)).set("baseline_mae", Document(m->baseline_mae));
        if (m->r2) out.metrics.set("out_of_bag_r2", Document(*m->r2));
        return;
    }
    if (params.calibration == Calibration::kPlatt) out.calibration = platt_scaling(predicted, actual, host);
    if (params.calibration == Calibration::kIsotonic) out.isotonic = isotonic_regression(predicted, actual, host);
    std::vector<double> of_class[2];
    for (std::size_t i = 0; i < predicted.size(); ++i) of_class[actual[i] > 0 ? 1 : 0].push_back(predicted[i]);
    const auto m = classification_metrics(score_levels(std::move(of_class[1]), std::move(of_class[0]), host), 0.5, host);
    out.metrics.set("out_of_bag_accuracy", Document(m.confusion.accuracy())).set("baseline_accuracy", Document(m.baseline_accuracy));
    if (m.roc_auc) out.metrics.set("out_of_bag_roc_auc", Document(*m.roc_auc));
    if (m.log_loss)
        out.metrics.set("out_of_bag_log_loss", Document(*m.log_loss)).set("baseline_log_loss", Document(*m.baseline_log_loss));
}

}  // namespace

TreeEnsemble fit_forest(const TrainingRows& rows, const LearnerParams& params, Host& host) {
    const std::size_t n = rows.size();
    const int bins = params.exact ? kMaxExactBins : params.bins;
    const auto threads = static_cast<std::size_t>(std::max(1, host.max_threads()));
    const std::size_t row_bytes = 4 + (params.classify ? sizeof(ClassStat::Row) : sizeof(SumStat::Row));
    const std::size_t bytes = add_size(add_size(2 * rows.bytes(), binning_bytes(n, rows.width(), bins, host.max_threads())),
                                       mul_size(n, 32 + threads * (1 + 2 * row_bytes)));
    require_memory(host, bytes, "growing trees on " + std::to_string(n) + " rows");
    const BinnedRows binned = bin_rows(rows, bins, host);
    TreeEnsemble out;
    out.learner = Learner::kForest;
    out.classify = params.classify;
    out.features = rows.features;
    out.trees.resize(static_cast<std::size_t>(params.trees));
    out.rows = static_cast<std::int64_t>(n);
    out.parameters = params.document();
    double sum = 0, largest = 0;
    for (const double label : rows.labels) {
        sum += label;
        largest = std::max(largest, std::abs(label));
    }
    out.label_mean = sum / static_cast<double>(n);
    for (std::size_t f = 0; f < rows.width(); ++f) {
        out.categories.emplace_back();
        for (const std::uint32_t c : binned.category_order[f]) out.categories[f].push_back(rows.categories[f][c]);
    }
    std::vector<std::vector<double>> gains(out.trees.size());
    NodeBudget budget(bytes);
    OutOfBag oob(params.bootstrap ? n : 0, largest);
    OutOfBag* const wanted = params.bootstrap ? &oob : nullptr;
    if (params.classify) {
        ClassStat stat;
        if (params.balanced && sum > 0 && sum < static_cast<double>(n)) {
            stat.weight[1] = static_cast<double>(n) / (2 * sum);
            stat.weight[0] = static_cast<double>(n) / (2 * (static_cast<double>(n) - sum));
        }
        stat.weight[1] *= params.positive_weight;
        if (params.exact) grow_trees(rows, binned, binned.wide, stat, params, out, gains, wanted, budget, host);
        else grow_trees(rows, binned, binned.narrow, stat, params, out, gains, wanted, budget, host);
    } else {
        if (params.exact) grow_trees(rows, binned, binned.wide, SumStat{}, params, out, gains, wanted, budget, host);
        else grow_trees(rows, binned, binned.narrow, SumStat{}, params, out, gains, wanted, budget, host);
    }
    out.importance.assign(rows.width(), 0.0);
    for (const auto& of_tree : gains) {
        const double total = std::accumulate(of_tree.begin(), of_tree.end(), 0.0);
        if (total > 0)
            for (std::size_t f = 0; f < rows.width(); ++f) out.importance[f] += of_tree[f] / total;
    }
    const double total = std::accumulate(out.importance.begin(), out.importance.end(), 0.0);
    if (total > 0)
        for (double& share : out.importance) share /= total;
    if (wanted != nullptr) report_out_of_bag(rows, params, oob, out, host);
    return out;
}

}  // namespace ecom::core

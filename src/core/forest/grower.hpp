// Grows one tree on binned columns, depth first, rows partitioned in place.
//
// One criterion serves all: the sum over children of G^2 / (H + lambda). With G = sum of labels and H = weight it is
// the decrease of variance, which for labels 0 and 1 is half that of Gini's index times the weight; with
// gradients and Hessians it is the gain of gradient boosting (Friedman, 2001; Chen and Guestrin, 2016).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include "core/base/budget.hpp"
#include "core/base/host.hpp"
#include "core/base/rng.hpp"
#include "core/forest/binning.hpp"
#include "core/forest/tree.hpp"

namespace ecom::core {

struct GrowParams {
    int max_depth = 10;            // 0: no limit but kMaxTreeDepth
    std::uint32_t min_leaf = 1;    // rows
    std::uint32_t min_split = 2;   // rows
    std::size_t mtry = 0;          // features tried a node; 0: all
    double lambda = 0;             // added to every H
    double min_hessian = 0;        // least H of a child
};

// The nodes of all trees of one fit, asked for before they are taken.
class NodeBudget {
public:
    // A node while it is grown, and in the model that is then walked and stored.
    static constexpr std::size_t kBytes = sizeof(TreeNode) + 96;

    explicit NodeBudget(std::size_t other_bytes) : other_bytes_(other_bytes) {}

    void take(std::size_t nodes, const Host& host) {
        const std::size_t all = taken_.fetch_add(nodes, std::memory_order_relaxed) + nodes;
        require_memory(host, add_size(other_bytes_, mul_size(all, kBytes)), "trees of " + std::to_string(all) + " nodes");
    }

private:
    std::size_t other_bytes_;
    std::atomic<std::size_t> taken_{0};
};

// Counts of two classes in one word: rows in the low half, positive rows in the high half, so that a
// histogram costs one addition a row and feature.
struct ClassStat {
    using Row = std::uint64_t;
    using Cell = std::uint64_t;
    double weight[2] = {1.0, 1.0};

    double g(Cell c) const { return weight[1] * static_cast<double>(c >> 32); }
    double h(Cell c) const { return weight[0] * static_cast<double>(count(c) - (c >> 32)) + g(c); }
    static std::uint32_t count(Cell c) { return static_cast<std::uint32_t>(c); }
};

struct SumCell {
    double sum_g = 0;
    double sum_h = 0;
    std::uint32_t n = 0;

    SumCell& operator+=(const SumCell& o) {
        sum_g += o.sum_g;
        sum_h += o.sum_h;
        n += o.n;
        return *this;
    }
    friend SumCell operator-(SumCell a, const SumCell& b) {
        a.sum_g -= b.sum_g;
        a.sum_h -= b.sum_h;
        a.n -= b.n;
        return a;
    }
};

// Sums of gradients and Hessians, or of labels and weights.
struct SumStat {
    using Row = SumCell;
    using Cell = SumCell;
    double g(const Cell& c) const { return c.sum_g; }
    double h(const Cell& c) const { return c.sum_h; }
    static std::uint32_t count(const Cell& c) { return c.n; }
};

template <typename Code, typename Stat>
class Grower {
public:
    using Row = typename Stat::Row;
    using Cell = typename Stat::Cell;

    Grower(const std::vector<std::vector<Code>>& codes, const std::vector<BinnedColumn>& columns, Stat stat,
           const GrowParams& params, NodeBudget& budget, Host& host)
        : codes_(codes), columns_(columns), stat_(stat), params_(params), budget_(budget), host_(host), poll_(host) {
        std::size_t widest = 0;
        for (const BinnedColumn& c : columns) widest = std::max(widest, c.codes());
        cells_.resize(widest);
        features_.resize(columns.size());
    }

    // rows and stats: the tree's rows, reordered. importance: gains are added, by feature.
    Tree grow(std::vector<std::uint32_t>& rows, std::vector<Row>& stats, Rng& rng, std::vector<double>& importance) {
        rows_ = rows.data();
        stats_ = stats.data();
        if (spare_rows_.size() < rows.size()) {
            spare_rows_.resize(rows.size());
            spare_stats_.resize(rows.size());
        }
        Tree tree;
        stack_.clear();
        stack_.push_back({0, static_cast<std::uint32_t>(rows.size()), 0, -1});
        while (!stack_.empty()) {
            const Pending node = stack_.back();
            stack_.pop_back();
            poll_(1 + (node.end - node.begin) / 2);
            const auto index = static_cast<std::uint32_t>(tree.size());
            if (node.parent >= 0) tree[static_cast<std::size_t>(node.parent)].right = index;
            Cell total{};
            for (std::uint32_t i = node.begin; i < node.end; ++i) total += stats_[i];
            const double g = stat_.g(total), h = stat_.h(total);
            if (tree.size() == tree.capacity()) {
                const std::size_t more = std::max<std::size_t>(16, tree.size());
                budget_.take(more, host_);
                tree.reserve(tree.size() + more);
            }
            tree.push_back({-1, 0, 0.0, h + params_.lambda > 0 ? g / (h + params_.lambda) : 0.0, Stat::count(total), false});
            const bool deep = node.depth >= static_cast<int>(kMaxTreeDepth) || (params_.max_depth > 0 && node.depth >= params_.max_depth);
            if (deep || Stat::count(total) < params_.min_split || node.end - node.begin < 2) continue;
            const Split split = best_split(node, total, rng);
            if (split.feature < 0) continue;
            importance[static_cast<std::size_t>(split.feature)] += split.gain;
            const std::uint32_t middle = partition(node, split);
            TreeNode& made = tree.back();
            made.feature = split.feature;
            made.threshold = columns_[static_cast<std::size_t>(split.feature)].threshold(split.left, split.right);
            made.missing_left = split.missing_left;
            stack_.push_back({middle, node.end, node.depth + 1, static_cast<std::int32_t>(index)});
            stack_.push_back({node.begin, middle, node.depth + 1, -1});
        }
        return tree;
    }

private:
    struct Pending {
        std::uint32_t begin, end;
        int depth;
        std::int32_t parent;  // whose right child this is; -1 for a left child
    };
    struct Split {
        std::int32_t feature = -1;
        std::size_t left = 0, right = 0;  // codes on both sides of the threshold
        bool missing_left = false;
        double gain = 0;
    };
    struct Level {
        std::size_t code;
        Cell cell;
    };

    double score(const Cell& c) const {
        const double g = stat_.g(c), h = stat_.h(c) + params_.lambda;
        return h > 0 ? g * g / h : 0.0;
    }

    // The node's values of a feature with their sums, ascending by code.
    void find_levels(const Pending& node, std::size_t f) {
        const Code* codes = codes_[f].data();
        const std::size_t width = columns_[f].codes();
        levels_.clear();
        if (width > 1024 && (node.end - node.begin) < width / 8) {
            pairs_.clear();
            for (std::uint32_t i = node.begin; i < node.end; ++i) pairs_.push_back({codes[rows_[i]], i});
            std::sort(pairs_.begin(), pairs_.end());
            for (const auto& [code, i] : pairs_) {
                if (levels_.empty() || levels_.back().code != code) levels_.push_back({code, Cell{}});
                levels_.back().cell += stats_[i];
            }
            return;
        }
        std::fill_n(cells_.begin(), width, Cell{});
        for (std::uint32_t i = node.begin; i < node.end; ++i) cells_[codes[rows_[i]]] += stats_[i];
        for (std::size_t c = 0; c < width; ++c)
            if (Stat::count(cells_[c]) > 0) levels_.push_back({c, cells_[c]});
    }

    void try_feature(std::size_t f, const Cell& total, double parent_score, Split& best) {
        const bool has_missing = levels_.front().code == 0;
        const Cell missing = has_missing ? levels_.front().cell : Cell{};
        for (int side = 0; side <= (has_missing ? 1 : 0); ++side) {
            const bool missing_left = side == 1;
            Cell left = missing_left ? missing : Cell{};
            // With missing values on the right all others may go left.
            const std::size_t last = levels_.size() - (has_missing && !missing_left ? 0 : 1);
            for (std::size_t i = has_missing ? 1 : 0; i < last; ++i) {
                left += levels_[i].cell;
                const Cell right = total - left;
                if (Stat::count(left) < params_.min_leaf || Stat::count(right) < params_.min_leaf) continue;
                if (stat_.h(left) < params_.min_hessian || stat_.h(right) < params_.min_hessian) continue;
                const double gain = score(left) + score(right) - parent_score;
                if (gain <= best.gain) continue;
                best.feature = static_cast<std::int32_t>(f);
                best.left = levels_[i].code;
                best.right = i + 1 < levels_.size() ? levels_[i + 1].code : columns_[f].codes();
                best.missing_left = has_missing ? missing_left : 2 * Stat::count(left) >= Stat::count(total);
                best.gain = gain;
            }
        }
    }

    Split best_split(const Pending& node, const Cell& total, Rng& rng) {
        const double parent_score = score(total);
        Split best;
        best.gain = 1e-12 * std::max(1e-300, parent_score);
        const std::size_t p = features_.size();
        for (std::size_t f = 0; f < p; ++f) features_[f] = static_cast<std::uint32_t>(f);
        const std::size_t wanted = params_.mtry == 0 ? p : std::min(p, params_.mtry);
        // Features that are constant in the node do not count (as scikit-learn has it).
        std::size_t tried = 0;
        for (std::size_t k = 0; k < p && tried < wanted; ++k) {
            if (wanted < p) std::swap(features_[k], features_[k + rng.below(p - k)]);
            const std::size_t f = features_[k];
            poll_(1 + (node.end - node.begin) / 4);
            find_levels(node, f);
            if (levels_.size() < 2) continue;
            ++tried;
            try_feature(f, total, parent_score, best);
        }
        return best;
    }

    // Rows that go left first; both sides keep their order.
    std::uint32_t partition(const Pending& node, const Split& split) {
        const Code* codes = codes_[static_cast<std::size_t>(split.feature)].data();
        std::uint32_t left = node.begin, right = 0;
        const auto limit = static_cast<Code>(split.left);
        for (std::uint32_t i = node.begin; i < node.end; ++i) {
            const std::uint32_t row = rows_[i];
            const Row stat = stats_[i];
            const Code code = codes[row];
            const bool goes_left = code == 0 ? split.missing_left : code <= limit;
            rows_[left] = row;
            stats_[left] = stat;
            spare_rows_[right] = row;
            spare_stats_[right] = stat;
            left += goes_left ? 1 : 0;
            right += goes_left ? 0 : 1;
        }
        std::copy_n(spare_rows_.begin(), right, rows_ + left);
        std::copy_n(spare_stats_.begin(), right, stats_ + left);
        return left;
    }

    const std::vector<std::vector<Code>>& codes_;
    const std::vector<BinnedColumn>& columns_;
    const Stat stat_;
    const GrowParams params_;
    NodeBudget& budget_;
    Host& host_;
    PollEvery poll_;
    std::uint32_t* rows_ = nullptr;
    Row* stats_ = nullptr;
    std::vector<std::uint32_t> spare_rows_;
    std::vector<Row> spare_stats_;
    std::vector<Cell> cells_;
    std::vector<Level> levels_;
    std::vector<std::pair<std::size_t, std::uint32_t>> pairs_;
    std::vector<std::uint32_t> features_;
    std::vector<Pending> stack_;
};

}  // namespace ecom::core

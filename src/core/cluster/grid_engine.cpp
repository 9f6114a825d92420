#include "core/cluster/grid_engine.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/parallel.hpp"
#include "core/cluster/farthest.hpp"
#include "core/cluster/grid.hpp"
#include "core/cluster/kernels.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::size_t kPointsPerRun = 16384;
constexpr std::int32_t kMixed = -1;

}  // namespace

GridEngine::GridEngine(const FeatureColumns& columns, const std::vector<double>& weights, Host& host)
    : rows_(columns[0].size()), features_(columns.size()) {
    GridOrder order = grid_order(columns, weights, host);
    order_ = std::move(order.rows);
    starts_ = std::move(order.starts);
    columns_.resize(features_);
    PollEvery poll(host);
    const auto gather = [&](const std::vector<double>& from, std::vector<double>& to) {
        to.reserve(rows_ + kLanes);
        for (const std::uint32_t row : order_) {
            poll();
            to.push_back(from[row]);
        }
        to.resize(rows_ + kLanes);
    };
    for (std::size_t j = 0; j < features_; ++j) {
        gather(columns[j], columns_[j]);
        x_.push_back(columns_[j].data());
    }
    if (!weights.empty()) gather(weights, weights_);

    const std::size_t cells = starts_.size() - 1;
    lows_.reserve(cells * features_);
    highs_.reserve(cells * features_);
    sums_.reserve(cells * features_);
    masses_.reserve(cells);
    run_starts_.push_back(0);
    for (std::size_t cell = 0; cell < cells; ++cell) {
        const std::size_t begin = starts_[cell];
        const std::size_t end = starts_[cell + 1];
        for (std::size_t j = 0; j < features_; ++j) {
            const double* const x = x_[j];
            double low = x[begin], high = x[begin], sum = 0.0;
            for (std::size_t i = begin; i < end; ++i) {
                poll();
                low = std::min(low, x[i]);
                high = std::max(high, x[i]);
                sum += weight(i) * x[i];
            }
            lows_.push_back(low);
            highs_.push_back(high);
            sums_.push_back(sum);
        }
        double mass = 0.0;
        for (std::size_t i = begin; i < end; ++i) mass += weight(i);
        masses_.push_back(mass);
        if (end - starts_[run_starts_.back()] >= kPointsPerRun)
            run_starts_.push_back(static_cast<std::uint32_t>(cell + 1));
    }
    if (run_starts_.back() != cells) run_starts_.push_back(static_cast<std::uint32_t>(cells));
}

std::size_t GridEngine::run_bytes(std::size_t k) const {
    const std::size_t points = rows_ * (sizeof(double) + sizeof(ClusterLabel));
    const std::size_t boxes = cells() * (2 * sizeof(double) + sizeof(std::int32_t));
    return points + boxes + runs() * k * (features_ + 1 + seeding_candidates(k)) * sizeof(double);
}

std::size_t GridEngine::distinct_points(std::size_t enough, Host& host) const {
    // Equal points lie next to each other: in the same cell, sorted by coordinates.
    std::size_t found = 1;
    PollEvery poll(host);
    for (std::size_t i = 1; i < rows_ && found < enough; ++i) {
        poll();
        for (std::size_t j = 0; j < features_; ++j) {
            if (x_[j][i] == x_[j][i - 1]) continue;
            ++found;
            break;
        }
    }
    return found;
}

double GridEngine::point_distance(std::size_t i, const double* center) const {
    double sum = 0.0;
    for (std::size_t j = 0; j < features_; ++j) {
        const double step = x_[j][i] - center[j];
        sum += step * step;
    }
    return sum;
}

// --- Seeding ---------------------------------------------------------------------------------------

// Distances of all points to the nearest centre so far, with what is needed to leave whole cells alone.
class GridEngine::Seeding {
public:
    Seeding(const GridEngine& grid, Host& host)
        : grid_(grid),
          nearest_(grid.rows_ + kLanes, std::numeric_limits<double>::infinity()),
          largest_(grid.cells(), std::numeric_limits<double>::infinity()),
          potential_(grid.cells(), std::numeric_limits<double>::infinity()),
          host_(host) {}

    // The point at a place in [0, 1) of all points' weights, or of their weighted distances.
    std::size_t point_by_mass(double place) const { return point_at(place, grid_.masses_, false); }
    std::size_t point_by_distance(double place) const { return point_at(place, potential_, true); }

    void take(const double* center) {
        for_runs([&](std::size_t, std::size_t cell) {
            if (grid_.nearest_distance(cell, center) >= largest_[cell]) return;
            potential_[cell] = cluster_kernels().approach(
                grid_.x_.data(), grid_.features_, grid_.starts_[cell], grid_.starts_[cell + 1], center,
                grid_.weights(), nearest_.data(), &largest_[cell]);
        });
    }

    // The sum of weighted distances if this point became a centre too, for each of several.
    std::vector<double> potentials(const std::vector<double>& centers) {
        const std::size_t count = centers.size() / grid_.features_;
        std::vector<double> partial(grid_.runs() * count, 0.0);
        for_runs([&](std::size_t run, std::size_t cell) {
            for (std::size_t c = 0; c < count; ++c) {
                const double* const center = centers.data() + c * grid_.features_;
                partial[run * count + c] +=
                    grid_.nearest_distance(cell, center) >= largest_[cell]
                        ? potential_[cell]
                        : cluster_kernels().potential(grid_.x_.data(), grid_.features_, grid_.starts_[cell],
                                                      grid_.starts_[cell + 1], center, grid_.weights(),
                                                      nearest_.data());
            }
        });
        std::vector<double> total(count, 0.0);
        for (std::size_t run = 0; run < grid_.runs(); ++run)
            for (std::size_t c = 0; c < count; ++c) total[c] += partial[run * count + c];
        return total;
    }

private:
    template <typename F>
    void for_runs(F f) {
        parallel_for(host_, grid_.runs(), [&](std::size_t run, Host& worker) {
            PollEvery poll(worker);
            for (std::size_t cell = grid_.run_starts_[run]; cell < grid_.run_starts_[run + 1]; ++cell) {
                poll(1 + (grid_.starts_[cell + 1] - grid_.starts_[cell]) / 16);
                f(run, cell);
            }
        });
    }

    std::size_t point_at(double place, const std::vector<double>& by_cell, bool by_distance) const {
        double left = place * std::accumulate(by_cell.begin(), by_cell.end(), 0.0);
        // Rounding may leave a rest at the end: the last point that could be drawn is taken then.
        std::size_t last = 0;
        for (std::size_t cell = 0; cell < by_cell.size(); ++cell) {
            if (by_cell[cell] > 0.0) last = cell;
            if (left < by_cell[cell]) break;
            left -= by_cell[cell];
        }
        std::size_t chosen = grid_.starts_[last];
        for (std::size_t i = grid_.starts_[last]; i < grid_.starts_[last + 1]; ++i) {
            const double share = grid_.weight(i) * (by_distance ? nearest_[i] : 1.0);
            if (share > 0.0) chosen = i;
            if (left < share) break;
            left -= share;
        }
        return chosen;
    }

    const GridEngine& grid_;
    std::vector<double> nearest_;
    std::vector<double> largest_;
    std::vector<double> potential_;
    Host& host_;
};

double GridEngine::nearest_distance(std::size_t cell, const double* center) const {
    double sum = 0.0;
    for (std::size_t j = 0; j < features_; ++j) {
        const double outside = std::max({low(cell)[j] - center[j], center[j] - high(cell)[j], 0.0});
        sum += outside * outside;
    }
    return sum;
}

std::vector<double> GridEngine::seed(std::size_t k, Rng rng, Host& host) const {
    Seeding seeding(*this, host);
    std::vector<double> centers;
    const auto append = [&](std::size_t point, std::vector<double>& to) {
        for (std::size_t j = 0; j < features_; ++j) to.push_back(x_[j][point]);
    };
    append(seeding.point_by_mass(rng.uniform()), centers);
    const std::size_t candidates = seeding_candidates(k);
    std::vector<double> tried;
    while (centers.size() < k * features_) {
        seeding.take(centers.data() + centers.size() - features_);
        tried.clear();
        for (std::size_t c = 0; c < candidates; ++c) append(seeding.point_by_distance(rng.uniform()), tried);
        const std::vector<double> potentials = seeding.potentials(tried);
        const auto best = std::min_element(potentials.begin(), potentials.end()) - potentials.begin();
        centers.insert(centers.end(), tried.begin() + best * static_cast<std::ptrdiff_t>(features_),
                       tried.begin() + (best + 1) * static_cast<std::ptrdiff_t>(features_));
    }
    return centers;
}

// --- Lloyd's iterations ----------------------------------------------------------------------------

class GridEngine::Iteration {
public:
    Iteration(const GridEngine& grid, std::size_t k, Host& host)
        : grid_(grid),
          k_(k),
          host_(host),
          labels_(grid.rows_),
          cell_label_(grid.cells(), kMixed),
          slack_(grid.cells(), 0.0),
          changed_(grid.runs()),
          partial_(grid.runs() * k * (grid.features_ + 1)) {}

    // Assigns every point to its nearest centre. True when a label changed.
    bool assign(const std::vector<double>& centers, const std::vector<double>& moves) {
        double farthest_move = 0.0;
        for (const double move : moves) farthest_move = std::max(farthest_move, move);
        const bool is_first = moves.empty();
        parallel_for(host_, grid_.runs(), [&](std::size_t run, Host& worker) {
            PollEvery poll(worker);
            Scratch scratch;
            scratch.ids.resize(k_);
            scratch.centers.resize(k_ * grid_.features_);
            double* const sums = partial_.data() + run * k_ * (grid_.features_ + 1);
            std::fill(sums, sums + k_ * (grid_.features_ + 1), 0.0);
            bool changed = is_first;
            for (std::size_t cell = grid_.run_starts_[run]; cell < grid_.run_starts_[run + 1]; ++cell) {
                const std::int32_t owner = cell_label_[cell];
                if (owner != kMixed) {
                    slack_[cell] -= moves[static_cast<std::size_t>(owner)] + farthest_move;
                    if (slack_[cell] > 0.0) {
                        poll();
                        add_cell(cell, static_cast<std::size_t>(owner), sums);
                        continue;
                    }
                }
                poll(1 + k_ / 4 + (grid_.starts_[cell + 1] - grid_.starts_[cell]) / 4);
                if (assign_cell(cell, centers, scratch, sums)) changed = true;
            }
            changed_[run] = changed ? 1 : 0;
        });
        return std::any_of(changed_.begin(), changed_.end(), [](char c) { return c != 0; });
    }

    void totals(std::vector<double>& sums, std::vector<double>& masses) const {
        const std::size_t d = grid_.features_;
        sums.assign(k_ * d, 0.0);
        masses.assign(k_, 0.0);
        for (std::size_t run = 0; run < grid_.runs(); ++run) {
            const double* const part = partial_.data() + run * k_ * (d + 1);
            for (std::size_t c = 0; c < k_; ++c) {
                for (std::size_t j = 0; j < d; ++j) sums[c * d + j] += part[c * (d + 1) + j];
                masses[c] += part[c * (d + 1) + d];
            }
        }
    }

    const std::vector<ClusterLabel>& labels() {
        PollEvery poll(host_);
        for (std::size_t cell = 0; cell < grid_.cells(); ++cell) {
            if (cell_label_[cell] == kMixed) continue;
            poll(grid_.starts_[cell + 1] - grid_.starts_[cell]);
            std::fill(labels_.begin() + grid_.starts_[cell], labels_.begin() + grid_.starts_[cell + 1],
                      static_cast<ClusterLabel>(cell_label_[cell]));
        }
        return labels_;
    }

private:
    struct Scratch {
        std::vector<ClusterLabel> ids;
        std::vector<double> centers;
        std::vector<ClusterLabel> fresh;
    };

    void add_cell(std::size_t cell, std::size_t owner, double* sums) const {
        double* const to = sums + owner * (grid_.features_ + 1);
        for (std::size_t j = 0; j < grid_.features_; ++j) to[j] += grid_.sum(cell)[j];
        to[grid_.features_] += grid_.masses_[cell];
    }

    // Centres that may be the nearest of some point of the box, ascending, into `scratch`. When it is one,
    // how far centres may move before another one can be.
    double candidates(std::size_t cell, const std::vector<double>& centers, Scratch& scratch,
                      std::size_t& count) const {
        const std::size_t d = grid_.features_;
        const double* const low = grid_.low(cell);
        const double* const high = grid_.high(cell);
        double middle[kMaxGridFeatures];
        double half_diagonal = 0.0;
        for (std::size_t j = 0; j < d; ++j) {
            middle[j] = 0.5 * (low[j] + high[j]);
            const double half = high[j] - middle[j];
            half_diagonal += half * half;
        }
        half_diagonal = std::sqrt(half_diagonal);
        std::size_t best = 0;
        double best_squared = std::numeric_limits<double>::infinity();
        for (std::size_t c = 0; c < k_; ++c) {
            double squared = 0.0;
            for (std::size_t j = 0; j < d; ++j) {
                const double step = centers[c * d + j] - middle[j];
                squared += step * step;
            }
            if (squared < best_squared) best = c, best_squared = squared;
        }
        const double* const own = centers.data() + best * d;
        const double own_farthest = std::sqrt(best_squared) + half_diagonal;
        double slack = std::numeric_limits<double>::infinity();
        count = 0;
        for (std::size_t c = 0; c < k_; ++c) {
            const double* const other = centers.data() + c * d;
            bool is_candidate = c == best;
            if (!is_candidate) {
                // The difference of the two squared distances is linear in the point: least at one corner.
                double least = 0.0, scale = 0.0, squared = 0.0;
                for (std::size_t j = 0; j < d; ++j) {
                    const double corner = other[j] > own[j] ? high[j] : low[j];
                    const double to_other = (other[j] - corner) * (other[j] - corner);
                    const double to_own = (own[j] - corner) * (own[j] - corner);
                    least += to_other - to_own;
                    scale += to_other + to_own;
                    squared += (other[j] - middle[j]) * (other[j] - middle[j]);
                }
                constexpr double kRounding = 1e-13;
                if (least > kRounding * scale)
                    slack = std::min(slack, least / (std::sqrt(squared) + half_diagonal + own_farthest));
                else
                    is_candidate = true;
            }
            if (!is_candidate) continue;
            scratch.ids[count] = static_cast<ClusterLabel>(c);
            std::copy(other, other + d, scratch.centers.begin() + static_cast<std::ptrdiff_t>(count * d));
            ++count;
        }
        constexpr double kSafety = 1.0 - 1e-9;
        return slack * kSafety;
    }

    bool assign_cell(std::size_t cell, const std::vector<double>& centers, Scratch& scratch, double* sums) {
        const std::int32_t before = cell_label_[cell];
        std::size_t count;
        const double slack = candidates(cell, centers, scratch, count);
        if (count == 1) {
            const auto owner = static_cast<std::int32_t>(scratch.ids[0]);
            cell_label_[cell] = owner;
            slack_[cell] = slack;
            add_cell(cell, scratch.ids[0], sums);
            return owner != before;
        }
        const std::size_t begin = grid_.starts_[cell];
        const std::size_t points = grid_.starts_[cell + 1] - begin;
        if (scratch.fresh.size() < points) scratch.fresh.resize(points);
        ClusterLabel* const fresh = scratch.fresh.data();
        const std::size_t d = grid_.features_;
        const double* x[kMaxGridFeatures];
        for (std::size_t j = 0; j < d; ++j) x[j] = grid_.x_[j] + begin;
        cluster_kernels().nearest(x, d, 0, points, scratch.centers.data(), scratch.ids.data(), count, fresh);
        const ClusterLabel first = fresh[0];
        if (std::all_of(fresh, fresh + points, [&](ClusterLabel label) { return label == first; })) {
            cell_label_[cell] = first;
            slack_[cell] = 0.0;
            add_cell(cell, first, sums);
            return before != first;
        }
        cell_label_[cell] = kMixed;
        const bool changed =
            before != kMixed || !std::equal(fresh, fresh + points, labels_.begin() + static_cast<std::ptrdiff_t>(begin));
        std::copy(fresh, fresh + points, labels_.begin() + static_cast<std::ptrdiff_t>(begin));
        for (std::size_t i = 0; i < points; ++i) {
            double* const to = sums + fresh[i] * (d + 1);
            const double w = grid_.weight(begin + i);
            for (std::size_t j = 0; j < d; ++j) to[j] += w * x[j][i];
            to[d] += w;
        }
        return changed;
    }

    const GridEngine& grid_;
    const std::size_t k_;
    Host& host_;
    std::vector<ClusterLabel> labels_;       // of points in mixed cells
    std::vector<std::int32_t> cell_label_;   // of cells with one label for all points
    std::vector<double> slack_;
    std::vector<char> changed_;
    std::vector<double> partial_;  // by run and cluster: sums and mass
};

LloydRun GridEngine::run(std::vector<double> centers, const LloydParams& params, Host& host) const {
    LloydRun result;
    const std::size_t k = centers.size() / features_;
    Iteration iteration(*this, k, host);
    std::vector<double> sums;
    CenterUpdate update;
    while (result.iterations < params.max_iterations) {
        ++result.iterations;
        const bool changed = iteration.assign(centers, update.moves);
        iteration.totals(sums, result.masses);
        if (!changed) {
            result.converged = true;
            break;
        }
        fill_empty_clusters(
            sums, result.masses, rows_, features_, [&](std::size_t j, std::size_t i) { return coordinate(j, i); },
            [&](std::size_t i) { return weight(i); }, [&]() -> const auto& { return iteration.labels(); }, centers, host);
        update = move_centers(sums, result.masses, centers);
        if (update.squared <= params.tolerance) {
            result.converged = true;
            break;
        }
    }
    LloydRun final = assign(std::move(centers), host);
    final.iterations = result.iterations;
    final.converged = result.converged;
    return final;
}

LloydRun GridEngine::assign(std::vector<double> centers, Host& host) const {
    LloydRun result;
    Iteration iteration(*this, centers.size() / features_, host);
    iteration.assign(centers, {});
    std::vector<double> sums;
    iteration.totals(sums, result.masses);
    result.labels = iteration.labels();
    result.centers = std::move(centers);
    result.inertia = inertia_of(result, host);
    return result;
}

double GridEngine::inertia_of(const LloydRun& run, Host& host) const {
    PollEvery poll(host);
    double total = 0.0;
    for (std::size_t cell = 0; cell < cells(); ++cell) {
        double sum = 0.0;
        for (std::size_t i = starts_[cell]; i < starts_[cell + 1]; ++i) {
            poll();
            sum += weight(i) * point_distance(i, run.centers.data() + run.labels[i] * features_);
        }
        total += sum;
    }
    return total;
}

}  // namespace ecom::core

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
constexpr std::int32_t kMixed = -1;  // in place of a cell's label
constexpr std::int32_t kNone = -2;   // before the first assignment

}  // namespace

GridEngine::GridEngine(const FeatureColumns& columns, const std::vector<double>& weights, Host& host)
    : rows_(columns[0].size()), features_(columns.size()) {
    GridOrder order = grid_order(columns, weights, host);
    order_ = std::move(order.rows);
    starts_ = std::move(order.starts);
    columns_ = std::move(order.columns);
    weights_ = std::move(order.weights);
    for (const auto& column : columns_) x_.push_back(column.data());

    PollEvery poll(host);
    const std::size_t cells = starts_.size() - 1;
    lows_.reserve(cells * features_);
    highs_.reserve(cells * features_);
    sums_.reserve(cells * features_);
    masses_.reserve(cells);
    scatters_.reserve(cells);
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
        poll((end - begin) * (1 + features_));
        double mass = 0.0;
        for (std::size_t i = begin; i < end; ++i) mass += weight(i);
        masses_.push_back(mass);
        double scatter = 0.0;
        for (std::size_t j = 0; j < features_; ++j) {
            const double mean = sum(cell)[j] / mass;
            for (std::size_t i = begin; i < end; ++i) scatter += weight(i) * (x_[j][i] - mean) * (x_[j][i] - mean);
        }
        scatters_.push_back(scatter);
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

// A cell keeps its labels until the centres have moved so far that one of its points may change: every distance
// to a centre changes by at most the largest movement, so the lead of the nearest centre over the next one shrinks
// by at most twice that (as Hamerly, 2010, for points). What has moved is summed up in `drift_`, and a cell is due
// when the drift reaches the value that it was given. Sums of clusters are corrected by what changes.
class GridEngine::Iteration {
public:
    Iteration(const GridEngine& grid, std::size_t k, Host& host)
        : grid_(grid),
          k_(k),
          host_(host),
          labels_(grid.rows_),
          cell_label_(grid.cells(), kNone),
          due_(grid.cells(), 0.0),
          runs_(grid.runs()),
          partial_(grid.runs() * k * (grid.features_ + 1)) {}

    // Assigns every point to its nearest centre. True when a label changed. moves: how far each centre is from where
    // it was in the call before; empty at first.
    bool assign(const std::vector<double>& centers, const std::vector<double>& moves) {
        const double step = moves.empty() ? 0.0 : 2.0 * *std::max_element(moves.begin(), moves.end());
        // Rounding must not make the sum less than what it stands for.
        drift_ += step * (1.0 + 1e-9);
        parallel_for(host_, grid_.runs(), [&](std::size_t run, Host& worker) {
            PollEvery poll(worker);
            Run& state = runs_[run];
            state.is_changed = false;
            if (drift_ >= state.look_at) {
                // Cells that are due within the next movements of this size are looked at in each of them.
                constexpr double kMovementsAhead = 16.0;
                state.look_at = drift_ + kMovementsAhead * step;
                state.near.clear();
                for (std::uint32_t cell = grid_.run_starts_[run]; cell < grid_.run_starts_[run + 1]; ++cell) {
                    poll();
                    if (due_[cell] <= state.look_at) state.near.push_back(cell);
                }
            }
            Scratch scratch;
            scratch.ids.resize(k_);
            scratch.centers.resize(k_ * grid_.features_);
            double* const sums = partial_.data() + run * k_ * (grid_.features_ + 1);
            for (const std::uint32_t cell : state.near) {
                poll();
                if (drift_ < due_[cell]) continue;
                poll(1 + k_ / 4 + (grid_.starts_[cell + 1] - grid_.starts_[cell]) / 4);
                if (assign_cell(cell, centers, scratch, sums)) state.is_changed = true;
            }
        });
        return std::any_of(runs_.begin(), runs_.end(), [](const Run& run) { return run.is_changed; });
    }

    // Takes the sums of clusters anew, without the rounding that corrections leave behind.
    void sum_anew() {
        parallel_for(host_, grid_.runs(), [&](std::size_t run, Host& worker) {
            PollEvery poll(worker);
            double* const sums = partial_.data() + run * k_ * (grid_.features_ + 1);
            std::fill(sums, sums + k_ * (grid_.features_ + 1), 0.0);
            for (std::size_t cell = grid_.run_starts_[run]; cell < grid_.run_starts_[run + 1]; ++cell) {
                poll(1 + (cell_label_[cell] == kMixed ? grid_.starts_[cell + 1] - grid_.starts_[cell] : 0));
                add_labelled(cell, 1.0, sums);
            }
        });
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

    // Weighted squared distances to the centres of the labels. Those of a cell with one label are the ones to the
    // cell's own mean, and that mean's for each of them.
    double inertia(const std::vector<double>& centers) const {
        const std::size_t d = grid_.features_;
        PollEvery poll(host_);
        double total = 0.0;
        for (std::size_t cell = 0; cell < grid_.cells(); ++cell) {
            poll();
            if (cell_label_[cell] != kMixed) {
                const double* const center = centers.data() + static_cast<std::size_t>(cell_label_[cell]) * d;
                const double mass = grid_.masses_[cell];
                double squared = 0.0;
                for (std::size_t j = 0; j < d; ++j) {
                    const double step = grid_.sum(cell)[j] / mass - center[j];
                    squared += step * step;
                }
                total += grid_.scatters_[cell] + mass * squared;
                continue;
            }
            double sum = 0.0;
            for (std::size_t i = grid_.starts_[cell]; i < grid_.starts_[cell + 1]; ++i) {
                poll();
                sum += grid_.weight(i) * grid_.point_distance(i, centers.data() + labels_[i] * d);
            }
            total += sum;
        }
        return total;
    }

private:
    struct Scratch {
        std::vector<ClusterLabel> ids;
        std::vector<double> centers;
        std::vector<ClusterLabel> fresh;
    };

    struct Run {
        std::vector<std::uint32_t> near;  // cells, ascending: all others are due at look_at or later
        double look_at = 0.0;
        bool is_changed = false;
    };

    // Adds a cell's points to the sums of their clusters, or takes them away.
    void add_labelled(std::size_t cell, double sign, double* sums) const {
        const std::size_t d = grid_.features_;
        if (cell_label_[cell] == kNone) return;
        if (cell_label_[cell] != kMixed) {
            double* const to = sums + static_cast<std::size_t>(cell_label_[cell]) * (d + 1);
            for (std::size_t j = 0; j < d; ++j) to[j] += sign * grid_.sum(cell)[j];
            to[d] += sign * grid_.masses_[cell];
            return;
        }
        for (std::size_t i = grid_.starts_[cell]; i < grid_.starts_[cell + 1]; ++i) add_point(i, labels_[i], sign, sums);
    }

    void add_point(std::size_t i, std::size_t owner, double sign, double* sums) const {
        const std::size_t d = grid_.features_;
        double* const to = sums + owner * (d + 1);
        const double w = sign * grid_.weight(i);
        for (std::size_t j = 0; j < d; ++j) to[j] += w * grid_.x_[j][i];
        to[d] += w;
    }

    // Centres that may be the nearest of some point of the box, ascending, into `scratch`. The result is the least
    // lead that the nearest of them has over the others at any point of the box.
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
        std::size_t count;
        double lead = candidates(cell, centers, scratch, count);
        if (count == 1) {
            due_[cell] = drift_ + lead;
            return give(cell, scratch.ids[0], sums);
        }
        const std::size_t begin = grid_.starts_[cell];
        const std::size_t points = grid_.starts_[cell + 1] - begin;
        if (scratch.fresh.size() < points) scratch.fresh.resize(points);
        ClusterLabel* const fresh = scratch.fresh.data();
        const std::size_t d = grid_.features_;
        const double* x[kMaxGridFeatures];
        for (std::size_t j = 0; j < d; ++j) x[j] = grid_.x_[j] + begin;
        lead = std::min(lead, cluster_kernels().nearest(x, d, 0, points, scratch.centers.data(), scratch.ids.data(),
                                                        count, fresh));
        due_[cell] = drift_ + lead;
        const ClusterLabel first = fresh[0];
        if (std::all_of(fresh, fresh + points, [&](ClusterLabel label) { return label == first; }))
            return give(cell, first, sums);
        const auto old = labels_.begin() + static_cast<std::ptrdiff_t>(begin);
        if (cell_label_[cell] != kMixed) {
            add_labelled(cell, -1.0, sums);
            cell_label_[cell] = kMixed;
            std::copy(fresh, fresh + points, old);
            add_labelled(cell, 1.0, sums);
            return true;
        }
        bool changed = false;
        for (std::size_t i = 0; i < points; ++i) {
            if (labels_[begin + i] == fresh[i]) continue;
            changed = true;
            add_point(begin + i, labels_[begin + i], -1.0, sums);
            add_point(begin + i, fresh[i], 1.0, sums);
            labels_[begin + i] = fresh[i];
        }
        return changed;
    }

    // All points of a cell to one cluster.
    bool give(std::size_t cell, ClusterLabel owner, double* sums) {
        const auto label = static_cast<std::int32_t>(owner);
        if (cell_label_[cell] == label) return false;
        add_labelled(cell, -1.0, sums);
        cell_label_[cell] = label;
        add_labelled(cell, 1.0, sums);
        return true;
    }

    const GridEngine& grid_;
    const std::size_t k_;
    Host& host_;
    std::vector<ClusterLabel> labels_;      // of points in mixed cells
    std::vector<std::int32_t> cell_label_;  // of cells with one label for all points
    std::vector<double> due_;               // the drift at which a cell's labels may change
    std::vector<Run> runs_;
    double drift_ = 0.0;
    std::vector<double> partial_;  // by run and cluster: sums and mass
};

LloydRun GridEngine::run(std::vector<double> centers, const LloydParams& params, Host& host) const {
    const std::size_t k = centers.size() / features_;
    Iteration iteration(*this, k, host);
    LloydRun result;
    std::vector<double> sums;
    CenterUpdate update;
    bool is_exact = false;  // the sums are free of corrections
    bool is_look = false;   // whether exact centres change anything: no iteration of its own
    while (true) {
        const bool changed = iteration.assign(centers, update.moves);
        if (!is_look || changed) ++result.iterations;
        if (!changed && is_exact) {
            result.converged = result.is_stable = true;
            break;
        }
        is_look = !changed;
        // Fractions of weights do not cancel exactly: a cluster that ran empty would not show.
        is_exact = !changed || !weights_.empty() || result.iterations == params.max_iterations;
        if (is_exact) iteration.sum_anew();
        iteration.totals(sums, result.masses);
        fill_empty_clusters(
            sums, result.masses, rows_, features_, [&](std::size_t j, std::size_t i) { return coordinate(j, i); },
            [&](std::size_t i) { return weight(i); }, [&]() -> const auto& { return iteration.labels(); }, centers, host);
        update = move_centers(sums, result.masses, centers);
        const bool is_still = changed && update.squared <= params.tolerance;
        if (is_still || result.iterations == params.max_iterations) {
            // The centres have moved away from their labels.
            iteration.assign(centers, update.moves);
            iteration.sum_anew();
            iteration.totals(sums, result.masses);
            result.is_stable = !changed;
            result.converged = is_still || !changed;
            break;
        }
    }
    result.labels = iteration.labels();
    result.inertia = iteration.inertia(centers);
    result.centers = std::move(centers);
    return result;
}

LloydRun GridEngine::assign(std::vector<double> centers, Host& host) const {
    LloydRun result;
    Iteration iteration(*this, centers.size() / features_, host);
    iteration.assign(centers, {});
    std::vector<double> sums;
    iteration.totals(sums, result.masses);
    result.labels = iteration.labels();
    result.inertia = iteration.inertia(centers);
    result.centers = std::move(centers);
    return result;
}

}  // namespace ecom::core

#include "core/cluster/bounds_engine.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/budget.hpp"
#include "core/base/parallel.hpp"
#include "core/cluster/farthest.hpp"
#include "core/cluster/kernels.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// Centres in groups of eight, feature by feature; places without a centre are infinitely far.
class GroupedCenters {
public:
    GroupedCenters(const std::vector<double>& centers, std::size_t d)
        : d_(d), groups_((centers.size() / d + kLanes - 1) / kLanes) {
        constexpr double kNowhere = 1e200;  // its square is infinite
        values_.assign(groups_ * d * kLanes, kNowhere);
        for (std::size_t c = 0; c < centers.size() / d; ++c)
            for (std::size_t j = 0; j < d; ++j)
                values_[(c / kLanes * d + j) * kLanes + c % kLanes] = centers[c * d + j];
    }
    std::size_t groups() const { return groups_; }
    void distances(const double* point, std::size_t group, double* squared) const {
        cluster_kernels().eight_distances(point, d_, values_.data() + group * d_ * kLanes, squared);
    }

private:
    std::size_t d_;
    std::size_t groups_;
    std::vector<double> values_;
};

std::size_t groups_of(std::size_t k) { return (k + kLanes - 1) / kLanes; }

}  // namespace

BoundsEngine::BoundsEngine(const FeatureColumns& columns, const std::vector<double>& weights, Host& host)
    : rows_(columns[0].size()), features_(columns.size()) {
    struct Key {
        double first;
        std::uint32_t row;
    };
    std::vector<Key> keys(rows_);
    PollEvery poll(host);
    for (std::size_t i = 0; i < rows_; ++i) {
        poll();
        keys[i] = {columns[0][i], static_cast<std::uint32_t>(i)};
    }
    // Rows that are equal in all features and weight are interchangeable.
    std::sort(keys.begin(), keys.end(), [&](const Key& a, const Key& b) {
        poll();
        if (a.first != b.first) return a.first < b.first;
        for (std::size_t j = 1; j < features_; ++j)
            if (columns[j][a.row] != columns[j][b.row]) return columns[j][a.row] < columns[j][b.row];
        return !weights.empty() && weights[a.row] < weights[b.row];
    });
    order_.reserve(rows_);
    points_.resize(rows_ * features_);
    for (std::size_t i = 0; i < rows_; ++i) {
        poll(features_);
        order_.push_back(keys[i].row);
        for (std::size_t j = 0; j < features_; ++j) points_[i * features_ + j] = columns[j][keys[i].row];
    }
    if (!weights.empty())
        for (const std::uint32_t row : order_) weights_.push_back(weights[row]);
}

std::size_t BoundsEngine::run_bytes(std::size_t k) const {
    const std::size_t per_point = 2 * sizeof(double) + sizeof(ClusterLabel) + groups_of(k) * sizeof(float);
    return add_size(mul_size(rows_, per_point), mul_size(mul_size(k, features_ + 1), 8 * sizeof(double)));
}

std::size_t BoundsEngine::piece_points(std::size_t cost) const {
    constexpr std::size_t kCost = std::size_t{1} << 21;  // some milliseconds
    constexpr std::size_t kMost = 4096;
    return std::clamp(kCost / std::max(cost, std::size_t{1}), std::size_t{1}, kMost);
}

std::size_t BoundsEngine::pieces(std::size_t cost) const {
    const std::size_t size = piece_points(cost);
    return (rows_ + size - 1) / size;
}

template <typename Task>
void BoundsEngine::for_pieces(std::size_t cost, Host& host, Task task) const {
    const std::size_t size = piece_points(cost);
    parallel_for(host, pieces(cost), [&](std::size_t piece, Host& worker) {
        worker.poll();
        task(piece, piece * size, std::min(rows_, (piece + 1) * size));
    });
}

std::size_t BoundsEngine::distinct_points(std::size_t enough, Host& host) const {
    std::size_t found = 1;
    PollEvery poll(host);
    for (std::size_t i = 1; i < rows_ && found < enough; ++i) {
        poll(features_);
        if (!std::equal(point(i), point(i) + features_, point(i - 1))) ++found;
    }
    return found;
}

std::vector<double> BoundsEngine::seed(std::size_t k, Rng rng, Host& host) const {
    std::vector<double> nearest(rows_, std::numeric_limits<double>::infinity());
    std::vector<double> centers;
    const auto append = [&](std::size_t i, std::vector<double>& to) { to.insert(to.end(), point(i), point(i) + features_); };
    // The point at a place in [0, 1) of the weights, or of the weighted distances; pieces speed it up.
    const auto draw = [&](double place, const auto& share, const std::vector<double>& by_piece, std::size_t size) {
        double left = place * std::accumulate(by_piece.begin(), by_piece.end(), 0.0);
        std::size_t piece = 0;
        for (std::size_t p = 0; p < by_piece.size(); ++p) {
            if (by_piece[p] > 0.0) piece = p;
            if (left < by_piece[p]) break;
            left -= by_piece[p];
        }
        std::size_t chosen = piece * size;
        for (std::size_t i = piece * size; i < std::min(rows_, (piece + 1) * size); ++i) {
            if (share(i) > 0.0) chosen = i;
            if (left < share(i)) break;
            left -= share(i);
        }
        return chosen;
    };
    const std::size_t candidates = seeding_candidates(k);
    const std::size_t cost = groups_of(candidates) * kLanes * features_;
    const std::size_t size = piece_points(cost);
    std::vector<double> by_piece(pieces(cost));
    for_pieces(cost, host, [&](std::size_t piece, std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) by_piece[piece] += weight(i);
    });
    append(draw(rng.uniform(), [&](std::size_t i) { return weight(i); }, by_piece, size), centers);

    std::vector<double> tried;
    while (centers.size() < k * features_) {
        const GroupedCenters newest(std::vector<double>(centers.end() - static_cast<std::ptrdiff_t>(features_), centers.end()),
                                    features_);
        for_pieces(cost, host, [&](std::size_t piece, std::size_t begin, std::size_t end) {
            double sum = 0.0;
            double squared[kLanes];
            for (std::size_t i = begin; i < end; ++i) {
                newest.distances(point(i), 0, squared);
                nearest[i] = std::min(nearest[i], squared[0]);
                sum += weight(i) * nearest[i];
            }
            by_piece[piece] = sum;
        });
        tried.clear();
        for (std::size_t c = 0; c < candidates; ++c)
            append(draw(rng.uniform(), [&](std::size_t i) { return weight(i) * nearest[i]; }, by_piece, size), tried);
        const GroupedCenters grouped(tried, features_);
        std::vector<double> partial(by_piece.size() * candidates, 0.0);
        for_pieces(cost, host, [&](std::size_t piece, std::size_t begin, std::size_t end) {
            double squared[kLanes];
            double* const sums = partial.data() + piece * candidates;
            for (std::size_t group = 0; group < grouped.groups(); ++group) {
                const std::size_t first = group * kLanes;
                const std::size_t last = std::min(candidates, first + kLanes);
                for (std::size_t i = begin; i < end; ++i) {
                    grouped.distances(point(i), group, squared);
                    for (std::size_t c = first; c < last; ++c)
                        sums[c] += weight(i) * std::min(nearest[i], squared[c - first]);
                }
            }
        });
        std::vector<double> potentials(candidates, 0.0);
        for (std::size_t piece = 0; piece < by_piece.size(); ++piece)
            for (std::size_t c = 0; c < candidates; ++c) potentials[c] += partial[piece * candidates + c];
        const auto best = std::min_element(potentials.begin(), potentials.end()) - potentials.begin();
        const auto d = static_cast<std::ptrdiff_t>(features_);
        centers.insert(centers.end(), tried.begin() + best * d, tried.begin() + (best + 1) * d);
    }
    return centers;
}

class BoundsEngine::Iteration {
public:
    Iteration(const BoundsEngine& engine, std::size_t k, Host& host)
        : engine_(engine),
          k_(k),
          groups_(groups_of(k)),
          cost_(groups_ * kLanes * engine.features_),
          host_(host),
          labels_(engine.rows_),
          upper_(engine.rows_),
          lower_(engine.rows_ * groups_),
          changes_(engine.pieces(cost_)) {}

    // Assigns every point to its nearest centre; gives the number of labels that changed. `moves`: how far
    // the centres went since the last call; empty for the first one.
    std::size_t assign(const std::vector<double>& centers, const std::vector<double>& moves) {
        const GroupedCenters grouped(centers, engine_.features_);
        std::vector<double> drift(groups_, 0.0);
        for (std::size_t c = 0; c < moves.size(); ++c)
            drift[c / kLanes] = std::max(drift[c / kLanes], moves[c]);
        const bool is_first = moves.empty();
        engine_.for_pieces(cost_, host_, [&](std::size_t piece, std::size_t begin, std::size_t end) {
            std::vector<double> squared(groups_ * kLanes);
            std::vector<char> known(groups_);
            changes_[piece].clear();
            for (std::size_t i = begin; i < end; ++i) {
                if (!is_first) {
                    const double upper = upper_[i] + moves[labels_[i]];
                    float* const lower = lower_.data() + i * groups_;
                    double least = std::numeric_limits<double>::infinity();
                    for (std::size_t g = 0; g < groups_; ++g) {
                        lower[g] = below(static_cast<double>(lower[g]) - drift[g]);
                        least = std::min(least, static_cast<double>(lower[g]));
                    }
                    upper_[i] = upper;
                    if (upper < least) continue;
                }
                const ClusterLabel before = labels_[i];
                look(i, grouped, is_first, squared.data(), known.data());
                if (is_first || labels_[i] != before) changes_[piece].push_back({static_cast<std::uint32_t>(i), before});
            }
        });
        std::size_t changed = 0;
        for (const auto& piece : changes_) changed += piece.size();
        return changed;
    }

    // Sums and masses from all points.
    void sum_all(std::vector<double>& sums, std::vector<double>& masses) const {
        sums.assign(k_ * engine_.features_, 0.0);
        masses.assign(k_, 0.0);
        PollEvery poll(host_);
        for (std::size_t i = 0; i < engine_.rows_; ++i) {
            poll(1 + engine_.features_ / 4);
            add(i, labels_[i], engine_.weight(i), sums, masses);
        }
    }

    // Sums and masses brought up to date with the labels that the last assign() changed.
    void sum_changes(std::vector<double>& sums, std::vector<double>& masses) const {
        PollEvery poll(host_);
        for (const auto& piece : changes_) {
            for (const Change& change : piece) {
                poll(1 + engine_.features_ / 2);
                add(change.point, change.before, -engine_.weight(change.point), sums, masses);
                add(change.point, labels_[change.point], engine_.weight(change.point), sums, masses);
            }
        }
    }

    const std::vector<ClusterLabel>& labels() const { return labels_; }
    std::vector<ClusterLabel> take_labels() { return std::move(labels_); }

private:
    struct Change {
        std::uint32_t point;
        ClusterLabel before;
    };

    // A bound stays one in spite of rounding, beyond the range of float and where float loses digits.
    static float below(double value) {
        constexpr double kMost = std::numeric_limits<float>::max();
        constexpr double kLeast = std::numeric_limits<float>::min();
        return value < kLeast ? std::min(0.0F, static_cast<float>(std::max(value, -kMost)))
                              : static_cast<float>(std::min(value * (1.0 - 1e-6), kMost));
    }
    static double above(double value) { return value * (1.0 + 1e-11); }

    void add(std::size_t i, std::size_t label, double w, std::vector<double>& sums, std::vector<double>& masses) const {
        const std::size_t d = engine_.features_;
        const double* const x = engine_.point(i);
        double* const to = sums.data() + label * d;
        for (std::size_t j = 0; j < d; ++j) to[j] += w * x[j];
        masses[label] += w;
    }

    // Distances to the groups that may hold a nearer centre, the point's own group first.
    void look(std::size_t i, const GroupedCenters& grouped, bool is_first, double* squared, char* known) {
        float* const lower = lower_.data() + i * groups_;
        const std::size_t before = labels_[i];
        const std::size_t own = before / kLanes;
        std::fill(known, known + groups_, 0);
        double best_squared = std::numeric_limits<double>::infinity();
        std::size_t best = 0;
        const auto measure = [&](std::size_t g) {
            grouped.distances(engine_.point(i), g, squared + g * kLanes);
            known[g] = 1;
            for (std::size_t lane = 0; lane < kLanes; ++lane) {
                const double here = squared[g * kLanes + lane];
                const std::size_t c = g * kLanes + lane;
                if (here < best_squared || (here == best_squared && c < best)) best_squared = here, best = c;
            }
        };
        measure(own);
        double upper = above(std::sqrt(best_squared));
        for (std::size_t g = 0; g < groups_; ++g) {
            if (g == own || (!is_first && upper < static_cast<double>(lower[g]))) continue;
            measure(g);
            upper = above(std::sqrt(best_squared));
        }
        labels_[i] = static_cast<ClusterLabel>(best);
        upper_[i] = upper;
        for (std::size_t g = 0; g < groups_; ++g) {
            if (known[g] == 0) continue;
            double nearest = std::numeric_limits<double>::infinity();
            for (std::size_t lane = 0; lane < kLanes; ++lane)
                if (g * kLanes + lane != best) nearest = std::min(nearest, squared[g * kLanes + lane]);
            lower[g] = below(std::sqrt(nearest));
        }
    }

    const BoundsEngine& engine_;
    const std::size_t k_;
    const std::size_t groups_;
    const std::size_t cost_;
    Host& host_;
    std::vector<ClusterLabel> labels_;
    std::vector<double> upper_;
    std::vector<float> lower_;
    std::vector<std::vector<Change>> changes_;  // of the last pass, by piece
};

LloydRun BoundsEngine::run(std::vector<double> centers, const LloydParams& params, Host& host) const {
    LloydRun result;
    const std::size_t k = centers.size() / features_;
    Iteration iteration(*this, k, host);
    std::vector<double> sums;
    CenterUpdate update;
    bool is_fresh = false;  // sums come from all points, not from changes that add up rounding errors
    while (result.iterations < params.max_iterations) {
        ++result.iterations;
        const std::size_t changed = iteration.assign(centers, update.moves);
        if (changed == 0 && is_fresh) {
            result.converged = result.is_stable = true;
            break;
        }
        // Fractions of weights do not cancel exactly: a cluster that ran empty would not show.
        is_fresh = changed == 0 || changed > rows_ / 4 || !weights_.empty();
        if (is_fresh)
            iteration.sum_all(sums, result.masses);
        else
            iteration.sum_changes(sums, result.masses);
        const std::size_t d = features_;
        if (std::any_of(result.masses.begin(), result.masses.end(), [](double mass) { return !(mass > 0.0); })) {
            iteration.sum_all(sums, result.masses);
            // What is moved into empty clusters is not in the labels: the next sums start anew.
            std::vector<double> filled = sums;
            std::vector<double> masses = result.masses;
            fill_empty_clusters(filled, masses, rows_, d, [&](std::size_t j, std::size_t i) { return point(i)[j]; },
                                [&](std::size_t i) { return weight(i); },
                                [&]() -> const auto& { return iteration.labels(); }, centers, host);
            update = move_centers(filled, masses, centers);
            is_fresh = false;
            continue;
        }
        update = move_centers(sums, result.masses, centers);
        if (update.squared <= params.tolerance && (changed != 0 || update.squared == 0.0)) {
            result.converged = true;
            break;
        }
    }
    LloydRun final = assign(std::move(centers), host);
    final.iterations = result.iterations;
    final.is_stable = result.is_stable;
    final.converged = result.converged;
    return final;
}

LloydRun BoundsEngine::assign(std::vector<double> centers, Host& host) const {
    LloydRun result;
    Iteration iteration(*this, centers.size() / features_, host);
    iteration.assign(centers, {});
    std::vector<double> sums;
    iteration.sum_all(sums, result.masses);
    result.labels = iteration.take_labels();
    result.centers = std::move(centers);
    result.inertia = inertia_of(result, host);
    return result;
}

double BoundsEngine::inertia_of(const LloydRun& run, Host& host) const {
    std::vector<double> sums(pieces(features_), 0.0);
    for_pieces(features_, host, [&](std::size_t piece, std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const double* const center = run.centers.data() + run.labels[i] * features_;
            double squared = 0.0;
            for (std::size_t j = 0; j < features_; ++j) squared += (point(i)[j] - center[j]) * (point(i)[j] - center[j]);
            sums[piece] += weight(i) * squared;
        }
    });
    return std::accumulate(sums.begin(), sums.end(), 0.0);
}

}  // namespace ecom::core

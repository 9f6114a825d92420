#include "core/cluster/mini_batch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "core/base/budget.hpp"
#include "core/base/parallel.hpp"
#include "core/cluster/farthest.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::size_t kStrip = 128;          // rows whose distances lie in the first cache
constexpr std::size_t kMostPieces = 64;
constexpr double kSettled = 1e-4;            // scikit-learn's tolerance, a share of the mean variance
constexpr int kBatchesWithoutGain = 10;      // scikit-learn's max_no_improvement
constexpr std::size_t kMostEpochs = 100;     // and its max_iter

// Pieces depend on the data alone, so that sums do. Work on one should outweigh its sums.
std::size_t pieces_of(std::size_t rows, std::size_t clusters) {
    return std::clamp(rows / std::max(std::size_t{4096}, 4 * clusters), std::size_t{1}, kMostPieces);
}

class Batches {
public:
    Batches(const FeatureColumns& columns, const std::vector<double>& weights, std::size_t clusters)
        : columns_(columns), weights_(weights), rows_(columns[0].size()), d_(columns.size()), k_(clusters) {}

    std::size_t rows() const { return rows_; }
    double weight(std::size_t i) const { return weights_.empty() ? 1.0 : weights_[i]; }

    // Sums of coordinates and of weights of each cluster, and the weighted squared distances to the centres.
    struct Totals {
        std::vector<double> sums;
        std::vector<double> masses;
        double inertia = 0.0;
        bool is_changed = false;

        Totals(std::size_t k, std::size_t d) : sums(k * d), masses(k) {}
    };

    // Adds rows [begin, end) to their nearest centres; labels: of all rows, where they are kept.
    void add(std::size_t begin, std::size_t end, const std::vector<double>& centers, Totals& to, ClusterLabel* labels, Host& host) const {
        std::array<double, kStrip> nearest, squared;
        std::array<ClusterLabel, kStrip> label;
        PollEvery poll(host);
        for (std::size_t first = begin; first < end; first += kStrip) {
            const std::size_t count = std::min(kStrip, end - first);
            nearest.fill(std::numeric_limits<double>::infinity());
            label.fill(0);
            for (std::size_t c = 0; c < k_; ++c) {
                poll(1 + count * d_ / 8);
                squared.fill(0.0);
                for (std::size_t j = 0; j < d_; ++j) {
                    const double* const x = columns_[j].data() + first;
                    const double center = centers[c * d_ + j];
                    for (std::size_t i = 0; i < count; ++i) squared[i] += (x[i] - center) * (x[i] - center);
                }
                for (std::size_t i = 0; i < count; ++i) {
                    if (!(squared[i] < nearest[i])) continue;
                    nearest[i] = squared[i];
                    label[i] = static_cast<ClusterLabel>(c);
                }
            }
            for (std::size_t i = 0; i < count; ++i) {
                const double w = weight(first + i);
                to.masses[label[i]] += w;
                to.inertia += w * nearest[i];
                if (labels == nullptr) continue;
                to.is_changed = to.is_changed || labels[first + i] != label[i];
                labels[first + i] = label[i];
            }
            for (std::size_t j = 0; j < d_; ++j) {
                const double* const x = columns_[j].data() + first;
                for (std::size_t i = 0; i < count; ++i) to.sums[label[i] * d_ + j] += weight(first + i) * x[i];
            }
        }
    }

    Totals all(const std::vector<double>& centers, std::vector<ClusterLabel>& labels, Host& host) const {
        const std::size_t pieces = pieces_of(rows_, k_);
        std::vector<Totals> parts(pieces, Totals(k_, d_));
        parallel_for(host, pieces, [&](std::size_t piece, Host& worker) {
            add(rows_ * piece / pieces, rows_ * (piece + 1) / pieces, centers, parts[piece], labels.data(), worker);
        });
        for (std::size_t piece = 1; piece < pieces; ++piece) {
            for (std::size_t v = 0; v < k_ * d_; ++v) parts[0].sums[v] += parts[piece].sums[v];
            for (std::size_t c = 0; c < k_; ++c) parts[0].masses[c] += parts[piece].masses[c];
            parts[0].inertia += parts[piece].inertia;
            parts[0].is_changed = parts[0].is_changed || parts[piece].is_changed;
        }
        return std::move(parts[0]);
    }

    double mean_variance(Host& host) const {
        PollEvery poll(host);
        double total = 0.0;
        for (const auto& column : columns_) {
            double mean = 0.0, squares = 0.0;
            for (const double x : column) poll(), mean += x / static_cast<double>(rows_);
            for (const double x : column) poll(), squares += (x - mean) * (x - mean);
            total += squares / static_cast<double>(rows_);
        }
        return total / static_cast<double>(d_);
    }

    void fill_empty(Totals& totals, const std::vector<double>& centers, const std::vector<ClusterLabel>& labels, Host& host) const {
        fill_empty_clusters(
            totals.sums, totals.masses, rows_, d_, [&](std::size_t j, std::size_t i) { return columns_[j][i]; },
            [&](std::size_t i) { return weight(i); }, [&]() -> const auto& { return labels; }, centers, host);
    }

private:
    const FeatureColumns& columns_;
    const std::vector<double>& weights_;
    std::size_t rows_;
    std::size_t d_;
    std::size_t k_;
};

// Batch after batch, over all rows again and again, until they no longer gain. Returns their number.
int follow_batches(const Batches& data, std::size_t k, std::size_t d, std::size_t batch_rows, std::vector<double>& centers, Host& host) {
    const std::size_t batches = (data.rows() + batch_rows - 1) / batch_rows;
    std::vector<double> masses(k, 0.0);  // that each centre has had
    const double share = std::min(1.0, 2.0 * static_cast<double>(batch_rows) / static_cast<double>(data.rows() + 1));
    double smoothed = 0.0;
    double least = std::numeric_limits<double>::infinity();
    int without_gain = 0;
    int step = 0;
    for (; step < static_cast<int>(std::min(kMostEpochs * batches, static_cast<std::size_t>(kMaxIterations))); ++step) {
        const std::size_t begin = static_cast<std::size_t>(step) % batches * batch_rows;
        Batches::Totals batch(k, d);
        data.add(begin, std::min(data.rows(), begin + batch_rows), centers, batch, nullptr, host);
        for (std::size_t c = 0; c < k; ++c) {
            if (!(batch.masses[c] > 0.0)) continue;
            for (std::size_t j = 0; j < d; ++j)
                centers[c * d + j] = (centers[c * d + j] * masses[c] + batch.sums[c * d + j]) / (masses[c] + batch.masses[c]);
            masses[c] += batch.masses[c];
        }
        // The first batch tells of where the centres came from.
        if (step == 0) continue;
        const double mean = batch.inertia / std::accumulate(batch.masses.begin(), batch.masses.end(), 0.0);
        smoothed = step == 1 ? mean : smoothed * (1.0 - share) + mean * share;
        without_gain = smoothed < least ? 0 : without_gain + 1;
        least = std::min(least, smoothed);
        if (without_gain == kBatchesWithoutGain) break;
    }
    return step;
}

}  // namespace

std::size_t mini_batch_bytes(std::size_t rows, std::size_t features, std::size_t clusters) {
    const std::size_t totals = mul_size(mul_size(clusters, features + 1), sizeof(double));
    return add_size(mul_size(rows, 2 * sizeof(ClusterLabel)), mul_size(pieces_of(rows, clusters) + 4, totals));
}

KmeansResult mini_batch_kmeans(const FeatureColumns& columns, const std::vector<double>& weights, std::vector<double> centers,
                               const KmeansParams& params, std::size_t batch_rows, Host& host) {
    params.check();
    const auto k = static_cast<std::size_t>(params.clusters);
    const std::size_t d = columns.size();
    const Batches data(columns, weights, k);
    require_memory(host, mini_batch_bytes(data.rows(), d, k), "mini-batches of " + std::to_string(data.rows()) + " rows");
    LloydRun run;
    run.iterations = follow_batches(data, k, d, batch_rows, centers, host);
    const double tolerance = (params.tolerance > 0.0 ? params.tolerance : kSettled) * data.mean_variance(host);
    run.labels.resize(data.rows());
    Batches::Totals totals = data.all(centers, run.labels, host);
    for (int step = 0; step < params.max_iterations && !run.converged; ++step) {
        data.fill_empty(totals, centers, run.labels, host);
        const CenterUpdate update = move_centers(totals.sums, totals.masses, centers);
        totals = data.all(centers, run.labels, host);
        ++run.iterations;
        run.is_stable = !totals.is_changed;
        run.converged = run.is_stable || update.squared <= tolerance;
    }
    run.masses = std::move(totals.masses);
    run.inertia = totals.inertia;
    run.centers = std::move(centers);
    return in_order(std::move(run), d, nullptr, host);
}

}  // namespace ecom::core

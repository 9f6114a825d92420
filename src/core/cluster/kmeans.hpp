// k-means: the best of several starts.
//
// Defaults follow scikit-learn's KMeans (greedy k-means++, best of n_init starts, empty clusters take the
// farthest points) with one difference: scikit-learn stops when the centres move little (tol = 1e-4).
// Here starts are compared at that point, and the best of them go on until no label changes.
//
// Results do not depend on the order of the rows or on the number of threads: points are put in an order
// that follows from their values, start s uses the random stream (seed, s), and clusters are numbered by
// their centres, ascending feature by feature.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/host.hpp"
#include "core/cluster/engine.hpp"

namespace ecom::core {

constexpr int kMaxClusters = 10000;
constexpr int kMaxStarts = 1000;
constexpr int kMaxIterations = 1000000;
// Squares of differences must stay finite, summed over many features and rows.
constexpr double kLargestFeature = 1e130;

// Few rows have many local optima that differ little, and starts cost little then: as many as take the time of ten
// starts over kRowsOfTenStarts rows, at most 100.
constexpr std::size_t kRowsOfTenStarts = 30000;
int default_starts(std::size_t rows);

struct KmeansParams {
    int clusters = 3;
    int n_init = 10;
    std::uint64_t seed = 1;
    int max_iterations = 1000;
    // scikit-learn's rule: stop when the centres' squared movement is at most this share of the mean
    // variance of the features. 0: the best starts never stop before no label changes.
    double tolerance = 0.0;
    // k x d by rows: one start from here instead of n_init random ones.
    std::vector<double> initial_centers;

    // Throws kInvalidArgument.
    void check() const;
};

struct KmeansResult {
    std::size_t features = 0;
    std::vector<double> centers;           // k x d by rows, clusters in their order
    std::vector<double> masses;            // sum of weights of each cluster
    std::vector<std::int64_t> sizes;       // rows of each cluster
    std::vector<ClusterLabel> labels;      // per row, from 0
    double inertia = 0.0;                  // weighted sum of squared distances to the centres
    int iterations = 0;                    // of the best start
    bool converged = false;
    std::vector<double> inertia_of_starts;  // where they were compared; of the best ones at their end

    std::size_t clusters() const { return masses.size(); }
    const double* center(std::size_t c) const { return centers.data() + c * features; }
};

// columns: one or more, equally long, finite, at most kLargestFeature; weights: empty, or positive.
// Throws kNotEnoughData when there are fewer different rows than clusters.
KmeansResult kmeans(const FeatureColumns& columns, const std::vector<double>& weights,
                    const KmeansParams& params, Host& host);

// An upper bound of what kmeans() allocates.
std::size_t kmeans_bytes(std::size_t rows, std::size_t features, const KmeansParams& params, int threads);

// A run as a result: clusters numbered by their centres, labels in the order of the rows. order: the row of each point,
// or nothing when points are in the order of the rows.
KmeansResult in_order(LloydRun run, std::size_t features, const std::vector<std::uint32_t>* order, Host& host);

// Throws kInvalidArgument unless there are k centres of d features.
void require_centers(const std::vector<double>& centers, std::size_t k, std::size_t d);

// The engine and the starts alone, for several k over the same points.
KmeansResult kmeans(const LloydEngine& engine, const FeatureColumns& columns, const KmeansParams& params, Host& host);

}  // namespace ecom::core

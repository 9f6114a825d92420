// What one start of k-means needs from the points: seeding and Lloyd's iterations, exact ones.
//
// An engine holds the points in a canonical order, which follows from their values alone. Every sum is
// taken in that order, so a result does not depend on the order that the rows came in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/rng.hpp"

namespace ecom::core {

// One vector a feature, all of the same length.
using FeatureColumns = std::vector<std::vector<double>>;

using ClusterLabel = std::uint16_t;

struct LloydParams {
    int max_iterations = 1000;
    double tolerance = 0.0;  // stops when the squared movement of the centres is at most this
};

struct LloydRun {
    std::vector<double> centers;  // k x d by rows
    std::vector<ClusterLabel> labels;  // of the points in canonical order
    std::vector<double> masses;   // weight of each cluster
    double inertia = 0.0;
    int iterations = 0;
    bool is_stable = false;  // no label would change any more
    bool converged = false;  // stable, or ended by the tolerance
};

class LloydEngine {
public:
    virtual ~LloydEngine() = default;

    // Greedy k-means++ (Arthur and Vassilvitskii, 2007): of 2 + ln k candidates for each next centre the
    // one that lessens the inertia most.
    virtual std::vector<double> seed(std::size_t k, Rng rng, Host& host) const = 0;

    // Lloyd's iterations from these centres until no label changes. A point that is equally near to
    // several centres belongs to the first. Clusters that run empty take the farthest points.
    virtual LloydRun run(std::vector<double> centers, const LloydParams& params, Host& host) const = 0;

    // Nearest centre of every point, and the inertia, for centres that stay where they are.
    virtual LloydRun assign(std::vector<double> centers, Host& host) const = 0;

    // Different points, counted up to `enough`.
    virtual std::size_t distinct_points(std::size_t enough, Host& host) const = 0;

    // Per point in canonical order: its row.
    virtual const std::vector<std::uint32_t>& order() const = 0;

    // Bytes that one start holds while it runs.
    virtual std::size_t run_bytes(std::size_t k) const = 0;
};

// Points in at most kMaxGridFeatures dimensions on a grid of cells (Pelleg and Moore, 1999; Kanungo et
// al., 2002), others with bounds on distances (Ding et al., 2015).
constexpr std::size_t kMaxGridFeatures = 4;
std::unique_ptr<LloydEngine> make_engine(const FeatureColumns& columns, const std::vector<double>& weights,
                                         Host& host);
std::size_t engine_bytes(std::size_t rows, std::size_t features);

// Number of candidates that greedy k-means++ tries for each centre.
std::size_t seeding_candidates(std::size_t k);

// New centres from the sums and masses of clusters.
struct CenterUpdate {
    std::vector<double> moves;  // distance of each centre to where it was
    double squared = 0.0;       // sum of their squares
};
CenterUpdate move_centers(const std::vector<double>& sums, const std::vector<double>& masses,
                          std::vector<double>& centers);

}  // namespace ecom::core

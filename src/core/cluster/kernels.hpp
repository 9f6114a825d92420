// The inner loops of k-means, in the widest vectors that the processor has.
//
// Each kernel is compiled once per instruction set and chosen at run time, so one package is fast on
// every machine. Sums run in eight fixed lanes whatever the width, and nothing is contracted to fused
// operations (-ffp-contract=off), so every instruction set gives the same bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/cluster/engine.hpp"

namespace ecom::core {

// Points are read in steps of this many; columns are padded by as many readable values.
constexpr std::size_t kLanes = 8;

struct ClusterKernels {
    const char* name;

    // Nearest of m centres for points [begin, end): labels[i] = ids[its number]. x: one pointer a
    // feature; centers: m x d by rows; d is 1 to kMaxGridFeatures. Gives a lower bound of the least lead of a point's
    // nearest centre over its second, in distance; infinite for one centre.
    double (*nearest)(const double* const* x, std::size_t d, std::size_t begin, std::size_t end,
                    const double* centers, const ClusterLabel* ids, std::size_t m, ClusterLabel* labels);

    // Sum over points [begin, end) of weight times min(distance squared to `center`, nearest[i]).
    // weights may be null: all 1.
    double (*potential)(const double* const* x, std::size_t d, std::size_t begin, std::size_t end,
                        const double* center, const double* weights, const double* nearest);

    // Lessens nearest[i] to the distance squared to `center`; gives the largest and the weighted sum.
    double (*approach)(const double* const* x, std::size_t d, std::size_t begin, std::size_t end,
                       const double* center, const double* weights, double* nearest, double* largest);

    // Squared distances of one point to eight centres, stored feature by feature (8 values each).
    void (*eight_distances)(const double* point, std::size_t d, const double* centers, double* squared);
};

// The best kernels that this processor runs.
const ClusterKernels& cluster_kernels();

// All that this processor runs, for tests; the last one is null.
const ClusterKernels* const* available_cluster_kernels();

}  // namespace ecom::core

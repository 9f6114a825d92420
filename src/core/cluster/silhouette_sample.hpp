// The mean silhouette of several clusterings of the same rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/host.hpp"
#include "core/cluster/engine.hpp"

namespace ecom::core {

// `count` of `rows` places, ascending, each set of places as likely as any other; all when there are no more.
std::vector<std::uint32_t> sample_places(std::size_t rows, std::size_t count, std::uint64_t seed, Host& host);

// Mean of (b - a) / max(a, b) over the rows (Rousseeuw, 1987): a is the mean distance to the other rows of
// the own cluster, b the least mean distance to the rows of another one; 0 for a row that is alone. One
// value a clustering, NaN where it has one cluster only. Distances are computed once for all of them.
// labels[s][i]: cluster of row i in clustering s.
std::vector<double> mean_silhouettes(const FeatureColumns& columns,
                                     const std::vector<std::vector<ClusterLabel>>& labels, Host& host);
std::size_t silhouette_bytes(std::size_t rows, std::size_t features, std::size_t clusterings);

}  // namespace ecom::core

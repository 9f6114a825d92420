// Mini-batch k-means (Sculley, 2010): centres follow batches of rows, then few steps over all rows.
//
// Every row of a batch draws its nearest centre by a share that falls with the weight that the centre has had so far,
// and batches go on until their mean squared distance, smoothed, has not fallen for ten of them, as in scikit-learn's
// MiniBatchKMeans. It then goes on by Lloyd's steps over all rows until the centres settle: these cost one pass each
// and no memory a row but the labels.
#pragma once

#include <cstddef>
#include <vector>

#include "core/base/host.hpp"
#include "core/cluster/kmeans.hpp"

namespace ecom::core {

// columns: rows in an order that has nothing to do with their values, in batches of batch_rows; weights: empty, or
// positive; centers: params.clusters of them by rows, to begin with. Ends by params.tolerance, 1e-4 when that is 0.
// The same bits for any number of threads.
KmeansResult mini_batch_kmeans(const FeatureColumns& columns, const std::vector<double>& weights, std::vector<double> centers,
                               const KmeansParams& params, std::size_t batch_rows, Host& host);

// An upper bound of what it allocates.
std::size_t mini_batch_bytes(std::size_t rows, std::size_t features, std::size_t clusters);

}  // namespace ecom::core

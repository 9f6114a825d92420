// How well separated the clusters of a labelling are, without a truth to compare with.
//
// With distances Euclidean, n rows and k clusters:
// Silhouette (Rousseeuw, 1987): the mean over rows, see silhouette.hpp.
// Davies-Bouldin (1979): the mean over clusters of the worst (s_i + s_j) / d(c_i, c_j), s the mean distance to the
// centroid c; coinciding centroids are passed over.
// Calinski-Harabasz (1974): (between / (k - 1)) / (within / (n - k)) of the sums of squares; 1 when within is 0.
// All as scikit-learn computes them.
//
// Rows are put into an order of their own first, so that no result depends on the order they came in, nor on the
// number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/host.hpp"
#include "core/stats/silhouette.hpp"

namespace ecom::core {

// Rows with a cluster each, clusters 0 .. clusters - 1 in a lasting order, rows of one cluster next to each other and
// sorted by their values.
class ClusteredRows {
public:
    // `values`: rows one after the other; `labels`: one number below `clusters` for each. Empty clusters vanish.
    // Throws kNotEnoughData unless there are at least two clusters and fewer clusters than rows.
    ClusteredRows(const std::vector<double>& values, std::size_t features, const std::vector<std::uint32_t>& labels,
                  std::size_t clusters, Host& host);

    // `size` of the rows, drawn without replacement (Knuth, TAOCP 2, 3.4.2 S); their sources count them from 0. The
    // same rows and seed give the same sample. Throws kNotEnoughData as the constructor does.
    ClusteredRows sample(std::size_t size, std::uint64_t seed, Host& host) const;

    std::size_t rows() const { return source_.size(); }
    std::size_t features() const { return features_; }
    std::size_t clusters() const { return starts_.size() - 1; }

    // Rows of cluster c: start(c) .. start(c + 1) - 1.
    std::size_t start(std::size_t cluster) const { return starts_[cluster]; }

    // One feature of all rows.
    const double* column(std::size_t feature) const { return columns_.data() + feature * rows(); }

    // The number that the row had in the arrays given.
    std::size_t source(std::size_t row) const { return source_[row]; }

    static std::size_t bytes_needed(std::size_t rows, std::size_t features);

private:
    explicit ClusteredRows(std::size_t features) : features_(features) {}
    void require_clusters() const;

    std::size_t features_;
    std::vector<double> columns_;
    std::vector<std::size_t> starts_;
    std::vector<std::size_t> source_;
};

// Values are in the order of the arrays given to ClusteredRows. This and the two below throw kNonFiniteInput when
// distances overflow.
Silhouettes silhouettes(const ClusteredRows& rows, Host& host);

double davies_bouldin(const ClusteredRows& rows, Host& host);
double calinski_harabasz(const ClusteredRows& rows, Host& host);

}  // namespace ecom::core

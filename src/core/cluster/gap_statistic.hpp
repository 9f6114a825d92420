// The gap statistic (Tibshirani, Walther and Hastie, 2001): how far the inertia of clusters lies below that of rows
// which have none.
//
// Rows without clusters are uniform in the box that holds the rows along their principal components. For each number of
// clusters k: gap = mean of ln(inertia) over such sets of rows - ln(inertia) of the rows, and an error of it, the
// standard deviation over the sets times sqrt(1 + 1 / sets).
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/cluster/kmeans.hpp"

namespace ecom::core {

struct Gap {
    double gap;
    double error;
};

// For k_min .. k_max clusters of the rows, by `references` random sets; none where an inertia is 0. Of each set and of the
// rows the best of 10 starts counts, whatever params.n_init is; rows have no weights. Streams of random numbers follow
// from params.seed. Throws what kmeans() throws.
std::vector<std::optional<Gap>> gap_statistic(const FeatureColumns& columns, int k_min, int k_max, int references,
                                              const KmeansParams& params, Host& host);

// The place of the first gap that is not below the next one less its error; the last place if all are, the first one
// where no number of clusters has a gap.
std::size_t first_gap(const std::vector<std::optional<Gap>>& gaps);

}  // namespace ecom::core

// Silhouettes (Rousseeuw, 1987): how well rows fit their clusters, from the distances of all pairs.
//
// Of a row: (b - a) / max(a, b), a the mean distance to the other rows of the own cluster, b the least mean distance to
// the rows of another one; 0 for a row that is alone, and where both are 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

struct Silhouettes {
    std::optional<double> mean;  // none for one cluster
    std::vector<double> values;  // one for each row
};

// For each of several labellings of the same rows: distances are computed once for all of them. columns: one pointer a
// feature, to `rows` values each; labelings[s][i]: cluster of row i in labelling s. Faster where rows of a cluster lie
// next to each other. O(rows^2 (features + labellings)) on as many threads as the host grants, the same bits for any
// number of them. Throws kNonFiniteInput when distances overflow.
std::vector<Silhouettes> silhouettes(const std::vector<const double*>& columns, std::size_t rows,
                                     const std::vector<std::vector<std::uint32_t>>& labelings, Host& host);

// What silhouettes() allocates, labellings included.
std::size_t silhouette_bytes(std::size_t rows, std::size_t labelings);

// `count` of the places 0 .. rows - 1, all if there are not more, ascending, each set of them equally likely.
std::vector<std::uint32_t> sample_places(std::size_t rows, std::size_t count, std::uint64_t seed, Host& host);

}  // namespace ecom::core

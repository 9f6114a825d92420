// Columns as small integers: what trees are grown on.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/host.hpp"
#include "core/forest/features.hpp"

namespace ecom::core {

// One column's grid. Code 0 is missing; code c >= 1 holds the values in (cuts[c-2], cuts[c-1]].
struct BinnedColumn {
    std::vector<double> cuts;    // ascending; one fewer than codes in use
    std::vector<double> values;  // where every distinct value has its own code: that value, by code - 1
    std::size_t codes() const { return cuts.size() + 2; }

    // A threshold between two codes that are neighbours in a node: v <= threshold goes left.
    double threshold(std::size_t left, std::size_t right) const;
};

constexpr int kMaxHistogramBins = 254;
constexpr int kMaxExactBins = 65000;

struct BinnedRows {
    std::size_t n = 0;
    std::vector<BinnedColumn> columns;
    // One of the two is filled, by feature and then row: bytes for at most 254 bins.
    std::vector<std::vector<std::uint8_t>> narrow;
    std::vector<std::vector<std::uint16_t>> wide;
    // The order that categories were given, by feature: rank -> index into TrainingRows::categories.
    std::vector<std::vector<std::uint32_t>> category_order;
};

std::size_t binning_bytes(std::size_t rows, std::size_t features, int bins, int threads);

// Cut points are quantiles of the column (of its first 200000 rows where there are more: the rows of
// TrainingRows lie in an order as good as random). Categories become numbers by their mean label
// (Fisher, 1958, as in Breiman et al., 1984; once for the whole tree as in Wright and Koenig, 2019).
BinnedRows bin_rows(const TrainingRows& rows, int bins, Host& host);

}  // namespace ecom::core

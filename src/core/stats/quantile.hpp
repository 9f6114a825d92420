// Sample quantiles by selection, without a full sort, and the range of a sample.
#pragma once

#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

// The k - 1 cut points that divide a sample into k parts: quantiles i/k, i = 1 .. k-1, by linear
// interpolation of order statistics (Hyndman and Fan, 1996, type 7; the default of R's quantile()
// and of numpy). `values` is reordered; it must not be empty and must be finite. k >= 1.
//
// Selection narrows the range from cut to cut: O(n log k) expected. No allocation besides the
// result. The positions are computed in integers, so that the same data give the same cut points
// whatever the platform's rounding of i/k.
std::vector<double> quantile_cuts(std::vector<double>& values, int k, Host& host);

// Smallest and largest of the values, of which there is at least one. -0 counts as 0: which of the two
// equals is found first would depend on the order of the rows.
struct Range {
    double min;
    double max;
};
Range range_of(const std::vector<double>& values, Host& host);

}  // namespace ecom::core

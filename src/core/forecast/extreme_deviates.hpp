// Outliers by the generalised extreme studentised deviate test (Rosner, 1983, "Percentage points for a generalized ESD
// many-outlier procedure", Technometrics 25): at most a share of the values, at a level for all of them together.
//
// Value after value, the one farthest from the middle is taken away, and its distance in deviations of what was there is compared
// with what normal values would show. Outliers are all up to the last that lies beyond, so that they cannot hide each
// other. Mean and standard deviation, or, robust, median and 1.4826 MAD as in S-H-ESD (Hochenbaum, Vallis and Kejariwal, 2017).
//
// O(n log n + n r) time for r candidates; 40 bytes a value.
#pragma once

#include <cstddef>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

struct ExtremeDeviateParams {
    double max_share = 0.1;  // of the values that may be outliers
    double level = 0.05;     // chance of finding any among normal values
    bool robust = false;

    // Throws kInvalidArgument unless 0 < max_share < 0.5 and 0 < level < 1.
    void check() const;
};

struct ExtremeDeviate {
    std::size_t index;
    double statistic;
    double critical;
    bool is_outlier;
};

std::size_t extreme_deviate_bytes(std::size_t n);

// Candidates in the order in which they are taken away: max_share of the values, rounded down; fewer when what is left does not
// vary. None for fewer than three values. No value is missing. Of two equally far ones the lower goes first, of equal ones the
// first. The caller has counted extreme_deviate_bytes.
std::vector<ExtremeDeviate> extreme_deviates(const std::vector<double>& values, const ExtremeDeviateParams& params, Host& host);

}  // namespace ecom::core

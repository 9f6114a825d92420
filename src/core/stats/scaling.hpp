// Scaling of a column: (x - centre) / scale.
#pragma once

#include <string_view>

#include "core/base/host.hpp"
#include "core/stats/power_transform.hpp"

namespace ecom::core {

enum class ScalingMethod {
    kNone,      // centre 0, scale 1
    kStandard,  // mean, standard deviation with divisor n
    kMinMax,    // minimum, range
    kRobust,    // median, interquartile range (quantiles of type 7, Hyndman and Fan, 1996)
};

// none, standard, minmax, robust; parse throws kInvalidArgument for anything else.
ScalingMethod parse_scaling(std::string_view name);
std::string_view name_of(ScalingMethod method);

struct Scaling {
    double centre = 0.0;
    double scale = 1.0;
};

// A spread of zero gives scale 1, so that a constant column becomes 0. Throws kNonFiniteInput when the
// spread overflows. The column must have a row.
Scaling fit_scaling(const DistinctValues& column, ScalingMethod method, Host& host);

}  // namespace ecom::core

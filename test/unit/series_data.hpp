// Series for tests.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "core/forecast/regular_series.hpp"

namespace ecom::test {

// Annual flow of the Nile at Aswan, 1871 to 1970 (Cobb, 1978).
inline const std::vector<double> kNile{
    1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958, 1140,
    1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969,
    831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759,
    781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890,
    744, 749, 838, 1050, 918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740};

// A value a month from 2000 on.
inline core::RegularSeries monthly(std::vector<double> values) {
    core::RegularSeries series;
    series.grid = core::TimeGrid(core::Step::kMonth, 0);
    series.points = values.size();
    series.values = std::move(values);
    return series;
}

// A series by formula, of which R and statsmodels gave the numbers in the tests: a trend, a season of 12, and a rest that
// looks like noise.
inline std::vector<double> formula_series(std::size_t n = 131) {
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i)
        values.push_back(100.0 + 0.5 * static_cast<double>(i) + 10.0 * static_cast<double>(i * 7 % 12) +
                         static_cast<double>(i * i * 37 % 101) / 5.0);
    return values;
}

}  // namespace ecom::test

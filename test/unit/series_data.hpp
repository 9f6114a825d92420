// A series by formula, of which R and statsmodels gave the numbers in the tests: a trend, a season of 12, and a rest that
// looks like noise.
#pragma once

#include <cstddef>
#include <vector>

namespace ecom::test {

inline std::vector<double> formula_series(std::size_t n = 131) {
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i)
        values.push_back(100.0 + 0.5 * static_cast<double>(i) + 10.0 * static_cast<double>(i * 7 % 12) +
                         static_cast<double>(i * i * 37 % 101) / 5.0);
    return values;
}

}  // namespace ecom::test

// Locally weighted regression of a series (Cleveland, 1979), evaluated as in the STL procedure of Cleveland et al. (1990).
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

// What a smoother works on: the values that are there, in the order of their positions 0 .. length - 1.
struct LoessPoints {
    std::vector<std::size_t> positions;  // empty: every position has a value
    std::vector<double> values;
    std::vector<double> weights;  // empty: all 1
    std::size_t length = 0;

    std::size_t size() const { return values.size(); }
    double position(std::size_t i) const {
        return static_cast<double>(positions.empty() ? i : positions[i]);
    }
    double weight(std::size_t i) const { return weights.empty() ? 1.0 : weights[i]; }
};

// A line (degree 1) or a mean (degree 0) of the `width` values nearest to a position, weighted by the tricube of their
// distance. At `jump` positions apart it is computed, between them interpolated.
class Loess {
public:
    // width is odd and at least 3, degree 0 or 1, jump at least 1.
    Loess(std::size_t width, int degree, std::size_t jump, Host& host);

    // Writes points.length values to `out`. points must not be empty.
    void smooth(const LoessPoints& points, double* out);

    // The fit at any position, also outside of the series, from the values first .. last of the points; none when all of
    // them have weight 0.
    std::optional<double> at(const LoessPoints& points, double position, std::size_t first, std::size_t last);

    std::size_t width() const { return width_; }

private:
    double fit_or_value(const LoessPoints& points, double position, std::size_t first, std::size_t last);

    std::size_t width_;
    int degree_;
    std::size_t jump_;
    PollEvery poll_;
    std::vector<double> weights_;
    // Tricube by distance for the half width that most windows have.
    double table_reach_;
    std::vector<double> table_;
};

}  // namespace ecom::core

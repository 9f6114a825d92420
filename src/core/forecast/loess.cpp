#include "core/forecast/loess.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

double cube(double x) { return x * x * x; }

// Within a thousandth of the reach of its ends the tricube is 0 or 1, as in the authors' program.
double tricube(double distance, double reach) {
    if (distance > 0.999 * reach) return 0.0;
    if (distance <= 0.001 * reach) return 1.0;
    return cube(1.0 - cube(distance / reach));
}

}  // namespace

Loess::Loess(std::size_t width, int degree, std::size_t jump, Host& host)
    : width_(width),
      degree_(degree),
      jump_(jump),
      poll_(host),
      table_reach_(static_cast<double>((width - 1) / 2)) {}

std::optional<double> Loess::at(const LoessPoints& points, double position, std::size_t first,
                                std::size_t last) {
    const std::size_t count = last - first + 1;
    poll_(count);
    double reach = std::max(position - points.position(first), points.position(last) - position);
    // A window wider than the series reaches beyond it.
    if (width_ > points.size()) reach += static_cast<double>((width_ - points.size()) / 2);

    weights_.resize(count);
    double sum = 0.0;
    if (reach == table_reach_ && points.positions.empty()) {
        if (table_.empty())
            for (std::size_t d = 0; d <= (width_ - 1) / 2; ++d)
                table_.push_back(tricube(static_cast<double>(d), reach));
        // Such a window is centred, or lies to one side of the position.
        for (std::size_t j = 0; j < count; ++j) {
            const auto distance =
                static_cast<std::size_t>(std::fabs(static_cast<double>(first + j) - position));
            weights_[j] = table_[distance] * points.weight(first + j);
            sum += weights_[j];
        }
    } else {
        for (std::size_t j = 0; j < count; ++j) {
            weights_[j] = tricube(std::fabs(points.position(first + j) - position), reach) *
                          points.weight(first + j);
            sum += weights_[j];
        }
    }
    if (!(sum > 0.0)) return std::nullopt;

    double center = 0.0;
    double mean = 0.0;
    for (std::size_t j = 0; j < count; ++j) {
        weights_[j] /= sum;
        mean += weights_[j] * points.values[first + j];
    }
    if (degree_ == 0 || !(reach > 0.0)) return mean;
    for (std::size_t j = 0; j < count; ++j) center += weights_[j] * points.position(first + j);
    double spread = 0.0;
    for (std::size_t j = 0; j < count; ++j) {
        const double d = points.position(first + j) - center;
        spread += weights_[j] * d * d;
    }
    // Points that lie on almost one position carry no slope.
    if (std::sqrt(spread) <= 0.001 * static_cast<double>(points.length - 1)) return mean;
    const double slope = (position - center) / spread;
    double value = 0.0;
    for (std::size_t j = 0; j < count; ++j)
        value += weights_[j] * (slope * (points.position(first + j) - center) + 1.0) * points.values[first + j];
    return value;
}

// Where every value near has weight 0: the nearest value, which is the position's own where it has one, as the authors'
// program takes it. Where noise grows along the series that is right; an outlier thousands of times the noise, which takes
// the weight from all around it, is then its own fit.
double Loess::fit_or_value(const LoessPoints& points, double position, std::size_t first, std::size_t last) {
    if (const auto fit = at(points, position, first, last)) return *fit;
    std::size_t nearest = first;
    for (std::size_t j = first; j <= last; ++j)
        if (std::fabs(points.position(j) - position) < std::fabs(points.position(nearest) - position)) nearest = j;
    return points.values[nearest];
}

void Loess::smooth(const LoessPoints& points, double* out) {
    const std::size_t n = points.length;
    const std::size_t count = std::min(width_, points.size());
    std::size_t first = 0;
    const auto fit = [&](std::size_t i) {
        const auto position = static_cast<double>(i);
        // The window moves on while a value behind it is nearer than its first.
        while (first + count < points.size() &&
               points.position(first + count) - position < position - points.position(first))
            ++first;
        return fit_or_value(points, position, first, first + count - 1);
    };
    const auto interpolate = [&](std::size_t from, std::size_t to) {
        const double step = (out[to] - out[from]) / static_cast<double>(to - from);
        for (std::size_t i = from + 1; i < to; ++i) out[i] = out[from] + step * static_cast<double>(i - from);
        poll_(to - from);
    };
    const std::size_t jump = std::min(jump_, std::max<std::size_t>(1, n - 1));
    out[0] = fit(0);
    std::size_t known = 0;
    for (std::size_t i = jump; i < n; i += jump) {
        out[i] = fit(i);
        interpolate(known, i);
        known = i;
    }
    if (known != n - 1) {
        out[n - 1] = fit(n - 1);
        interpolate(known, n - 1);
    }
}

}  // namespace ecom::core

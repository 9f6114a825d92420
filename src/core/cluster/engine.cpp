#include "core/cluster/engine.hpp"

#include <cmath>

#include "core/base/budget.hpp"
#include "core/cluster/bounds_engine.hpp"
#include "core/cluster/grid_engine.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

std::unique_ptr<LloydEngine> make_engine(const FeatureColumns& columns, const std::vector<double>& weights,
                                         Host& host) {
    if (columns.size() <= kMaxGridFeatures) return std::make_unique<GridEngine>(columns, weights, host);
    return std::make_unique<BoundsEngine>(columns, weights, host);
}

std::size_t engine_bytes(std::size_t rows, std::size_t features) {
    // Coordinates, weight and row of each point; while the points are put in order the row and cell again.
    const std::size_t point = add_size(mul_size(features + 1, sizeof(double)), 4 * sizeof(std::uint32_t));
    // A grid has at most one cell for two points: box, sum, mass and scatter.
    const std::size_t cell = features <= kMaxGridFeatures ? (3 * features + 3) * sizeof(double) / 2 : 0;
    return mul_size(rows, add_size(point, cell));
}

std::size_t seeding_candidates(std::size_t k) {
    return 2 + static_cast<std::size_t>(std::log(static_cast<double>(k)));
}

CenterUpdate move_centers(const std::vector<double>& sums, const std::vector<double>& masses,
                          std::vector<double>& centers) {
    const std::size_t k = masses.size();
    const std::size_t d = centers.size() / k;
    CenterUpdate update;
    update.moves.resize(k);
    for (std::size_t c = 0; c < k; ++c) {
        double squared = 0.0;
        for (std::size_t j = 0; j < d; ++j) {
            // A cluster that nothing can fill (fewer points than centres) stays where it is.
            const double to = masses[c] > 0.0 ? sums[c * d + j] / masses[c] : centers[c * d + j];
            const double step = to - centers[c * d + j];
            squared += step * step;
            centers[c * d + j] = to;
        }
        update.moves[c] = std::sqrt(squared);
        update.squared += squared;
    }
    return update;
}

}  // namespace ecom::core

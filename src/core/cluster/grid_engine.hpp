// k-means for few features: points in cells of a grid, whole cells assigned at once.
//
// A cell all of whose box is nearer to one centre than to any other is added in one step (the filter of
// Pelleg and Moore, 1999, and Kanungo et al., 2002); only cells on the border between clusters look at
// their points, and only at the centres that the box leaves possible. How far centres may move before a
// cell must be looked at again is remembered (as Hamerly, 2010, does for points). The labels are those
// of Lloyd's algorithm, point for point.
#pragma once

#include "core/cluster/engine.hpp"

namespace ecom::core {

class GridEngine final : public LloydEngine {
public:
    GridEngine(const FeatureColumns& columns, const std::vector<double>& weights, Host& host);

    std::vector<double> seed(std::size_t k, Rng rng, Host& host) const override;
    LloydRun run(std::vector<double> centers, const LloydParams& params, Host& host) const override;
    LloydRun assign(std::vector<double> centers, Host& host) const override;
    std::size_t distinct_points(std::size_t enough, Host& host) const override;
    const std::vector<std::uint32_t>& order() const override { return order_; }
    std::size_t run_bytes(std::size_t k) const override;

    std::size_t cells() const { return starts_.size() - 1; }

private:
    class Iteration;
    class Seeding;

    double point_distance(std::size_t i, const double* center) const;
    // Squared distance of a centre to the nearest place of a cell's box.
    double nearest_distance(std::size_t cell, const double* center) const;
    double coordinate(std::size_t j, std::size_t i) const { return x_[j][i]; }
    double weight(std::size_t i) const { return weights_.empty() ? 1.0 : weights_[i]; }
    const double* weights() const { return weights_.empty() ? nullptr : weights_.data(); }
    const double* low(std::size_t cell) const { return lows_.data() + cell * features_; }
    const double* high(std::size_t cell) const { return highs_.data() + cell * features_; }
    const double* sum(std::size_t cell) const { return sums_.data() + cell * features_; }

    // Cells are shared out in fixed runs, so that sums are the same for any number of threads.
    std::size_t runs() const { return run_starts_.size() - 1; }

    std::size_t rows_;
    std::size_t features_;
    std::vector<std::vector<double>> columns_;  // in canonical order, padded to whole lanes
    std::vector<const double*> x_;
    std::vector<double> weights_;  // empty: all 1
    std::vector<std::uint32_t> order_;

    std::vector<std::uint32_t> starts_;  // of each cell, and the end
    std::vector<double> lows_;           // the box of its points
    std::vector<double> highs_;
    std::vector<double> sums_;           // weighted
    std::vector<double> masses_;
    std::vector<double> scatters_;       // weighted squared distances to the cell's own mean
    std::vector<std::uint32_t> run_starts_;  // in cells
};

}  // namespace ecom::core

// k-means for many features: bounds on distances keep most of them from being computed.
//
// Yinyang k-means (Ding et al., 2015): for each point an upper bound on the distance to its centre and,
// for each group of centres, a lower bound on the distance to any other centre of the group. Groups are
// as large as a vector register is wide (eight), so a group that must be looked at costs about as much as
// one centre. The labels are those of Lloyd's algorithm, point for point.
#pragma once

#include "core/cluster/engine.hpp"

namespace ecom::core {

class BoundsEngine final : public LloydEngine {
public:
    BoundsEngine(const FeatureColumns& columns, const std::vector<double>& weights, Host& host);

    std::vector<double> seed(std::size_t k, Rng rng, Host& host) const override;
    LloydRun run(std::vector<double> centers, const LloydParams& params, Host& host) const override;
    LloydRun assign(std::vector<double> centers, Host& host) const override;
    std::size_t distinct_points(std::size_t enough, Host& host) const override;
    const std::vector<std::uint32_t>& order() const override { return order_; }
    std::size_t run_bytes(std::size_t k) const override;

private:
    class Iteration;

    const double* point(std::size_t i) const { return points_.data() + i * features_; }
    double weight(std::size_t i) const { return weights_.empty() ? 1.0 : weights_[i]; }
    double inertia_of(const LloydRun& run, Host& host) const;

    // Runs task(number, begin, end, host) over fixed pieces of the points whose work is bounded, `cost`
    // being that of one point.
    template <typename Task>
    void for_pieces(std::size_t cost, Host& host, Task task) const;
    std::size_t piece_points(std::size_t cost) const;
    std::size_t pieces(std::size_t cost) const;

    std::size_t rows_;
    std::size_t features_;
    std::vector<double> points_;  // by rows, in canonical order
    std::vector<double> weights_;
    std::vector<std::uint32_t> order_;
};

}  // namespace ecom::core

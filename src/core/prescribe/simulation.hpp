// What a plan is worth when its inputs are uncertain: Monte Carlo over benefit and cost.
//
// Each factor follows a PERT distribution (Malcolm, Roseboom, Clark and Fazar, 1959): a beta distribution
// on [low, high] with its mode at 1 and shape 4, as usual in project appraisal. One draw has one factor for
// all benefits and one for all costs, because what makes a plan fail as a rule holds in every period.
//
// Complexity: O(draws). Memory: 8 bytes a draw. Draw i uses the random stream (seed, i), so that results do
// not depend on the number of threads, and the first draws of a longer run are those of a shorter one.
#pragma once

#include <cstdint>

#include "core/base/host.hpp"

namespace ecom::core {

struct FactorRange {
    double low = 1.0;   // 0 <= low <= 1
    double high = 1.0;  // 1 <= high
};

struct SimulationParams {
    double initial_cost = 0.0;        // paid at time 0
    double benefit_per_period = 0.0;  // received at the end of each period
    double cost_per_period = 0.0;     // paid at the end of each period
    std::int64_t periods = 0;         // 1 to 1200
    double discount_rate = 0.1;
    FactorRange benefit;
    FactorRange cost;                 // of both costs
    std::int64_t draws = 10'000;      // 100 to 10 million
    std::int64_t seed = 1;

    void check() const;
};

struct SimulationResult {
    double mean_npv;
    double sd_npv;
    double p05, p50, p95;        // type-7 quantiles of the net present value
    double probability_of_loss;  // share of draws with a net present value below 0
};

SimulationResult simulate_npv(const SimulationParams& params, Host& host);

}  // namespace ecom::core

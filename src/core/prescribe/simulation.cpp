#include "core/prescribe/simulation.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/base/budget.hpp"
#include "core/base/parallel.hpp"
#include "core/base/rng.hpp"
#include "core/stats/distributions.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

void require(bool holds, const char* message, const char* hint) {
    if (!holds) throw Error(ErrorCode::kInvalidArgument, message, hint);
}

double pert(const FactorRange& range, double u) {
    const double width = range.high - range.low;
    if (width == 0.0) return range.low;
    constexpr double kShape = 4.0;
    const double a = 1.0 + kShape * (1.0 - range.low) / width;
    const double b = 1.0 + kShape * (range.high - 1.0) / width;
    return range.low + width * beta_quantile(u, a, b);
}

double quantile_of_sorted(const std::vector<double>& sorted, double p) {
    const double position = p * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

void SimulationParams::check() const {
    require(std::isfinite(initial_cost) && initial_cost >= 0 && std::isfinite(benefit_per_period) &&
                std::isfinite(cost_per_period) && cost_per_period >= 0,
            "costs and benefit must be numbers, and costs not negative", "Pass money spent as a positive number.");
    require(periods >= 1 && periods <= 1200, "number of periods must lie between 1 and 1200",
            "Count in months or years, as the discount rate does.");
    require(std::isfinite(discount_rate) && discount_rate > -1, "discount rate must be a number above -1",
            "Write 10 percent a period as 0.1.");
    for (const FactorRange& range : {benefit, cost})
        require(std::isfinite(range.low) && std::isfinite(range.high) && range.low >= 0 && range.low <= 1 &&
                    range.high >= 1,
                "range of a factor must hold 1 and not go below 0",
                "Write 30 percent less at worst and 10 percent more at best as 0.7 and 1.1.");
    require(draws >= 100 && draws <= 10'000'000, "number of draws must lie between 100 and 10 million",
            "10000 draws give quantiles to about 1 percent.");
}

SimulationResult simulate_npv(const SimulationParams& params, Host& host) {
    params.check();
    const auto draws = static_cast<std::size_t>(params.draws);
    require_memory(host, mul_size(draws, sizeof(double)), "simulating " + std::to_string(draws) + " draws");
    double annuity = 0.0;  // present value of 1 a period
    for (std::int64_t t = 1; t <= params.periods; ++t)
        annuity += std::pow(1.0 + params.discount_rate, -static_cast<double>(t));
    const double benefit = annuity * params.benefit_per_period;
    const double cost = params.initial_cost + annuity * params.cost_per_period;

    std::vector<double> values(draws);
    constexpr std::size_t kBlock = 256;
    parallel_for(host, (draws + kBlock - 1) / kBlock, [&](std::size_t block) {
        const std::size_t end = std::min(draws, (block + 1) * kBlock);
        for (std::size_t i = block * kBlock; i < end; ++i) {
            Rng rng(static_cast<std::uint64_t>(params.seed), i);
            const double benefit_factor = pert(params.benefit, rng.uniform());
            const double cost_factor = pert(params.cost, rng.uniform());
            values[i] = benefit * benefit_factor - cost * cost_factor;
        }
    });

    SimulationResult result{};
    PollEvery poll(host);
    std::sort(values.begin(), values.end(), [&](double a, double b) {
        poll();
        return a < b;
    });
    double sum = 0.0;
    for (const double value : values) sum += value;
    result.mean_npv = sum / static_cast<double>(draws);
    double squares = 0.0;
    for (const double value : values) squares += (value - result.mean_npv) * (value - result.mean_npv);
    result.sd_npv = std::sqrt(squares / static_cast<double>(draws - 1));
    result.p05 = quantile_of_sorted(values, 0.05);
    result.p50 = quantile_of_sorted(values, 0.50);
    result.p95 = quantile_of_sorted(values, 0.95);
    result.probability_of_loss =
        static_cast<double>(std::lower_bound(values.begin(), values.end(), 0.0) - values.begin()) /
        static_cast<double>(draws);
    return result;
}

}  // namespace ecom::core

// Costs and a budget in whole steps, where dynamic programming over the budget can choose exactly.
#pragma once

#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>

namespace ecom::core {

// Steps of dynamic programming that take about a third of a second.
constexpr double kExactSteps = 3e8;

// Whole cents, divided by what all costs have in common.
class CostGrid {
public:
    // False for a cost that is no whole number of cents: then nothing can be chosen exactly.
    bool add(double cost) {
        const std::optional<std::int64_t> cents = cents_of(cost);
        if (!cents) return false;
        divisor_ = std::gcd(divisor_, *cents);
        return true;
    }

    // Of a cost that was added.
    std::size_t steps(double cost) const { return static_cast<std::size_t>(*cents_of(cost) / divisor()); }
    // Of a budget, rounded down; as a number that may be larger than any memory.
    double budget_steps(double budget) const {
        return std::floor(budget * kCentsPerWhole / static_cast<double>(divisor()) + 1e-9);
    }

private:
    static constexpr double kCentsPerWhole = 100.0;

    static std::optional<std::int64_t> cents_of(double cost) {
        const double cents = cost * kCentsPerWhole;
        if (cents > 9e15 || std::fabs(cents - std::nearbyint(cents)) > 1e-6) return std::nullopt;
        return static_cast<std::int64_t>(std::nearbyint(cents));
    }
    std::int64_t divisor() const { return divisor_ == 0 ? 1 : divisor_; }

    std::int64_t divisor_ = 0;
};

}  // namespace ecom::core

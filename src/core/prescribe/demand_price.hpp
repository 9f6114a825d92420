// The price that earns the most where the demand curve is known.
//
// Formulas, for demand with intercept a and slope b > 0, and unit cost c (Phillips, 2021, "Pricing and Revenue Optimization", chapter 3):
//   linear q = a - b p: (a / b + c) / 2;   semi-log ln q = a - b p: c + 1 / b;
//   logit, share s = 1 / (1 + exp(b p - a)): p = c + 1 / (b (1 - s)), which is c + (1 + W(exp(a - b c - 1))) / b with Lambert's W.
// Complexity: O(1). Deterministic.
#pragma once

#include <optional>
#include <string_view>

namespace ecom::core {

enum class DemandCurve { kLinear, kSemiLog, kLogit };

// By its name in SQL: linear, semi_log or logit. Throws kInvalidArgument for another.
DemandCurve demand_curve(std::string_view name);

// None where nobody buys at the cost or above. Throws kInvalidArgument for a slope that is not positive or a negative cost.
std::optional<double> price_for_demand(DemandCurve curve, double intercept, double slope, double unit_cost);

}  // namespace ecom::core

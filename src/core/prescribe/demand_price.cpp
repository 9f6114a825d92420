#include "core/prescribe/demand_price.hpp"

#include <cmath>
#include <string>

#include "core/base/error.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// W(exp(x)), the w with w + ln w = x: Newton's steps on that, which do not overflow where exp(x) does.
double lambert_w_of_exp(double x) {
    double w = x > 1.0 ? x : std::exp(x);
    for (int i = 0; i < 50 && w > 0.0; ++i) {
        const double next = w * (1.0 + x - std::log(w)) / (1.0 + w);
        if (std::abs(next - w) <= 1e-16 * w) break;
        w = next;
    }
    return w;
}

}  // namespace

DemandCurve demand_curve(std::string_view name) {
    if (name == "linear") return DemandCurve::kLinear;
    if (name == "semi_log") return DemandCurve::kSemiLog;
    if (name == "logit") return DemandCurve::kLogit;
    throw Error(ErrorCode::kInvalidArgument, "demand curve \"" + std::string(name) + "\" is not known",
                "Use linear, semi_log or logit; ecom.optimal_price takes a constant elasticity.");
}

std::optional<double> price_for_demand(DemandCurve curve, double intercept, double slope, double unit_cost) {
    if (!std::isfinite(intercept) || !std::isfinite(slope) || !(slope > 0))
        throw Error(ErrorCode::kInvalidArgument, "slope of the demand must be a positive number, and its intercept a number",
                    "Pass by how much demand falls with the price, without its sign.");
    if (!std::isfinite(unit_cost) || unit_cost < 0)
        throw Error(ErrorCode::kInvalidArgument, "unit cost must be a number from 0", "Pass what one unit costs the shop.");
    switch (curve) {
        case DemandCurve::kLinear:
            if (!(intercept > slope * unit_cost)) return std::nullopt;
            return (intercept / slope + unit_cost) / 2;
        case DemandCurve::kSemiLog: return unit_cost + 1 / slope;
        default: return unit_cost + (1 + lambert_w_of_exp(intercept - slope * unit_cost - 1)) / slope;
    }
}

}  // namespace ecom::core

#include "core/prescribe/stock.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/base/boost_policy.hpp"
#include "core/base/error.hpp"
#include "core/stats/distributions.hpp"

#include <boost/math/constants/constants.hpp>
#include <boost/math/special_functions/gamma.hpp>

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

void require(bool holds, const char* message, const char* hint) {
    if (!holds) throw Error(ErrorCode::kInvalidArgument, message, hint);
}

bool from_zero(double value) { return std::isfinite(value) && value >= 0; }

// P(X <= k) of a Poisson variable.
double poisson_cdf(double mean, double k) { return boost::math::gamma_q(k + 1.0, mean, BoostPolicy()); }

}  // namespace

double economic_order_quantity(double demand, double order_cost, double holding_cost,
                               std::optional<double> supply_rate) {
    require(from_zero(demand) && from_zero(order_cost), "demand and cost of an order must be numbers from 0",
            "Pass the demand of a period and what one order costs.");
    require(from_zero(holding_cost) && holding_cost > 0, "holding cost must be a positive number",
            "Pass what keeping one unit in stock for a period costs.");
    double arriving = 1.0;
    if (supply_rate) {
        require(std::isfinite(*supply_rate) && *supply_rate > demand, "supply rate must be above the demand",
                "Leave it out when an order arrives at once.");
        arriving = 1.0 - demand / *supply_rate;
    }
    return std::sqrt(2.0 * demand * order_cost / (holding_cost * arriving));
}

DiscountedOrder order_with_discounts(double demand, double order_cost, double holding_rate, const std::vector<PriceBreak>& breaks) {
    require(!breaks.empty(), "an order needs a unit cost", "Pass one unit cost for each quantity from which it holds.");
    for (std::size_t k = 0; k < breaks.size(); ++k) {
        require(from_zero(breaks[k].from_quantity) && from_zero(breaks[k].unit_cost) && breaks[k].unit_cost > 0,
                "quantities must be numbers from 0, and unit costs above it", "Pass the quantities from which the unit costs hold.");
        require(k == 0 || (breaks[k].from_quantity > breaks[k - 1].from_quantity && breaks[k].unit_cost < breaks[k - 1].unit_cost),
                "quantities must rise and unit costs fall", "Sort them by quantity, and leave out what is not cheaper.");
    }
    DiscountedOrder best{0.0, breaks.front().unit_cost, std::numeric_limits<double>::infinity()};
    for (std::size_t k = 0; k < breaks.size(); ++k) {
        const double holding_cost = holding_rate * breaks[k].unit_cost;
        const double economic = economic_order_quantity(demand, order_cost, holding_cost, {});
        // Beyond its range the next unit cost, a lower one, holds.
        if (k + 1 < breaks.size() && economic >= breaks[k + 1].from_quantity) continue;
        const double quantity = std::max(economic, breaks[k].from_quantity);
        const double ordering = quantity > 0 ? demand * order_cost / quantity : 0.0;
        const double total = demand * breaks[k].unit_cost + ordering + holding_cost * quantity / 2;
        if (total < best.total_cost) best = {quantity, breaks[k].unit_cost, total};
    }
    return best;
}

void ReorderParams::check() const {
    require(from_zero(demand_mean) && from_zero(demand_sd),
            "mean and standard deviation of demand must be numbers from 0", "Pass the demand of one period.");
    require(from_zero(lead_time) && from_zero(lead_time_sd),
            "lead time and its standard deviation must be numbers from 0",
            "Pass them in the periods that demand is in.");
    require(service_level > 0 && service_level < 1, "service level must lie between 0 and 1",
            "Write 95 percent as 0.95; never to run out would take infinite stock.");
}

ReorderPoint reorder_point(const ReorderParams& params) {
    params.check();
    ReorderPoint result{};
    result.demand_in_lead_time = params.demand_mean * params.lead_time;
    result.sigma = std::sqrt(params.lead_time * params.demand_sd * params.demand_sd +
                             params.demand_mean * params.demand_mean * params.lead_time_sd * params.lead_time_sd);
    result.safety_stock = normal_quantile(params.service_level) * result.sigma;
    result.reorder_point = result.demand_in_lead_time + result.safety_stock;
    return result;
}

double newsvendor(double mean, std::optional<double> sd, double underage_cost, double overage_cost) {
    require(from_zero(mean) && (!sd || from_zero(*sd)),
            "mean and standard deviation of demand must be numbers from 0",
            "Leave the standard deviation out for Poisson demand.");
    require(from_zero(underage_cost) && from_zero(overage_cost) && underage_cost + overage_cost > 0,
            "costs of a unit too few and too many must be numbers from 0, and not both 0",
            "Too few costs price less cost; too many costs cost less what is left of it.");
    const double ratio = underage_cost / (underage_cost + overage_cost);
    require(ratio < 1.0, "cost of a unit too many must be above 0", "Without it no quantity is too large.");
    if (sd) return ratio == 0.0 || *sd == 0.0 ? (ratio == 0.0 ? 0.0 : mean)
                                              : std::max(0.0, mean + normal_quantile(ratio) * *sd);
    if (ratio == 0.0 || mean == 0.0) return 0.0;
    require(mean <= 1e9, "mean of Poisson demand is out of range", "Pass a standard deviation.");
    // The normal approximation is off by a few units at most; from there in whole steps.
    double quantity = std::max(0.0, std::floor(mean + normal_quantile(ratio) * std::sqrt(mean)));
    while (poisson_cdf(mean, quantity) < ratio) ++quantity;
    while (quantity > 0 && poisson_cdf(mean, quantity - 1) >= ratio) --quantity;
    return quantity;
}

double fill_rate(double order_quantity, double sigma, double safety_stock) {
    require(std::isfinite(order_quantity) && order_quantity > 0, "order quantity must be a positive number",
            "ecom.eoq gives one.");
    require(from_zero(sigma) && std::isfinite(safety_stock),
            "standard deviation must be a number from 0, and the safety stock a number",
            "ecom.reorder_point gives both.");
    if (sigma == 0.0) return 1.0;
    const double z = safety_stock / sigma;
    const double density = std::exp(-z * z / 2) * boost::math::constants::one_div_root_two_pi<double>();
    const double loss = density - z * normal_cdf(-z);
    return std::max(0.0, 1.0 - sigma * loss / order_quantity);
}

}  // namespace ecom::core

// How much to order and when: the classic single-item stock models.
//
// Formulas: economic order quantity (Harris, 1913) and its finite-rate form (Taft, 1918); reorder point with
// uncertain demand and lead time, newsvendor and fill rate as in Silver, Pyke and Thomas (2017),
// "Inventory and Production Management in Supply Chains", chapters 4, 6 and 9.
// Complexity: O(1); the discrete newsvendor O(quantity). Deterministic.
#pragma once

#include <optional>
#include <vector>

namespace ecom::core {

// sqrt(2 demand order_cost / holding_cost), times sqrt(1 / (1 - demand / supply)) when goods arrive at a
// finite rate while they sell. Demand and supply per the period that holding_cost is for. Throws
// kInvalidArgument for negative values, a holding cost of 0 or supply not above demand.
double economic_order_quantity(double demand, double order_cost, double holding_cost,
                               std::optional<double> supply_rate);

// From so many units on an order costs so much a unit, all of them.
struct PriceBreak {
    double from_quantity;
    double unit_cost;
};

struct DiscountedOrder {
    double quantity;
    double unit_cost;
    double total_cost;  // of the goods, of ordering and of holding, per the period of the demand
};

// The order with the least total cost among the economic quantity of each unit cost, where it lies in its range, and the breaks above
// it (Hadley and Whitin, 1963). Holding costs holding_rate x unit cost. Throws kInvalidArgument for negative values, a rate of 0, no
// breaks, or breaks whose quantities do not rise while their costs fall.
DiscountedOrder order_with_discounts(double demand, double order_cost, double holding_rate, const std::vector<PriceBreak>& breaks);

struct ReorderParams {
    double demand_mean = 0.0;    // per period
    double demand_sd = 0.0;      // per period
    double lead_time = 0.0;      // periods, 0 or more
    double lead_time_sd = 0.0;   // periods
    double service_level = 0.95; // probability of no stock-out in a cycle, 0 < x < 1

    void check() const;
};

struct ReorderPoint {
    double demand_in_lead_time;
    double sigma;          // of the demand in the lead time: sqrt(L sd^2 + mean^2 sd_L^2)
    double safety_stock;   // z sigma; negative below a service level of one half
    double reorder_point;  // demand in the lead time + safety stock
};

ReorderPoint reorder_point(const ReorderParams& params);

// The quantity for one selling season: the demand's quantile at underage / (underage + overage). Normal
// demand; with sd none: Poisson demand, the least whole quantity whose probability reaches the ratio.
// Throws kInvalidArgument for negative values or two costs of 0.
double newsvendor(double mean, std::optional<double> sd, double underage_cost, double overage_cost);

// Share of demand that is served from stock: 1 - sigma L(z) / Q with the unit normal loss L and z =
// safety_stock / sigma; at least 0. 1 for sigma 0.
double fill_rate(double order_quantity, double sigma, double safety_stock);

}  // namespace ecom::core

// What a customer is expected to bring: orders by a buy-till-you-die model, the amount of each by Gamma-Gamma.
#pragma once

#include <optional>

#include "core/base/host.hpp"
#include "core/clv/btyd.hpp"
#include "core/clv/gamma_gamma.hpp"

namespace ecom::core {

// Equal periods ahead; what comes within the i-th of them counts 1 / (1 + rate)^i.
struct Discounting {
    int periods = 12;
    double period = 30;  // length in the unit of time of the model
    double rate = 0.01;  // for each period

    void check() const;
};

// Expected orders within the periods, each discounted to the end of its period.
double discounted_orders(const BtydModel& model, const History& h, const Discounting& terms);

// None where the expected amount of an order is infinite. `mean_spend` is read where there are repeat orders.
std::optional<double> lifetime_value(const BtydModel& model, const GammaGammaModel& spend, const History& h,
                                     double mean_spend, const Discounting& terms);

// When the next order of a customer who is still there comes, in units of time after T.
struct NextOrder {
    double median, earliest, latest;
};
// `coverage`: the probability that the next order falls between the earliest and the latest time.
NextOrder next_order(const BtydModel& model, const History& h, double coverage);

}  // namespace ecom::core

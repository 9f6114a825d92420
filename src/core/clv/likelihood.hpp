// Log-likelihood of a buy-till-you-die model with gradient and Hessian in its natural parameters.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/host.hpp"
#include "core/clv/btyd.hpp"
#include "core/optim/newton.hpp"

namespace ecom::core {

// What a likelihood needs of the data besides the patterns: how many customers have more than i repeat orders.
// Sums of log-gamma differences are sums of logarithms over these, exact and without special functions.
struct HistoryCounts {
    explicit HistoryCounts(const std::vector<Pattern>& histories, Host& host);
    std::vector<double> more_than;
    double customers = 0;
    double repeat_orders = 0;
    double mean_age = 0;
};

// Parameters in the order r, alpha, a | s, b | beta. Threads by blocks of patterns, summed in order.
Curvature btyd_likelihood(BtydFamily family, const std::vector<Pattern>& histories,
                          const HistoryCounts& counts, const std::vector<double>& parameters, Host& host);

// The odds of having left, from which P(alive) follows: log of the second term over the first.
double log_odds_left(BtydFamily family, const std::vector<double>& parameters, const History& h);

}  // namespace ecom::core

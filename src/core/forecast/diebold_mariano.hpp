// Whether one of two forecasts is better than chance: the test of Diebold and Mariano (1995, "Comparing predictive accuracy",
// JBES 13) with the correction for few forecasts of Harvey, Leybourne and Newbold (1997, IJF 13).
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace ecom::core {

struct DieboldMariano {
    std::size_t n = 0;
    double mean_difference = 0.0;  // of the losses, first less second
    // None when the losses differ by the same at every time, or are fewer than the test needs.
    std::optional<double> statistic;
    std::optional<double> p_value;  // two-sided
    std::size_t horizon = 1;        // that the variance was taken for
};

// The loss of an error: its absolute value to `power`.
double forecast_loss(double error, double power);

// `differences` of losses, first less second, in the order of time. Errors of forecasts `horizon` steps ahead are
// correlated up to horizon - 1 steps. Where the variance estimated so is not positive, it is taken as for horizon 1.
// Throws kInvalidArgument for a horizon below 1. O(n horizon) time.
DieboldMariano diebold_mariano(const std::vector<double>& differences, std::size_t horizon);

}  // namespace ecom::core

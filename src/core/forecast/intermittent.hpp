// Demand that is zero in most periods: its class, and the forecasts made for it.
//
// - croston: sizes and intervals of demands smoothed apart, forecast = size / interval (Croston, 1972); sba takes its bias
//   away by 1 - alpha / 2 (Syntetos and Boylan, 2005)
// - tsb: size smoothed at demands, their probability in every period, so that the forecast of an article that no longer
//   sells goes to 0 (Teunter, Syntetos and Babai, 2011)
// - adida: sums over blocks as long as the mean interval, smoothed, shared out equally (Nikolopoulos et al., 2011)
// - imapa: the mean of that over all block lengths up to it (Petropoulos and Kourentzes, 2015)
//
// Smoothing starts with the first value; the constants of adida and imapa are those between 0.1 and 0.3 with the least squared
// one-step error; blocks are counted from the end. As statsforecast 2.1.1, and croston as in R's forecast 8.20.
// Missing values (NaN) are left out. O(n); imapa O(n mean interval).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

enum class DemandClass { kNone, kSmooth, kErratic, kIntermittent, kLumpy };
std::string_view name_of(DemandClass demand);

struct DemandPattern {
    std::size_t n = 0;        // periods
    std::size_t demands = 0;  // periods with demand
    std::optional<double> mean_interval;      // ADI: periods per demand
    std::optional<double> squared_variation;  // CV^2 of the sizes (divisor n); none without demand
    DemandClass demand = DemandClass::kNone;
};

// Syntetos, Boylan and Croston (2005): intermittent from a mean interval of 1.32 on, of varying size from a CV^2 of 0.49 on.
// Throws kInvalidArgument for negative values, as all below.
DemandPattern demand_pattern(const std::vector<double>& values, Host& host);

// The demand of any coming period: 0 without demand. Constants between 0 and 1, else kInvalidArgument.
double croston(const std::vector<double>& values, double alpha, Host& host);
double sba(const std::vector<double>& values, double alpha, Host& host);
double tsb(const std::vector<double>& values, double size_alpha, double probability_alpha, Host& host);
double adida(const std::vector<double>& values, Host& host);
double imapa(const std::vector<double>& values, Host& host);

}  // namespace ecom::core

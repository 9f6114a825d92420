// Estimation of one exponential smoothing model: smoothing parameters and first states by maximum likelihood.
//
// Region: alpha in [1e-4, 0.9999], beta in [0, alpha], gamma in [0, 1 - alpha], phi in [0.8, 0.98], as ets() of R's forecast, except that
// growth and season may stay as they are: there beta and gamma are 1e-4 at least.
//
// kFast: BFGS with the exact slope from R's starting values, which stops after 60 iterations, and beta is at most 0.05 over the steps of
// the season. Both were chosen by forecasts of the 1,001 series of the M1 competition and of the last values in the training part of M3.
// kExact: from many starts, because the likelihood has many tops; the best of them are climbed to the end.
#pragma once

#include <limits>
#include <vector>

#include "core/base/host.hpp"
#include "core/forecast/ets_model.hpp"

namespace ecom::core {

// How far the likelihood is climbed. The highest likelihood does not give the best forecasts.
enum class EtsEffort { kFast, kExact };

struct EtsEstimate {
    EtsKind kind;
    EtsParams params;
    EtsState first;  // before the first value
    double minus_two_log_likelihood = std::numeric_limits<double>::infinity();
    double aicc = std::numeric_limits<double>::infinity();  // infinite where no parameters have a likelihood
};

// O(n) an evaluation. Memory: 64 bytes a value, 112 where exact.
EtsEstimate estimate_ets(const EtsKind& kind, std::size_t period, const std::vector<double>& values, EtsEffort effort, Host& host);

}  // namespace ecom::core

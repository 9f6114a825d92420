// Exponential smoothing as a state space model: its recursion and likelihood.
//
// Hyndman, Koehler, Snyder and Grose (2002), Hyndman et al. (2008), in the error correction form and with the likelihood of ets() of
// R's forecast: level, growth and season move by alpha, beta and gamma of the error, which are not shares of each other; the
// log-likelihood is without constants, -(n log(sum e^2) + 2 sum log|f| for multiplicative errors) / 2.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ecom::core {

enum class EtsTrend { kNone, kAdditive, kDamped };
enum class EtsSeason { kNone, kAdditive, kMultiplicative };

struct EtsKind {
    bool multiplicative_error = false;
    EtsTrend trend = EtsTrend::kNone;
    EtsSeason season = EtsSeason::kNone;

    std::string name() const;  // ETS(M,Ad,M)
    // Smoothing parameters and free initial states; the variance is not counted.
    std::size_t parameter_count(std::size_t period) const;
};

struct EtsParams {
    double alpha = 0.0;
    double beta = 0.0;
    double gamma = 0.0;
    double phi = 1.0;
};

struct EtsState {
    double level = 0.0;
    double growth = 0.0;
    std::vector<double> season;  // of the steps of the next period, the next step's first; empty without season
};

struct EtsFit {
    double minus_two_log_likelihood;  // infinite where a forecast of a multiplicative error is not positive
    double sum_of_squares;            // of errors: relative ones where they are multiplicative
};

// Runs through the values from the state on, which is left as it is after the last of them. fitted: one a value, or nullptr.
EtsFit ets_run(const EtsKind& kind, const EtsParams& params, EtsState& state, const double* values, std::size_t n,
               double* fitted);

}  // namespace ecom::core

#include "core/forecast/ets_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// One loop for each kind, so that there is no branch on it inside.
template <bool kMultiplicativeError, bool kTrend, EtsSeason kSeason>
EtsFit run(const EtsParams& params, EtsState& state, const double* values, std::size_t n, double* fitted) {
    double level = state.level;
    double growth = state.growth;
    double* const season = state.season.data();
    const std::size_t period = state.season.size();
    std::size_t place = 0;
    double squares = 0.0;
    // Logarithms are taken of products, as long as these are far from the ends of the range.
    double product = 1.0;
    double logs = 0.0;
    for (std::size_t t = 0; t < n; ++t) {
        const double damped = kTrend ? params.phi * growth : 0.0;
        const double base = level + damped;
        double foretold = base;
        if constexpr (kSeason == EtsSeason::kAdditive) foretold += season[place];
        if constexpr (kSeason == EtsSeason::kMultiplicative) foretold *= season[place];
        if (fitted != nullptr) fitted[t] = foretold;
        double error = values[t] - foretold;
        double moved = error;
        if constexpr (kSeason == EtsSeason::kMultiplicative) {
            // The level moves by what the value without its season says, the season by what it says without the level.
            moved = error / season[place];
            season[place] += params.gamma * error / base;
        }
        if constexpr (kSeason == EtsSeason::kAdditive) season[place] += params.gamma * error;
        level = base + params.alpha * moved;
        if constexpr (kTrend) growth = damped + params.beta * moved;
        if constexpr (kMultiplicativeError) {
            if (!(foretold > 0.0))
                return {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
            error /= foretold;
            product *= foretold;
            if (product > 1e100 || product < 1e-100) {
                logs += std::log(product);
                product = 1.0;
            }
        }
        squares += error * error;
        if constexpr (kSeason != EtsSeason::kNone)
            if (++place == period) place = 0;
    }
    state.level = level;
    state.growth = growth;
    if constexpr (kSeason != EtsSeason::kNone)
        std::rotate(state.season.begin(), state.season.begin() + static_cast<std::ptrdiff_t>(place), state.season.end());
    double value = static_cast<double>(n) * std::log(squares);
    if constexpr (kMultiplicativeError) value += 2.0 * (logs + std::log(product));
    return {std::isnan(value) ? std::numeric_limits<double>::infinity() : value, squares};
}

template <bool kMultiplicativeError, bool kTrend>
EtsFit run_season(const EtsKind& kind, const EtsParams& params, EtsState& state, const double* values, std::size_t n,
                  double* fitted) {
    switch (kind.season) {
        case EtsSeason::kAdditive:
            return run<kMultiplicativeError, kTrend, EtsSeason::kAdditive>(params, state, values, n, fitted);
        case EtsSeason::kMultiplicative:
            return run<kMultiplicativeError, kTrend, EtsSeason::kMultiplicative>(params, state, values, n, fitted);
        case EtsSeason::kNone: break;
    }
    return run<kMultiplicativeError, kTrend, EtsSeason::kNone>(params, state, values, n, fitted);
}

}  // namespace

std::string EtsKind::name() const {
    std::string text = "ETS(";
    text += multiplicative_error ? "M," : "A,";
    text += trend == EtsTrend::kNone ? "N," : trend == EtsTrend::kAdditive ? "A," : "Ad,";
    text += season == EtsSeason::kNone ? "N)" : season == EtsSeason::kAdditive ? "A)" : "M)";
    return text;
}

std::size_t EtsKind::parameter_count(std::size_t period) const {
    std::size_t count = 2;  // alpha, level
    if (trend != EtsTrend::kNone) count += 2;
    if (trend == EtsTrend::kDamped) count += 1;
    if (season != EtsSeason::kNone) count += period;  // gamma and all seasons but one
    return count;
}

EtsFit ets_run(const EtsKind& kind, const EtsParams& params, EtsState& state, const double* values, std::size_t n,
               double* fitted) {
    const bool has_trend = kind.trend != EtsTrend::kNone;
    if (kind.multiplicative_error)
        return has_trend ? run_season<true, true>(kind, params, state, values, n, fitted)
                         : run_season<true, false>(kind, params, state, values, n, fitted);
    return has_trend ? run_season<false, true>(kind, params, state, values, n, fitted)
                     : run_season<false, false>(kind, params, state, values, n, fitted);
}

}  // namespace ecom::core

#include "core/forecast/ets_gradient.hpp"

#include <cmath>
#include <limits>

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

template <bool kMultiplicativeError, bool kTrend, EtsSeason kSeason>
double run(const EtsParams& params, const EtsState& first, const std::vector<double>& values, EtsTape& tape, EtsSlope& slope) {
    constexpr bool kAdds = kSeason == EtsSeason::kAdditive, kMultiplies = kSeason == EtsSeason::kMultiplicative;
    const std::size_t n = values.size();
    const std::size_t period = first.season.size();
    tape.steps.resize(n);
    tape.season = first.season;
    double* const season = tape.season.data();
    double level = first.level;
    double growth = first.growth;
    std::size_t place = 0;
    double squares = 0.0, product = 1.0, logs = 0.0;
    // Forwards, as ets_run().
    for (std::size_t t = 0; t < n; ++t) {
        const double damped = kTrend ? params.phi * growth : 0.0;
        const double base = level + damped;
        const double seasonal = kAdds || kMultiplies ? season[place] : 0.0;
        const double foretold = kMultiplies ? base * seasonal : base + seasonal;
        const double error = values[t] - foretold;
        tape.steps[t] = {growth, base, seasonal, foretold, error};
        double moved = error;
        if constexpr (kMultiplies) {
            moved = error / seasonal;
            season[place] += params.gamma * error / base;
        }
        if constexpr (kAdds) season[place] += params.gamma * error;
        level = base + params.alpha * moved;
        if constexpr (kTrend) growth = damped + params.beta * moved;
        double scored = error;
        if constexpr (kMultiplicativeError) {
            if (!(foretold > 0.0)) return std::numeric_limits<double>::infinity();
            scored /= foretold;
            product *= foretold;
            if (product > 1e100 || product < 1e-100) {
                logs += std::log(product);
                product = 1.0;
            }
        }
        squares += scored * scored;
        if constexpr (kSeason != EtsSeason::kNone)
            if (++place == period) place = 0;
    }
    double value = static_cast<double>(n) * std::log(squares);
    if constexpr (kMultiplicativeError) value += 2.0 * (logs + std::log(product));
    if (std::isnan(value)) return std::numeric_limits<double>::infinity();

    // Backwards: by_x is the slope of the value by x. Here `season` holds slopes.
    slope.params = {0.0, 0.0, 0.0, 0.0};
    slope.state.season.assign(period, 0.0);
    double* const by_season = slope.state.season.data();
    double by_level = 0.0, by_growth = 0.0;
    const double weight = 2.0 * static_cast<double>(n) / squares;
    for (std::size_t t = n; t-- > 0;) {
        if constexpr (kSeason != EtsSeason::kNone) place = place == 0 ? period - 1 : place - 1;
        const EtsStep& step = tape.steps[t];
        double moved = step.error;
        if constexpr (kMultiplies) moved /= step.season;
        const double by_moved = params.alpha * by_level + (kTrend ? params.beta * by_growth : 0.0);
        slope.params.alpha += moved * by_level;
        double by_base = by_level, by_error = by_moved, by_foretold = 0.0;
        if constexpr (kTrend) slope.params.beta += moved * by_growth;
        if constexpr (kAdds) {
            slope.params.gamma += step.error * by_season[place];
            by_error += params.gamma * by_season[place];
        }
        if constexpr (kMultiplies) {
            const double turned = by_season[place] / step.base;
            slope.params.gamma += turned * step.error;
            by_error = by_moved / step.season + params.gamma * turned;
            by_base -= params.gamma * turned * step.error / step.base;
            by_season[place] -= by_moved * moved / step.season;
        }
        if constexpr (kMultiplicativeError) {
            const double relative = step.error / step.foretold;
            by_error += weight * relative / step.foretold;
            by_foretold = (2.0 - weight * relative * relative) / step.foretold;
        } else {
            by_error += weight * step.error;
        }
        by_foretold -= by_error;
        if constexpr (kMultiplies) {
            by_base += by_foretold * step.season;
            by_season[place] += by_foretold * step.base;
        } else {
            by_base += by_foretold;
            if constexpr (kAdds) by_season[place] += by_foretold;
        }
        by_level = by_base;
        if constexpr (kTrend) {
            const double by_damped = by_base + by_growth;
            slope.params.phi += step.growth * by_damped;
            by_growth = params.phi * by_damped;
        }
    }
    slope.state.level = by_level;
    slope.state.growth = by_growth;
    return value;
}

template <bool kMultiplicativeError, bool kTrend>
double run_season(const EtsKind& kind, const EtsParams& params, const EtsState& first, const std::vector<double>& values,
                  EtsTape& tape, EtsSlope& slope) {
    switch (kind.season) {
        case EtsSeason::kAdditive:
            return run<kMultiplicativeError, kTrend, EtsSeason::kAdditive>(params, first, values, tape, slope);
        case EtsSeason::kMultiplicative:
            return run<kMultiplicativeError, kTrend, EtsSeason::kMultiplicative>(params, first, values, tape, slope);
        case EtsSeason::kNone: break;
    }
    return run<kMultiplicativeError, kTrend, EtsSeason::kNone>(params, first, values, tape, slope);
}

}  // namespace

double ets_slope(const EtsKind& kind, const EtsParams& params, const EtsState& first, const std::vector<double>& values,
                 EtsTape& tape, EtsSlope& slope) {
    const bool has_trend = kind.trend != EtsTrend::kNone;
    if (kind.multiplicative_error)
        return has_trend ? run_season<true, true>(kind, params, first, values, tape, slope)
                         : run_season<true, false>(kind, params, first, values, tape, slope);
    return has_trend ? run_season<false, true>(kind, params, first, values, tape, slope)
                     : run_season<false, false>(kind, params, first, values, tape, slope);
}

}  // namespace ecom::core

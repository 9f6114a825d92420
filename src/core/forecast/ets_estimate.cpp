#include "core/forecast/ets_estimate.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/forecast/classical.hpp"
#include "core/forecast/ets_gradient.hpp"
#include "core/optim/bounded_bfgs.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kLow = 1e-4, kHigh = 0.9999;
constexpr double kLeastPhi = 0.8, kMostPhi = 0.98;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool has_trend(const EtsKind& kind) { return kind.trend != EtsTrend::kNone; }
bool has_season(const EtsKind& kind) { return kind.season != EtsSeason::kNone; }
bool is_damped(const EtsKind& kind) { return kind.trend == EtsTrend::kDamped; }

// Level and growth from a line through the first values without season, the season from a classical decomposition.
EtsState initial_state(const EtsKind& kind, std::size_t period, const std::vector<double>& values, Host& host) {
    EtsState state;
    std::vector<double> adjusted = values;
    if (kind.season != EtsSeason::kNone) {
        const bool is_multiplicative = kind.season == EtsSeason::kMultiplicative;
        const ClassicalResult parts = classical_decomposition(
            values, period, is_multiplicative ? DecompositionType::kMultiplicative : DecompositionType::kAdditive, host);
        state.season.assign(parts.seasonal.begin(), parts.seasonal.begin() + static_cast<std::ptrdiff_t>(period));
        for (double& s : state.season)
            if (!std::isfinite(s)) s = is_multiplicative ? 1.0 : 0.0;
        if (is_multiplicative) {
            double sum = 0.0;
            for (double& s : state.season) sum += s = std::max(s, 1e-2);
            for (double& s : state.season) s *= static_cast<double>(period) / sum;
        }
        for (std::size_t i = 0; i < adjusted.size(); ++i)
            adjusted[i] = is_multiplicative ? adjusted[i] / state.season[i % period] : adjusted[i] - state.season[i % period];
    }
    const std::size_t first = std::min(values.size(), std::max<std::size_t>(10, kind.season == EtsSeason::kNone ? 10 : 2 * period));
    const auto count = static_cast<double>(first);
    double sum = 0.0, products = 0.0;
    for (std::size_t i = 0; i < first; ++i) {
        sum += adjusted[i];
        products += adjusted[i] * (static_cast<double>(i + 1) - (count + 1.0) / 2.0);
    }
    const double mean = sum / count;
    if (kind.trend == EtsTrend::kNone) {
        state.level = mean;
    } else {
        state.growth = products * 12.0 / (count * (count * count - 1.0));
        state.level = mean - state.growth * (count + 1.0) / 2.0;
        // At exactly zero a multiplicative error has no scale.
        if (std::fabs(state.level + state.growth) < 1e-8) {
            state.level *= 1.0 + 1e-3;
            state.growth *= 1.0 - 1e-3;
        }
    }
    return state;
}

// A multiplicative error needs forecasts above zero: additive seasons are halved, and at last left out, until R's first smoothing
// parameters give them.
void keep_positive(const EtsKind& kind, const EtsParams& params, EtsState& start, const std::vector<double>& values) {
    if (!kind.multiplicative_error || kind.season != EtsSeason::kAdditive) return;
    constexpr int kHalvings = 4;
    for (int i = 0; i <= kHalvings; ++i) {
        EtsState state = start;
        if (std::isfinite(ets_run(kind, params, state, values.data(), values.size(), nullptr).minus_two_log_likelihood)) return;
        for (double& season : start.season) season = i + 1 < kHalvings ? 0.5 * season : 0.0;
    }
}

// The first season makes up what all of them sum up to. False where a factor is not positive.
bool complete_season(const EtsKind& kind, EtsState& state) {
    const bool is_factor = kind.season == EtsSeason::kMultiplicative;
    double rest = is_factor ? static_cast<double>(state.season.size()) : 0.0;
    bool is_allowed = true;
    for (std::size_t j = state.season.size(); j-- > 1;) {
        rest -= state.season[j];
        is_allowed = is_allowed && (!is_factor || state.season[j] > 0.0);
    }
    state.season[0] = rest;
    return is_allowed && (!is_factor || rest > 0.0);
}

// Smoothing parameters as R starts from.
EtsParams first_params(const EtsKind& kind, std::size_t period) {
    EtsParams params;
    params.alpha = kLow + 0.2 * (kHigh - kLow) / static_cast<double>(has_season(kind) ? period : 1);
    if (has_trend(kind)) params.beta = kLow + 0.1 * (params.alpha - kLow);
    if (has_season(kind)) params.gamma = kLow + 0.05 * (1.0 - params.alpha - kLow);
    if (is_damped(kind)) params.phi = kLeastPhi + 0.99 * (kMostPhi - kLeastPhi);
    return params;
}

// The search by the slope. Its variables are alpha, the shares that beta and gamma have of the most that they may be, phi, level, growth,
// and the seasons but the first, so that all bounds are constants; values are in their own unit.
class Search {
public:
    // most_beta: beta is at most that, and alpha.
    Search(const EtsKind& kind, std::size_t period, double most_beta, const std::vector<double>& values)
        : kind_(kind), most_beta_(most_beta), values_(values) {
        double sum = 0.0;
        for (const double value : values) sum += std::fabs(value);
        const double mean = sum / static_cast<double>(values.size());
        if (mean > 0.0) unit_ = mean;
        for (double& value : values_) value /= unit_;
        first_.season.resize(has_season(kind) ? period : 0);
        const auto bound = [&](double low, double high) {
            lower_.push_back(low);
            upper_.push_back(high);
        };
        bound(kLow, kHigh);
        if (has_trend(kind)) bound(0.0, 1.0);
        if (has_season(kind)) bound(0.0, 1.0);
        if (is_damped(kind)) bound(kLeastPhi, kMostPhi);
        bound(-kInfinity, kInfinity);
        if (has_trend(kind)) bound(-kInfinity, kInfinity);
        for (std::size_t j = 1; j < first_.season.size(); ++j) bound(-kInfinity, kInfinity);
    }

    std::vector<double> variables(const EtsParams& params, const EtsState& state) const {
        std::vector<double> x{params.alpha};
        if (has_trend(kind_)) x.push_back(std::min(1.0, params.beta / std::min(params.alpha, most_beta_)));
        if (has_season(kind_)) x.push_back(params.gamma / (1.0 - params.alpha));
        if (is_damped(kind_)) x.push_back(params.phi);
        x.push_back(state.level / unit_);
        if (has_trend(kind_)) x.push_back(state.growth / unit_);
        for (std::size_t j = 1; j < state.season.size(); ++j) x.push_back(state.season[j] / season_unit());
        return x;
    }

    // Climbs from x; the value is that of the scaled values, infinite where the start has none.
    double climb(std::vector<double>& x, int iterations, double tolerance, Host& host) {
        BoundedBfgsParams params;
        params.max_iterations = iterations;
        params.value_tolerance = tolerance;
        const BoundedObjective objective = [&](const std::vector<double>& at, std::vector<double>& slope) { return value_at(at, slope); };
        try {
            BoundedBfgsResult found = bounded_bfgs_minimize(objective, x, lower_, upper_, params, host);
            x = std::move(found.x);
            return found.value;
        } catch (const Error& e) {
            if (e.code() != ErrorCode::kNumericFailure) throw;
            return kInfinity;
        }
    }

    // Takes the point over, in the unit of the values as they were given, if it is better.
    void offer(const std::vector<double>& x, const std::vector<double>& given, EtsEstimate& best) {
        read(x);
        EtsState first = first_;
        first.level *= unit_;
        first.growth *= unit_;
        for (double& season : first.season) season *= season_unit();
        EtsState state = first;
        const double value = ets_run(kind_, params_, state, given.data(), given.size(), nullptr).minus_two_log_likelihood;
        if (!std::isfinite(value) || !(value < best.minus_two_log_likelihood)) return;
        best.params = params_;
        best.first = std::move(first);
        best.minus_two_log_likelihood = value;
    }

private:
    double season_unit() const { return kind_.season == EtsSeason::kMultiplicative ? 1.0 : unit_; }

    bool read(const std::vector<double>& x) {
        const double* next = x.data();
        params_ = {};
        params_.alpha = *next++;
        if (has_trend(kind_)) params_.beta = *next++ * std::min(params_.alpha, most_beta_);
        if (has_season(kind_)) params_.gamma = *next++ * (1.0 - params_.alpha);
        if (is_damped(kind_)) params_.phi = *next++;
        first_.level = *next++;
        first_.growth = has_trend(kind_) ? *next++ : 0.0;
        for (std::size_t j = 1; j < first_.season.size(); ++j) first_.season[j] = *next++;
        return !has_season(kind_) || complete_season(kind_, first_);
    }

    double value_at(const std::vector<double>& x, std::vector<double>& slope) {
        if (!read(x)) return kInfinity;
        const double value = ets_slope(kind_, params_, first_, values_, tape_, by_);
        if (!std::isfinite(value)) return value;
        std::size_t i = 0;
        double& by_alpha = slope[i++];
        by_alpha = by_.params.alpha;
        if (has_trend(kind_)) {
            if (params_.alpha < most_beta_) by_alpha += by_.params.beta * x[i];
            slope[i++] = by_.params.beta * std::min(params_.alpha, most_beta_);
        }
        if (has_season(kind_)) {
            by_alpha -= by_.params.gamma * x[i];
            slope[i++] = by_.params.gamma * (1.0 - params_.alpha);
        }
        if (is_damped(kind_)) slope[i++] = by_.params.phi;
        slope[i++] = by_.state.level;
        if (has_trend(kind_)) slope[i++] = by_.state.growth;
        for (std::size_t j = 1; j < first_.season.size(); ++j) slope[i++] = by_.state.season[j] - by_.state.season[0];
        return value;
    }

    EtsKind kind_;
    double most_beta_;
    std::vector<double> values_;
    double unit_ = 1.0;
    std::vector<double> lower_, upper_;
    EtsParams params_;
    EtsState first_;
    EtsTape tape_;
    EtsSlope by_;
};

// The best of many climbs, in `estimate`, which may hold a point to begin with.
void search_exactly(EtsEstimate& estimate, const EtsState& start, std::size_t period, const std::vector<double>& values, Host& host) {
    constexpr int kShortClimb = 60, kLongClimb = 3000;
    constexpr std::size_t kLongClimbs = 4;
    const EtsKind& kind = estimate.kind;
    Search search(kind, period, 1.0, values);
    struct Top {
        std::vector<double> x;
        double value;
    };
    std::vector<Top> tops;
    const auto try_from = [&](const EtsParams& params, const EtsState& first) {
        Top top{search.variables(params, first), 0.0};
        top.value = search.climb(top.x, kShortClimb, 1e-9, host);
        if (std::isfinite(top.value)) tops.push_back(std::move(top));
    };
    if (std::isfinite(estimate.minus_two_log_likelihood)) try_from(estimate.params, estimate.first);
    // Slow, middling and fast levels, with growth and seasons that hardly move, and that move as fast as they may.
    for (const double alpha : {0.001, 0.05, 0.25, 0.5, 0.8, 0.98})
        for (const double growth_share : {0.02, 0.6}) {
            for (const double season_share : {0.02, 0.5, 0.98}) {
                EtsParams params;
                params.alpha = alpha;
                if (has_trend(kind)) params.beta = growth_share * alpha;
                if (has_season(kind)) params.gamma = season_share * (1.0 - alpha);
                if (is_damped(kind)) params.phi = growth_share < 0.5 ? 0.94 : 0.85;
                try_from(params, start);
                if (!has_season(kind)) break;
            }
            if (!has_trend(kind)) break;
        }
    std::stable_sort(tops.begin(), tops.end(), [](const Top& a, const Top& b) { return a.value < b.value; });
    if (tops.size() > kLongClimbs) tops.resize(kLongClimbs);
    for (Top& top : tops) {
        search.climb(top.x, kLongClimb, 1e-14, host);
        search.offer(top.x, values, estimate);
    }
}

}  // namespace

EtsEstimate estimate_ets(const EtsKind& kind, std::size_t period, const std::vector<double>& values, EtsEffort effort, Host& host) {
    EtsEstimate estimate;
    estimate.kind = kind;
    const EtsParams params = first_params(kind, period);
    EtsState start = initial_state(kind, period, values, host);
    keep_positive(kind, params, start, values);
    // Seasons give a series a period; growth that follows errors quickly fits the past and not what comes.
    constexpr double kMostGrowth = 0.05;
    constexpr int kIterations = 60;
    Search search(kind, period, kMostGrowth / static_cast<double>(has_season(kind) ? period : 1), values);
    std::vector<double> x = search.variables(params, start);
    search.climb(x, kIterations, 1e-9, host);
    search.offer(x, values, estimate);
    if (effort == EtsEffort::kExact) search_exactly(estimate, start, period, values, host);
    if (!std::isfinite(estimate.minus_two_log_likelihood)) return estimate;
    const auto n = static_cast<double>(values.size());
    const auto k = static_cast<double>(kind.parameter_count(period) + 1);
    estimate.aicc = estimate.minus_two_log_likelihood + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0);
    return estimate;
}

}  // namespace ecom::core

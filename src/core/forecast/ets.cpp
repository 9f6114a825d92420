#include "core/forecast/ets.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/budget.hpp"
#include "core/forecast/classical.hpp"
#include "core/forecast/series.hpp"
#include "core/optim/lbfgs.hpp"
#include "core/optim/nelder_mead.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kLow = 1e-4, kHigh = 0.9999;
constexpr double kLeastPhi = 0.8, kMostPhi = 0.98;
constexpr std::size_t kLongestSeason = 24;

// The numbers that are searched, in the order alpha, beta, gamma, phi, level, growth, seasons from the last backwards.
class Search {
public:
    Search(const EtsKind& kind, std::size_t period, const std::vector<double>& values)
        : kind_(kind), period_(period), values_(values) {
        state_.season.resize(kind.season == EtsSeason::kNone ? 0 : period);
    }

    bool has_trend() const { return kind_.trend != EtsTrend::kNone; }
    bool has_season() const { return kind_.season != EtsSeason::kNone; }

    // Smoothing parameters as R starts from.
    void start(EtsState initial, std::vector<double>& x, std::vector<double>& lower, std::vector<double>& upper) const {
        const auto put = [&](double value, double low, double high) {
            x.push_back(value);
            lower.push_back(low);
            upper.push_back(high);
        };
        const double alpha = kLow + 0.2 * (kHigh - kLow) / static_cast<double>(has_season() ? period_ : 1);
        put(alpha, kLow, kHigh);
        if (has_trend()) put(kLow + 0.1 * (std::min(kHigh, alpha) - kLow), kLow, kHigh);
        if (has_season()) put(kLow + 0.05 * (std::min(kHigh, 1.0 - alpha) - kLow), kLow, kHigh);
        if (kind_.trend == EtsTrend::kDamped) put(kLeastPhi + 0.99 * (kMostPhi - kLeastPhi), kLeastPhi, kMostPhi);
        constexpr double kFar = std::numeric_limits<double>::max();
        put(initial.level, -kFar, kFar);
        if (has_trend()) put(initial.growth, -kFar, kFar);
        for (std::size_t j = initial.season.size(); j-- > 1;) put(initial.season[j], -kFar, kFar);
    }

    // False outside the region of parameters.
    bool read(const double* x, EtsParams& params, EtsState& state) const {
        params = {};
        params.alpha = *x++;
        if (has_trend()) {
            params.beta = *x++;
            if (params.beta > params.alpha) return false;
        }
        if (has_season()) {
            params.gamma = *x++;
            if (params.gamma > 1.0 - params.alpha) return false;
        }
        if (kind_.trend == EtsTrend::kDamped) params.phi = *x++;
        state.level = *x++;
        state.growth = has_trend() ? *x++ : 0.0;
        if (!has_season()) return true;
        double rest = kind_.season == EtsSeason::kMultiplicative ? static_cast<double>(period_) : 0.0;
        for (std::size_t j = period_; j-- > 1;) {
            state.season[j] = *x++;
            rest -= state.season[j];
            if (kind_.season == EtsSeason::kMultiplicative && state.season[j] <= 0.0) return false;
        }
        state.season[0] = rest;
        return kind_.season != EtsSeason::kMultiplicative || rest > 0.0;
    }

    double operator()(const double* x) {
        EtsParams params;
        if (!read(x, params, state_)) return std::numeric_limits<double>::infinity();
        return ets_run(kind_, params, state_, values_.data(), values_.size(), nullptr).minus_two_log_likelihood;
    }

    // Shares of the allowed ranges, and states over their unit: coordinates without bounds for a gradient method.
    void to_free(const std::vector<double>& x, const std::vector<double>& units, Eigen::VectorXd& u) const {
        std::size_t i = 0;
        const auto share = [&](double low, double high) {
            // Bounds are reached at finite coordinates; the search does not begin on them, where the slope is zero.
            const double s = std::clamp((x[i] - low) / (high - low), 1e-5, 1.0 - 1e-5);
            u[static_cast<Eigen::Index>(i++)] = std::asin(std::sqrt(s));
        };
        share(kLow, kHigh);
        if (has_trend()) share(kLow, std::max(x[0], 2 * kLow));
        if (has_season()) share(kLow, std::max(1.0 - x[0], 2 * kLow));
        if (kind_.trend == EtsTrend::kDamped) share(kLeastPhi, kMostPhi);
        for (; i < x.size(); ++i) u[static_cast<Eigen::Index>(i)] = x[i] / units[i];
    }

    void from_free(const Eigen::VectorXd& u, const std::vector<double>& units, std::vector<double>& x) const {
        std::size_t i = 0;
        const auto share = [&](double low, double high) {
            const double sine = std::sin(u[static_cast<Eigen::Index>(i)]);
            x[i] = low + (high - low) * sine * sine;
            ++i;
        };
        share(kLow, kHigh);
        if (has_trend()) share(kLow, std::max(x[0], 2 * kLow));
        if (has_season()) share(kLow, std::max(1.0 - x[0], 2 * kLow));
        if (kind_.trend == EtsTrend::kDamped) share(kLeastPhi, kMostPhi);
        for (; i < x.size(); ++i) x[i] = u[static_cast<Eigen::Index>(i)] * units[i];
    }

private:
    EtsKind kind_;
    std::size_t period_;
    const std::vector<double>& values_;
    EtsState state_;
};

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

struct Candidate {
    EtsKind kind;
    std::vector<double> x;
    double value = std::numeric_limits<double>::infinity();  // -2 log-likelihood
    double aicc = std::numeric_limits<double>::infinity();
};

// Climbs to the top from where it is, by the gradient; several times, each time from the best point so far.
void polish(Search& search, Candidate& candidate, Host& host) {
    std::vector<double> units(candidate.x.size(), 1.0);
    double unit = 0.0;
    const std::size_t smoothing = 1 + search.has_trend() + search.has_season() + (candidate.kind.trend == EtsTrend::kDamped);
    for (std::size_t i = smoothing; i < units.size(); ++i) unit = std::max(unit, std::fabs(candidate.x[i]));
    for (std::size_t i = smoothing; i < units.size(); ++i) {
        const bool is_factor = candidate.kind.season == EtsSeason::kMultiplicative && i >= smoothing + 1 + search.has_trend();
        units[i] = is_factor ? 1.0 : std::max(unit, 1e-12);
    }
    std::vector<double> x(candidate.x.size());
    const auto value_at = [&](const Eigen::VectorXd& u) {
        search.from_free(u, units, x);
        const double value = search(x.data());
        return std::isfinite(value) ? value : 1e100;
    };
    const Objective objective = [&](const Eigen::VectorXd& u, Eigen::VectorXd& gradient) {
        Eigen::VectorXd moved = u;
        for (Eigen::Index i = 0; i < u.size(); ++i) {
            const double step = 1e-6 * std::max(1e-2, std::fabs(u[i]));
            moved[i] = u[i] + step;
            const double up = value_at(moved);
            moved[i] = u[i] - step;
            const double down = value_at(moved);
            moved[i] = u[i];
            gradient[i] = (up - down) / (2.0 * step);
        }
        return value_at(u);
    };
    LbfgsParams params;
    params.max_iterations = 400;
    params.value_tolerance = 1e-10;
    for (int round = 0; round < 3; ++round) {
        Eigen::VectorXd u(static_cast<Eigen::Index>(candidate.x.size()));
        search.to_free(candidate.x, units, u);
        if (value_at(u) >= 1e100) return;
        const LbfgsResult found = lbfgs_minimize(objective, u, params, host);
        search.from_free(found.x, units, x);
        const double value = search(x.data());
        if (!(value < candidate.value - 1e-7)) return;
        candidate.value = value;
        candidate.x = x;
    }
}

Candidate estimate(const EtsKind& kind, std::size_t period, const std::vector<double>& values, EtsEffort effort, Host& host) {
    Candidate candidate;
    candidate.kind = kind;
    Search search(kind, period, values);
    std::vector<double> x, lower, upper;
    search.start(initial_state(kind, period, values, host), x, lower, upper);
    const std::vector<double> start = x;
    const auto climb = [&](std::vector<double> from) {
        Candidate other = candidate;
        NelderMeadParams stop;
        stop.max_iterations = 1000;
        stop.tolerance = 1e-3;
        const NelderMeadResult found =
            nelder_mead_minimize([&](const double* p) { return search(p); }, std::move(from), lower, upper, stop, host);
        other.value = found.value;
        other.x = found.x;
        if (effort == EtsEffort::kExact && std::isfinite(other.value)) polish(search, other, host);
        if (other.value < candidate.value || candidate.x.empty()) candidate = other;
    };
    climb(start);
    if (effort == EtsEffort::kExact) {
        // Other tops: fast and slow levels, fast and fixed seasons.
        for (const double alpha : {0.15, 0.5, 0.9}) {
            for (const double gamma_share : {0.02, 0.9}) {
                std::vector<double> from = start;
                std::size_t i = 0;
                from[i++] = alpha;
                if (search.has_trend()) from[i++] = 0.05 * alpha;
                if (search.has_season()) from[i++] = std::max(2 * kLow, gamma_share * (1.0 - alpha));
                climb(from);
                if (!search.has_season()) break;
            }
        }
    }
    const auto n = static_cast<double>(values.size());
    const auto k = static_cast<double>(kind.parameter_count(period) + 1);
    candidate.aicc = candidate.value + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0);
    if (!(candidate.value < 1e100)) candidate.aicc = std::numeric_limits<double>::infinity();
    return candidate;
}

bool allows(const EtsOptions& options, const EtsKind& kind) {
    return options.multiplicative_error.value_or(kind.multiplicative_error) == kind.multiplicative_error &&
           options.trend.value_or(kind.trend) == kind.trend && options.season.value_or(kind.season) == kind.season;
}

[[noreturn]] void unknown_model(std::string_view name) {
    throw Error(ErrorCode::kInvalidArgument, "exponential smoothing model \"" + std::string(name) + "\" is not known",
                "Use error, trend and season as letters, such as ANN, AAdA or MAM; Z leaves one to AICc: ZZZ.");
}

}  // namespace

EtsOptions parse_ets_model(std::string_view name) {
    EtsOptions options;
    const bool is_damped = name.size() == 4 && name[2] == 'd';
    if (name.size() != 3 && !is_damped) unknown_model(name);
    const char error = name[0], trend = name[1], season = name.back();
    if (error == 'A' || error == 'M')
        options.multiplicative_error = error == 'M';
    else if (error != 'Z')
        unknown_model(name);
    if (trend == 'N' && !is_damped)
        options.trend = EtsTrend::kNone;
    else if (trend == 'A')
        options.trend = is_damped ? EtsTrend::kDamped : EtsTrend::kAdditive;
    else if (trend != 'Z' || is_damped)
        unknown_model(name);
    if (season == 'N')
        options.season = EtsSeason::kNone;
    else if (season == 'A')
        options.season = EtsSeason::kAdditive;
    else if (season == 'M')
        options.season = EtsSeason::kMultiplicative;
    else if (season != 'Z')
        unknown_model(name);
    if (error == 'A' && season == 'M')
        throw Error(ErrorCode::kInvalidArgument, "multiplicative season with additive error is not stable",
                    "Use a multiplicative error, as in MAM, or an additive season, as in AAA.");
    return options;
}

std::unique_ptr<Forecaster> fit_ets(const RegularSeries& series, std::size_t period, const EtsOptions& options, Host& host) {
    const std::vector<double> values = interpolated(series.values);
    const std::size_t n = values.size();
    require_memory(host, mul_size(n, 64), "exponential smoothing of " + std::to_string(n) + " values");
    const bool is_positive = std::all_of(values.begin(), values.end(), [](double v) { return v > 0.0; });
    const bool has_season = period > 1 && period <= kLongestSeason && n >= 2 * period;
    Candidate best;
    bool found = false;
    for (const bool multiplicative : {false, true})
        for (const EtsTrend trend : {EtsTrend::kNone, EtsTrend::kAdditive, EtsTrend::kDamped})
            for (const EtsSeason season : {EtsSeason::kNone, EtsSeason::kAdditive, EtsSeason::kMultiplicative}) {
                const EtsKind kind{multiplicative, trend, season};
                if (!multiplicative && season == EtsSeason::kMultiplicative) continue;
                if (multiplicative && !is_positive) continue;
                if (season != EtsSeason::kNone && !has_season) continue;
                if (!allows(options, kind)) continue;
                // AICc needs more values than parameters and their variance.
                if (n < kind.parameter_count(has_season ? period : 1) + 3) continue;
                Candidate candidate = estimate(kind, period, values, options.effort, host);
                if (!std::isfinite(candidate.aicc) || (found && candidate.aicc >= best.aicc)) continue;
                best = std::move(candidate);
                found = true;
            }
    if (!found) {
        if (options.multiplicative_error.value_or(false) && !is_positive)
            throw Error(ErrorCode::kNotEnoughData, "multiplicative errors need positive values");
        throw Error(ErrorCode::kNotEnoughData, "too few values for exponential smoothing");
    }
    FittedSeries fitted;
    fitted.grid = series.grid;
    fitted.period = best.kind.season == EtsSeason::kNone ? 1 : period;
    fitted.values = series.values;
    fitted.fitted.assign(n, kMissingValue);
    auto model = std::make_unique<EtsForecaster>(std::move(fitted), best.kind);
    model->state_.season.resize(best.kind.season == EtsSeason::kNone ? 0 : period);
    Search(best.kind, period, values).read(best.x.data(), model->params_, model->state_);
    const EtsFit run = ets_run(best.kind, model->params_, model->state_, values.data(), n, model->series_.fitted.data());
    const std::size_t k = best.kind.parameter_count(period);
    model->variance_ = run.sum_of_squares / static_cast<double>(n > k ? n - k : 1);
    model->log_likelihood_ = -0.5 * best.value;
    model->aicc_ = best.aicc;
    return model;
}

double EtsForecaster::take(double value, const std::vector<double>&, Host&) {
    // A missing value moves the state as if it had been what was foretold.
    double foretold;
    EtsState next = state_;
    const double given = std::isnan(value) ? 0.0 : value;
    ets_run(ets_, params_, next, &given, 1, &foretold);
    if (std::isnan(value)) {
        next = state_;
        ets_run(ets_, params_, next, &foretold, 1, nullptr);
    }
    state_ = std::move(next);
    return foretold;
}

Forecast EtsForecaster::forecast(std::size_t horizon, const Regressors&, Host& host) const {
    // Hyndman et al. (2008), chapter 6: exact variances for additive errors and for multiplicative ones with additive season,
    // and for multiplicative seasons the published approximation, exact to the order of the variance.
    const std::size_t period = std::max<std::size_t>(1, state_.season.size());
    Forecast result;
    std::vector<double> impulse_squared;  // of an error on the value j steps later
    std::vector<double> second_moment;
    double growth_sum = 0.0, phi_power = 1.0, impulse_growth = 0.0, impulse_power = 1.0, sum = 0.0;
    PollEvery poll(host);
    for (std::size_t h = 1; h <= horizon; ++h) {
        phi_power *= params_.phi;
        growth_sum += phi_power;
        const double base = state_.level + growth_sum * state_.growth;
        const double season = state_.season.empty() ? (ets_.season == EtsSeason::kMultiplicative ? 1.0 : 0.0)
                                                    : state_.season[(h - 1) % period];
        const bool has_factor = ets_.season == EtsSeason::kMultiplicative;
        const double mean = has_factor ? base * season : base + season;
        result.mean.push_back(mean);
        if (!ets_.multiplicative_error) {
            result.variance.push_back(variance_ * (1.0 + sum));
        } else {
            const double centre = has_factor ? base : mean;
            double moment = centre * centre;
            for (std::size_t j = 1; j < h; ++j) moment += variance_ * impulse_squared[j - 1] * second_moment[h - 1 - j];
            poll(h);
            second_moment.push_back(moment);
            double variance = (1.0 + variance_) * moment - centre * centre;
            if (has_factor) {
                const double seasons = std::pow(1.0 + params_.gamma * params_.gamma * variance_, static_cast<double>((h - 1) / period));
                variance = season * season * ((1.0 + variance_) * moment * seasons - centre * centre);
            }
            result.variance.push_back(std::max(0.0, variance));
        }
        impulse_power *= params_.phi;
        impulse_growth += impulse_power;
        double impulse = params_.alpha + (ets_.trend == EtsTrend::kNone ? 0.0 : params_.beta * impulse_growth);
        if (ets_.season == EtsSeason::kAdditive && h % period == 0) impulse += params_.gamma;
        impulse_squared.push_back(impulse * impulse);
        sum += impulse * impulse;
    }
    return result;
}

Document EtsForecaster::parameters() const {
    return Document::object()
        .set("multiplicative_error", Document(ets_.multiplicative_error))
        .set("trend", Document(static_cast<std::int64_t>(ets_.trend)))
        .set("season", Document(static_cast<std::int64_t>(ets_.season)))
        .set("smoothing", Document(Document::Doubles{params_.alpha, params_.beta, params_.gamma, params_.phi}))
        .set("level", Document(state_.level))
        .set("growth", Document(state_.growth))
        .set("seasons", Document(state_.season))
        .set("variance", Document(variance_))
        .set("log_likelihood", Document(log_likelihood_))
        .set("aicc", Document(aicc_));
}

Document EtsForecaster::description() const {
    Document info = Document::object();
    info.set("alpha", Document(params_.alpha));
    if (ets_.trend != EtsTrend::kNone) info.set("beta", Document(params_.beta));
    if (ets_.season != EtsSeason::kNone) info.set("gamma", Document(params_.gamma));
    if (ets_.trend == EtsTrend::kDamped) info.set("phi", Document(params_.phi));
    return info.set("log_likelihood", Document(log_likelihood_)).set("aicc", Document(aicc_)).set("sigma2", Document(variance_));
}

std::unique_ptr<Model> EtsForecaster::decode(const Document& body, int) {
    const Document& stored = body.at("parameters");
    const std::int64_t trend = stored.at("trend").as_int();
    const std::int64_t season = stored.at("season").as_int();
    if (trend < 0 || trend > 2 || season < 0 || season > 2) Reader::corrupt();
    auto model = std::make_unique<EtsForecaster>(
        FittedSeries::decode(body.at("series")),
        EtsKind{stored.at("multiplicative_error").as_bool(), static_cast<EtsTrend>(trend), static_cast<EtsSeason>(season)});
    const Document::Doubles smoothing = stored.at("smoothing").as_doubles();
    if (smoothing.size() != 4) Reader::corrupt();
    model->params_ = {smoothing[0], smoothing[1], smoothing[2], smoothing[3]};
    model->state_.level = stored.at("level").as_double();
    model->state_.growth = stored.at("growth").as_double();
    model->state_.season = stored.at("seasons").as_doubles();
    if (model->state_.season.empty() != (season == 0) ||
        (season != 0 && model->state_.season.size() != model->series_.period))
        Reader::corrupt();
    model->variance_ = stored.at("variance").as_double();
    model->log_likelihood_ = stored.at("log_likelihood").as_double();
    model->aicc_ = stored.at("aicc").as_double();
    return model;
}

Fit configure_ets(NamedOptions& given) {
    EtsOptions options;
    if (const auto model = given.text("model")) options = parse_ets_model(*model);
    if (const auto damped = given.boolean("damped")) {
        if (!*damped && options.trend == EtsTrend::kDamped)
            throw Error(ErrorCode::kInvalidArgument, "damped false contradicts the model", "Leave one of them out.");
        if (*damped) options.trend = EtsTrend::kDamped;
    }
    if (const auto effort = given.text("effort")) {
        if (*effort != "fast" && *effort != "exact")
            throw Error(ErrorCode::kInvalidArgument, "effort \"" + *effort + "\" is not known", "Use fast or exact.");
        options.effort = *effort == "exact" ? EtsEffort::kExact : EtsEffort::kFast;
    }
    return [options](const RegularSeries& series, std::size_t period, Host& host) {
        return fit_ets(series, period, options, host);
    };
}

}  // namespace ecom::core

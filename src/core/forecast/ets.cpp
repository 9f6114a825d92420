#include "core/forecast/ets.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/budget.hpp"
#include "core/forecast/series.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::size_t kLongestSeason = 24;

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
    require_memory(host, mul_size(n, 128), "exponential smoothing of " + std::to_string(n) + " values");
    const bool is_positive = std::all_of(values.begin(), values.end(), [](double v) { return v > 0.0; });
    const bool has_season = period > 1 && period <= kLongestSeason && n >= 2 * period;
    EtsEstimate best;
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
                EtsEstimate candidate = estimate_ets(kind, period, values, options.effort, host);
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
    model->params_ = best.params;
    model->state_ = best.first;
    const EtsFit run = ets_run(best.kind, model->params_, model->state_, values.data(), n, model->series_.fitted.data());
    const std::size_t k = best.kind.parameter_count(period);
    model->variance_ = run.sum_of_squares / static_cast<double>(n > k ? n - k : 1);
    model->log_likelihood_ = -0.5 * best.minus_two_log_likelihood;
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

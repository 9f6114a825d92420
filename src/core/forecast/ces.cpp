#include "core/forecast/ces.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/budget.hpp"
#include "core/forecast/classical.hpp"
#include "core/forecast/series.hpp"
#include "core/optim/nelder_mead.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kLow = 0.01;
constexpr double kMostAlpha = 1.8, kMostAlphaImaginary = 1.9, kMostBeta = 1.5;
constexpr std::size_t kFewestValues = 5;
constexpr std::size_t kLongestSeason = 1000;
constexpr std::string_view kNames[] = {"none", "simple", "partial", "full"};

std::size_t parameter_count(CesSeason season) {
    return season == CesSeason::kPartial ? 3 : season == CesSeason::kFull ? 4 : 2;
}

// One complex state by a complex weight of the error.
void turn(double& real, double& imaginary, double weight, double weight_imaginary, double error) {
    const double next = real - (1.0 - weight_imaginary) * imaginary + (weight - weight_imaginary) * error;
    imaginary = real + (1.0 - weight) * imaginary + (weight + weight_imaginary) * error;
    real = next;
}

CesParams params_of(CesSeason season, const double* x) {
    CesParams params;
    params.alpha = x[0];
    params.alpha_imaginary = x[1];
    if (season == CesSeason::kPartial || season == CesSeason::kFull) params.beta = x[2];
    if (season == CesSeason::kFull) params.beta_imaginary = x[3];
    return params;
}

// Runs through the values in one direction; the squares of the errors.
double run(const CesParams& params, CesState& state, const std::vector<double>& values, bool is_backwards, double* fitted) {
    const std::size_t n = values.size();
    double squares = 0.0;
    for (std::size_t t = 0; t < n; ++t) {
        const double foretold = state.foretold(t);
        const double error = values[is_backwards ? n - 1 - t : t] - foretold;
        if (fitted != nullptr) fitted[t] = foretold;
        squares += error * error;
        state.move(params, t, error);
    }
    return squares;
}

// Forwards and backwards, and forwards again from what was there before the first value. At each end the states go on to where the next
// value would be, which is from where the other direction foretells the value at the end (backcasting of smooth for R).
double fit_states(const CesParams& params, CesState& state, const std::vector<double>& values, double* fitted) {
    for (const bool is_backwards : {false, true}) {
        run(params, state, values, is_backwards, nullptr);
        state.advance(params);
        state = state.reversed(values.size());
    }
    return run(params, state, values, false, fitted);
}

CesState first_state(CesSeason season, std::size_t period, const std::vector<double>& values, Host& host) {
    // The imaginary part follows the real one at a distance (Svetunkov et al. start from the same ratio).
    constexpr double kRatio = 1.1;
    CesState state;
    if (season == CesSeason::kSimple) {
        state.level.assign(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(period));
    } else {
        const std::size_t first = std::min(values.size(), season == CesSeason::kNone ? 10 : period);
        double sum = 0.0;
        for (std::size_t i = 0; i < first; ++i) sum += values[i];
        state.level.assign(1, sum / static_cast<double>(first));
    }
    const auto over = [&](const std::vector<double>& reals) {
        std::vector<double> result = reals;
        for (double& value : result) value /= kRatio;
        return result;
    };
    state.information = over(state.level);
    if (season == CesSeason::kPartial || season == CesSeason::kFull) {
        const ClassicalResult parts = classical_decomposition(values, period, DecompositionType::kAdditive, host);
        state.season.assign(parts.seasonal.begin(), parts.seasonal.begin() + static_cast<std::ptrdiff_t>(period));
        for (double& s : state.season)
            if (!std::isfinite(s)) s = 0.0;
        if (season == CesSeason::kFull) state.season_information = over(state.season);
    }
    return state;
}

struct Candidate {
    CesSeason season = CesSeason::kNone;
    CesParams params;
    double aicc = std::numeric_limits<double>::infinity();
};

Candidate estimate(CesSeason season, std::size_t period, const std::vector<double>& values, Host& host) {
    const CesState first = first_state(season, period, values, host);
    const auto n = static_cast<double>(values.size());
    CesState state;
    const auto value_at = [&](const double* x) {
        state = first;
        return n * std::log(std::max(fit_states(params_of(season, x), state, values, nullptr) / n, 1e-300));
    };
    std::vector<double> start{1.3, 1.0}, lower{kLow, kLow}, upper{kMostAlpha, kMostAlphaImaginary};
    if (parameter_count(season) > 2) {
        start.push_back(season == CesSeason::kFull ? 1.3 : 0.1);
        lower.push_back(kLow);
        upper.push_back(kMostBeta);
    }
    if (season == CesSeason::kFull) {
        start.push_back(1.0);
        lower.push_back(kLow);
        upper.push_back(kMostBeta);
    }
    NelderMeadParams search;
    search.tolerance = 1e-4;
    const NelderMeadResult found = nelder_mead_minimize(value_at, start, lower, upper, search, host);
    Candidate candidate;
    candidate.season = season;
    candidate.params = params_of(season, found.x.data());
    // The search puts a number in the place of a value that is not finite.
    const double value = value_at(found.x.data());
    const auto k = static_cast<double>(parameter_count(season) + 1);
    if (std::isfinite(value) && n > k + 1.0) candidate.aicc = value + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0);
    return candidate;
}

bool is_season(std::size_t period) { return period > 1 && period <= kLongestSeason; }

// That a season which was asked for is one, and there twice.
void check_season(CesSeason season, std::size_t period, std::size_t n) {
    const std::string of = "season \"" + std::string(kNames[static_cast<std::size_t>(season)]) + "\" of complex exponential smoothing ";
    const std::string steps = std::to_string(period) + (period == 1 ? " step" : " steps");
    if (!is_season(period))
        throw Error(ErrorCode::kNotEnoughData, of + "is 2 to " + std::to_string(kLongestSeason) + " steps long, not " + steps,
                    "Give the period after which the season repeats, or use season none.");
    if (n < 2 * period)
        throw Error(ErrorCode::kNotEnoughData, of + "wants two periods of " + steps + ", which " + std::to_string(n) + " values are not",
                    "Give more values, a shorter period, or use season none.");
}

}  // namespace

double CesState::foretold(std::size_t step) const {
    const double value = level[step % level.size()];
    return season.empty() ? value : value + season[step % season.size()];
}

void CesState::move(const CesParams& params, std::size_t step, double error) {
    const std::size_t place = step % level.size();
    turn(level[place], information[place], params.alpha, params.alpha_imaginary, error);
    if (season.empty()) return;
    const std::size_t at = step % season.size();
    if (season_information.empty())
        season[at] += params.beta * error;
    else
        turn(season[at], season_information[at], params.beta, params.beta_imaginary, error);
}

void CesState::advance(const CesParams& params) {
    for (std::size_t i = 0; i < level.size(); ++i) turn(level[i], information[i], params.alpha, params.alpha_imaginary, 0.0);
    for (std::size_t i = 0; i < season_information.size(); ++i)
        turn(season[i], season_information[i], params.beta, params.beta_imaginary, 0.0);
}

CesState CesState::reversed(std::size_t n) const {
    // Step t of the other direction is step n - 1 - t of this one.
    const auto turned = [n](const std::vector<double>& ring) {
        std::vector<double> result(ring.size());
        for (std::size_t t = 0; t < ring.size(); ++t) result[t] = ring[(n + ring.size() - 1 - t) % ring.size()];
        return result;
    };
    return {turned(level), turned(information), turned(season), turned(season_information)};
}

std::unique_ptr<Forecaster> fit_ces(const RegularSeries& series, std::size_t period, std::optional<CesSeason> season, Host& host) {
    std::vector<double> values = interpolated(series.values);
    const std::size_t n = values.size();
    require_memory(host, mul_size(n, 64), "complex exponential smoothing of " + std::to_string(n) + " values");
    if (n < kFewestValues)
        throw Error(ErrorCode::kNotEnoughData,
                    "fewer than " + std::to_string(kFewestValues) + " values for complex exponential smoothing",
                    "Give more values, or use naive or mean.");
    if (season.value_or(CesSeason::kNone) != CesSeason::kNone) check_season(*season, period, n);
    // Without its unit: tolerances are relative then.
    double unit = 0.0;
    for (const double value : values) unit = std::max(unit, std::fabs(value));
    if (unit == 0.0) unit = 1.0;
    for (double& value : values) value /= unit;

    const bool has_season = is_season(period) && n >= 2 * period;
    Candidate best;
    for (const CesSeason kind : {CesSeason::kNone, CesSeason::kSimple, CesSeason::kPartial, CesSeason::kFull}) {
        if (season.value_or(kind) != kind || (kind != CesSeason::kNone && !has_season)) continue;
        const Candidate candidate = estimate(kind, period, values, host);
        if (candidate.aicc < best.aicc) best = candidate;
    }
    if (!std::isfinite(best.aicc))
        throw Error(ErrorCode::kNumericFailure,
                    "complex exponential smoothing has no finite errors, or more parameters than " + std::to_string(n) + " values allow",
                    "Use season none, or another method.");

    FittedSeries fitted;
    fitted.grid = series.grid;
    fitted.period = best.season == CesSeason::kNone ? 1 : period;
    fitted.values = series.values;
    fitted.fitted.assign(n, kMissingValue);
    auto model = std::make_unique<CesForecaster>(std::move(fitted), best.season);
    model->params_ = best.params;
    model->aicc_ = best.aicc;
    model->state_ = first_state(best.season, period, values, host);
    const double squares = fit_states(best.params, model->state_, values, model->series_.fitted.data());
    // Everything is linear in the values: the unit comes back by multiplication.
    for (double& value : model->series_.fitted) value *= unit;
    CesState& state = model->state_;
    for (auto* ring : {&state.level, &state.information, &state.season, &state.season_information})
        for (double& value : *ring) value *= unit;
    const std::size_t k = parameter_count(best.season);
    model->variance_ = squares * unit * unit / static_cast<double>(n > k ? n - k : 1);
    return model;
}

std::string CesForecaster::method() const { return "CES(" + std::string(kNames[static_cast<std::size_t>(season_)]) + ")"; }

double CesForecaster::take(double value, const std::vector<double>&, Host&) {
    const std::size_t step = series_.size();
    const double foretold = state_.foretold(step);
    // A missing value moves the state as if it had been what was foretold.
    state_.move(params_, step, std::isnan(value) ? 0.0 : value - foretold);
    return foretold;
}

Forecast CesForecaster::forecast(std::size_t horizon, const Regressors&, Host& host) const {
    PollEvery poll(host);
    Forecast result;
    CesState state = state_;
    // The answer to one error, which the variance adds up.
    CesState answer = state_;
    for (auto* ring : {&answer.level, &answer.information, &answer.season, &answer.season_information})
        std::fill(ring->begin(), ring->end(), 0.0);
    double sum = 1.0;
    for (std::size_t h = 0; h < horizon; ++h) {
        poll();
        const std::size_t step = series_.size() + h;
        result.mean.push_back(state.foretold(step));
        result.variance.push_back(variance_ * sum);
        state.move(params_, step, 0.0);
        answer.move(params_, step, h == 0 ? 1.0 : 0.0);
        const double response = answer.foretold(step + 1);
        sum += response * response;
    }
    return result;
}

Document CesForecaster::parameters() const {
    return Document::object()
        .set("season", Document(static_cast<std::int64_t>(season_)))
        .set("smoothing", Document(Document::Doubles{params_.alpha, params_.alpha_imaginary, params_.beta, params_.beta_imaginary}))
        .set("level", Document(state_.level))
        .set("information", Document(state_.information))
        .set("seasons", Document(state_.season))
        .set("season_information", Document(state_.season_information))
        .set("variance", Document(variance_))
        .set("aicc", Document(aicc_));
}

Document CesForecaster::description() const {
    Document info = Document::object();
    info.set("season", Document(std::string(kNames[static_cast<std::size_t>(season_)])))
        .set("alpha", Document(params_.alpha))
        .set("alpha_imaginary", Document(params_.alpha_imaginary));
    if (parameter_count(season_) > 2) info.set("beta", Document(params_.beta));
    if (parameter_count(season_) > 3) info.set("beta_imaginary", Document(params_.beta_imaginary));
    return info.set("aicc", Document(aicc_)).set("sigma2", Document(variance_));
}

std::unique_ptr<Model> CesForecaster::decode(const Document& body, int) {
    const Document& stored = body.at("parameters");
    const std::int64_t season = stored.at("season").as_int();
    if (season < 0 || season > 3) Reader::corrupt();
    const auto kind = static_cast<CesSeason>(season);
    auto model = std::make_unique<CesForecaster>(FittedSeries::decode(body.at("series")), kind);
    const Document::Doubles smoothing = stored.at("smoothing").as_doubles();
    if (smoothing.size() != 4) Reader::corrupt();
    model->params_ = {smoothing[0], smoothing[1], smoothing[2], smoothing[3]};
    CesState& state = model->state_;
    state.level = stored.at("level").as_doubles();
    state.information = stored.at("information").as_doubles();
    state.season = stored.at("seasons").as_doubles();
    state.season_information = stored.at("season_information").as_doubles();
    const std::size_t period = model->series_.period;
    const bool has_seasons = kind == CesSeason::kPartial || kind == CesSeason::kFull;
    if (period == 0 || state.level.size() != (kind == CesSeason::kSimple ? period : 1) || state.information.size() != state.level.size() ||
        state.season.size() != (has_seasons ? period : 0) ||
        state.season_information.size() != (kind == CesSeason::kFull ? period : 0))
        Reader::corrupt();
    model->variance_ = stored.at("variance").as_double();
    model->aicc_ = stored.at("aicc").as_double();
    return model;
}

Fit configure_ces(NamedOptions& options) {
    std::optional<CesSeason> season;
    if (const auto name = options.text("season")) {
        const auto* found = std::find(std::begin(kNames), std::end(kNames), *name);
        if (found == std::end(kNames))
            throw Error(ErrorCode::kInvalidArgument, "season \"" + *name + "\" of complex exponential smoothing is not known",
                        "Use none, simple, partial or full, or leave it out for the best of them.");
        season = static_cast<CesSeason>(found - std::begin(kNames));
    }
    return [season](const RegularSeries& series, std::size_t period, Host& host) { return fit_ces(series, period, season, host); };
}

}  // namespace ecom::core

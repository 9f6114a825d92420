#include "core/forecast/theta.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/forecast/autocorrelation.hpp"
#include "core/forecast/classical.hpp"
#include "core/forecast/series.hpp"
#include "core/optim/nelder_mead.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kLeastAlpha = 0.1, kMostAlpha = 0.99;
constexpr double kMostTheta = 1e10;
constexpr std::size_t kFirstError = 3;
constexpr double kLeastFactor = 0.01;

// The autocorrelation at the period against what a moving average of the lags before would show: one-sided 5 %.
bool is_seasonal(const std::vector<double>& values, std::size_t period, Host& host) {
    if (period < 2 || values.size() <= 2 * period) return false;
    const Autocorrelations found = autocorrelations(values, period, host);
    double sum = 1.0;
    for (std::size_t lag = 0; lag + 1 < period; ++lag) sum += 2.0 * found.acf[lag] * found.acf[lag];
    const double limit = 1.645 * std::sqrt(sum / static_cast<double>(values.size()));
    return std::fabs(found.acf[period - 1]) > limit;
}

}  // namespace

std::string ThetaKind::name() const {
    if (is_dynamic) return is_optimised ? "DOTM" : "DSTM";
    return is_optimised ? "OTM" : "STM";
}

double ThetaForecaster::foretold(const State& s, double alpha, double theta) {
    return s.level + (1.0 - 1.0 / theta) * (s.intercept * s.decay + s.slope * (1.0 - s.decay * (1.0 - alpha)) / alpha);
}

void ThetaForecaster::move(State& s, double value, double alpha, bool is_dynamic) {
    s.level += alpha * (value - s.level);
    s.decay *= 1.0 - alpha;
    s.t += 1.0;
    if (is_dynamic && s.t > 1.0) {
        // The line through the values so far, moved on by one.
        s.slope = ((s.t - 2.0) * s.slope + 6.0 * (value - s.mean) / s.t) / (s.t + 1.0);
        s.mean += (value - s.mean) / s.t;
        s.intercept = s.mean - s.slope * (s.t + 1.0) / 2.0;
    } else if (is_dynamic) {
        s.mean = s.intercept = value;
    }
}

ThetaForecaster::State ThetaForecaster::first_state(const std::vector<double>& values, double level) const {
    State state;
    state.level = level;
    if (theta_kind_.is_dynamic) return state;
    const auto n = static_cast<double>(values.size());
    double sum = 0.0, products = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        sum += values[i];
        products += values[i] * (static_cast<double>(i + 1) - (n + 1.0) / 2.0);
    }
    state.slope = products * 12.0 / (n * (n * n - 1.0));
    state.intercept = sum / n - state.slope * (n + 1.0) / 2.0;
    return state;
}

double ThetaForecaster::sum_of_squares(const State& first, const std::vector<double>& values, double alpha, double theta) const {
    State state = first;
    double sum = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double error = values[i] - foretold(state, alpha, theta);
        if (i >= kFirstError) sum += error * error;
        move(state, values[i], alpha, theta_kind_.is_dynamic);
    }
    return sum;
}

double ThetaForecaster::season_at(std::size_t step) const { return season_[step % season_.size()]; }

double ThetaForecaster::without_season(double value, std::size_t step) const {
    if (season_.empty()) return value;
    return has_factors_ ? value / season_at(step) : value - season_at(step);
}

double ThetaForecaster::with_season(double value, std::size_t step) const {
    if (season_.empty()) return value;
    return has_factors_ ? value * season_at(step) : value + season_at(step);
}

std::unique_ptr<Forecaster> fit_theta(const RegularSeries& series, std::size_t period, const ThetaKind& kind, Host& host) {
    std::vector<double> values = interpolated(series.values);
    const std::size_t n = values.size();
    require_memory(host, mul_size(n, 64), "the theta method for " + std::to_string(n) + " values");
    if (n < 5) throw Error(ErrorCode::kNotEnoughData, "fewer than five values for the theta method");
    FittedSeries fitted;
    fitted.grid = series.grid;
    fitted.values = series.values;
    fitted.fitted.assign(n, kMissingValue);
    auto model = std::make_unique<ThetaForecaster>(std::move(fitted), kind);
    if (is_seasonal(values, period, host)) {
        model->series_.period = period;
        model->has_factors_ = std::all_of(values.begin(), values.end(), [](double v) { return v > 0.0; });
        const auto season = [&](DecompositionType type) {
            const ClassicalResult parts = classical_decomposition(values, period, type, host);
            model->season_.assign(parts.seasonal.begin(), parts.seasonal.begin() + static_cast<std::ptrdiff_t>(period));
        };
        if (model->has_factors_) {
            season(DecompositionType::kMultiplicative);
            for (const double factor : model->season_)
                if (!(factor >= kLeastFactor)) model->has_factors_ = false;
        }
        if (!model->has_factors_) season(DecompositionType::kAdditive);
        for (double& part : model->season_)
            if (!std::isfinite(part)) part = 0.0;
        for (std::size_t i = 0; i < n; ++i) values[i] = model->without_season(values[i], i);
    }
    // Without its unit: tolerances are relative then.
    double unit = 0.0;
    for (const double value : values) unit = std::max(unit, std::fabs(value));
    if (unit == 0.0) unit = 1.0;
    for (double& value : values) value /= unit;

    // The season test and the line do not change in the search.
    const ThetaForecaster::State first = model->first_state(values, 0.0);
    const double scale = static_cast<double>(n - kFirstError);
    const auto value_at = [&](const double* x) {
        ThetaForecaster::State start = first;
        start.level = x[0];
        return std::log(std::max(model->sum_of_squares(start, values, x[1], kind.is_optimised ? x[2] : 2.0) / scale, 1e-300));
    };
    std::vector<double> start{values[0] / 2.0, 0.5}, lower{-1e10, kLeastAlpha}, upper{1e10, kMostAlpha};
    if (kind.is_optimised) {
        start.push_back(2.0);
        lower.push_back(1.0);
        upper.push_back(kMostTheta);
    }
    NelderMeadParams search;
    search.tolerance = 1e-6;
    const NelderMeadResult found = nelder_mead_minimize(value_at, start, lower, upper, search, host);
    model->alpha_ = found.x[1];
    if (kind.is_optimised) model->theta_ = found.x[2];

    for (double& value : values) value *= unit;
    model->state_ = model->first_state(values, found.x[0] * unit);
    double squares = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        const double foretold = ThetaForecaster::foretold(model->state_, model->alpha_, model->theta_);
        model->series_.fitted[i] = model->with_season(foretold, i);
        if (i >= kFirstError) squares += (values[i] - foretold) * (values[i] - foretold);
        ThetaForecaster::move(model->state_, values[i], model->alpha_, kind.is_dynamic);
    }
    model->variance_ = squares / scale;
    return model;
}

double ThetaForecaster::take(double value, const std::vector<double>&, Host&) {
    const std::size_t step = series_.size();
    const double plain = foretold(state_, alpha_, theta_);
    move(state_, std::isnan(value) ? plain : without_season(value, step), alpha_, theta_kind_.is_dynamic);
    return with_season(plain, step);
}

Forecast ThetaForecaster::forecast(std::size_t horizon, const Regressors&, Host& host) const {
    PollEvery poll(host);
    Forecast result;
    State state = state_;
    for (std::size_t h = 0; h < horizon; ++h) {
        poll();
        const std::size_t step = series_.size() + h;
        const double plain = foretold(state, alpha_, theta_);
        result.mean.push_back(with_season(plain, step));
        const double factor = has_factors_ && !season_.empty() ? season_at(step) : 1.0;
        result.variance.push_back(factor * factor * variance_ * (1.0 + static_cast<double>(h) * alpha_ * alpha_));
        move(state, plain, alpha_, theta_kind_.is_dynamic);
    }
    return result;
}

Document ThetaForecaster::parameters() const {
    return Document::object()
        .set("dynamic", Document(theta_kind_.is_dynamic))
        .set("optimised", Document(theta_kind_.is_optimised))
        .set("numbers", Document(Document::Doubles{alpha_, theta_, variance_, state_.level, state_.mean, state_.intercept,
                                                   state_.slope, state_.decay, state_.t}))
        .set("has_factors", Document(has_factors_))
        .set("season", Document(season_));
}

Document ThetaForecaster::description() const {
    Document info = Document::object();
    return info.set("alpha", Document(alpha_))
        .set("theta", Document(theta_))
        .set("season", Document(std::string(season_.empty() ? "none" : has_factors_ ? "multiplicative" : "additive")))
        .set("sigma2", Document(variance_));
}

std::unique_ptr<Model> ThetaForecaster::decode(const Document& body, int) {
    const Document& stored = body.at("parameters");
    auto model = std::make_unique<ThetaForecaster>(FittedSeries::decode(body.at("series")),
                                                   ThetaKind{stored.at("dynamic").as_bool(), stored.at("optimised").as_bool()});
    const Document::Doubles numbers = stored.at("numbers").as_doubles();
    if (numbers.size() != 9) Reader::corrupt();
    model->alpha_ = numbers[0];
    model->theta_ = numbers[1];
    model->variance_ = numbers[2];
    model->state_ = {numbers[3], numbers[4], numbers[5], numbers[6], numbers[7], numbers[8]};
    model->has_factors_ = stored.at("has_factors").as_bool();
    model->season_ = stored.at("season").as_doubles();
    return model;
}

Fit configure_theta(NamedOptions& options) {
    ThetaKind kind;
    if (const auto model = options.text("model")) {
        bool is_known = false;
        for (const ThetaKind& other : {ThetaKind{false, false}, ThetaKind{false, true}, ThetaKind{true, false}, ThetaKind{true, true}})
            if (*model == other.name()) {
                kind = other;
                is_known = true;
            }
        if (!is_known)
            throw Error(ErrorCode::kInvalidArgument, "theta model \"" + *model + "\" is not known", "Use STM, OTM, DSTM or DOTM.");
    }
    return [kind](const RegularSeries& series, std::size_t period, Host& host) { return fit_theta(series, period, kind, host); };
}

}  // namespace ecom::core

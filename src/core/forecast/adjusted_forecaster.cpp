#include "core/forecast/adjusted_forecaster.hpp"

#include <algorithm>
#include <cmath>

#include "core/forecast/arima_fit.hpp"
#include "core/forecast/series.hpp"
#include "core/forecast/stored_forecaster.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

double effect_of(const std::vector<double>& effects, const std::vector<double>& regressors) {
    double sum = 0.0;
    for (std::size_t c = 0; c < effects.size(); ++c) sum += effects[c] * regressors[c];
    return sum;
}

std::vector<double> effects_at(const std::vector<double>& effects, const Regressors& columns, std::size_t n) {
    std::vector<double> result(n, 0.0);
    for (std::size_t c = 0; c < effects.size(); ++c)
        for (std::size_t t = 0; t < n; ++t) result[t] += effects[c] * columns[c][t];
    return result;
}

// Errors of the regression: their differences are what level, trend and season are taken out by.
ArimaOrder order_of_errors(std::size_t n, std::size_t period) {
    ArimaOrder order;
    order.d = order.q = 1;
    // Seasonal differences want some seasons to be left.
    if (period > 1 && n >= 4 * period && period < kMaxArimaLag) {
        order.period = period;
        order.seasonal_d = order.seasonal_q = 1;
    }
    return order;
}

// Whether the differences leave more of a column than rounding does. A holiday that the past has never seen has nothing to say
// of the past, nor has one on every Sunday beside the season of a week.
bool varies(const ArimaOrder& order, const std::vector<double>& column) {
    constexpr double kRounding = 1e-10;
    double largest = 0.0;
    for (const double value : column) largest = std::max(largest, std::fabs(value));
    const Eigen::VectorXd rest = differenced(order, column);
    return rest.size() > 0 && rest.cwiseAbs().maxCoeff() > kRounding * largest;
}

struct Effects {
    std::vector<double> values;
    std::vector<double> errors;
};

// Regressors that do not vary have no effect that could be told from level, trend and season: 0.
Effects estimate(const RegularSeries& series, std::size_t period, Host& host) {
    ArimaParams params;
    params.order = order_of_errors(series.size(), period);
    params.has_constant = false;
    Regressors varying;
    std::vector<std::size_t> places;
    for (std::size_t c = 0; c < series.regressors.size(); ++c) {
        if (!varies(params.order, series.regressors[c])) continue;
        varying.push_back(series.regressors[c]);
        places.push_back(c);
    }
    Effects effects{std::vector<double>(series.regressors.size(), 0.0), std::vector<double>(series.regressors.size(), kMissingValue)};
    if (varying.empty()) return effects;
    const ArimaFit regression = fit_arima(series.values, varying, params, host);
    for (std::size_t i = 0; i < places.size(); ++i) {
        effects.values[places[i]] = regression.beta[static_cast<Eigen::Index>(i)];
        effects.errors[places[i]] = regression.beta_errors[static_cast<Eigen::Index>(i)];
    }
    return effects;
}

// The fit of what effects leave of a series, and the effects around it.
std::unique_ptr<Forecaster> fit_beside(const Fit& fit, const RegularSeries& series, std::size_t period, Effects effects, Host& host) {
    const std::vector<double> shifts = effects_at(effects.values, series.regressors, series.size());
    RegularSeries rest = series;
    rest.regressors.clear();
    rest.future.clear();
    for (std::size_t t = 0; t < series.size(); ++t) rest.values[t] -= shifts[t];
    std::unique_ptr<Forecaster> adjusted = fit(rest, period, host);
    FittedSeries fitted;
    fitted.grid = series.grid;
    fitted.period = adjusted->series().period;
    fitted.values = series.values;
    fitted.fitted = adjusted->series().fitted;
    for (std::size_t t = 0; t < series.size(); ++t) fitted.fitted[t] += shifts[t];
    return std::make_unique<AdjustedForecaster>(std::move(fitted), std::move(adjusted), std::move(effects.values),
                                                std::move(effects.errors));
}

}  // namespace

Fit with_regressors(Fit fit) {
    return [fit](const RegularSeries& series, std::size_t period, Host& host) -> std::unique_ptr<Forecaster> {
        if (series.regressors.empty()) return fit(series, period, host);
        return fit_beside(fit, series, period, estimate(series, period, host), host);
    };
}

Fit without_constant_regressors(Fit fit) {
    return [fit](const RegularSeries& series, std::size_t period, Host& host) -> std::unique_ptr<Forecaster> {
        const ArimaOrder order = order_of_errors(series.size(), period);
        const auto& columns = series.regressors;
        if (std::any_of(columns.begin(), columns.end(), [&](const auto& column) { return varies(order, column); }) || columns.empty())
            return fit(series, period, host);
        try {
            return fit(series, period, host);
        } catch (const Error& e) {
            if (e.code() != ErrorCode::kNumericFailure) throw;
        }
        const std::vector<double> none(columns.size(), 0.0);
        return fit_beside(fit, series, period, {none, std::vector<double>(columns.size(), kMissingValue)}, host);
    };
}

std::string AdjustedForecaster::method() const { return "regression with errors by " + adjusted_->method(); }

Forecast AdjustedForecaster::forecast(std::size_t horizon, const Regressors& future, Host& host) const {
    check_future(future, effects_.size(), horizon);
    Forecast result = adjusted_->forecast(horizon, {}, host);
    const std::vector<double> shifts = effects_at(effects_, future, horizon);
    for (std::size_t h = 0; h < horizon; ++h) result.mean[h] += shifts[h];
    return result;
}

Interval AdjustedForecaster::interval(const Forecast& forecast, std::size_t i, double level) const {
    return adjusted_->interval(forecast, i, level);
}

double AdjustedForecaster::take(double value, const std::vector<double>& regressors, Host& host) {
    const double effect = effect_of(effects_, regressors);
    adjusted_->append({value - effect}, {}, host);
    return adjusted_->series().fitted.back() + effect;
}

Document AdjustedForecaster::parameters() const {
    Document parameters = Document::object();
    store_forecaster(parameters, "adjusted", *adjusted_);
    return parameters.set("effects", Document(effects_)).set("errors", Document(errors_));
}

Document AdjustedForecaster::description() const {
    Document info = Document::object();
    for (std::size_t c = 0; c < effects_.size(); ++c) {
        const std::string name = "regressor" + std::to_string(c + 1);
        info.set(name, Document(effects_[c]));
        if (std::isfinite(errors_[c])) info.set(name + "_se", Document(errors_[c]));
    }
    return info.set("adjusted", Document(adjusted_->method()));
}

std::unique_ptr<Model> AdjustedForecaster::decode(const Document& body, int) {
    const Document& stored = body.at("parameters");
    std::unique_ptr<Forecaster> adjusted = stored_forecaster(stored, "adjusted", [](std::string_view kind) { return kind != kKind; });
    std::vector<double> effects = stored.at("effects").as_doubles();
    std::vector<double> errors = stored.at("errors").as_doubles();
    FittedSeries series = FittedSeries::decode(body.at("series"));
    // append() of the inner model takes one value a step and no regressors.
    if (effects.size() != errors.size() || effects.empty() || adjusted->regressor_count() != 0) Reader::corrupt();
    for (const double effect : effects)
        if (!std::isfinite(effect)) Reader::corrupt();
    return std::make_unique<AdjustedForecaster>(std::move(series), std::move(adjusted), std::move(effects), std::move(errors));
}

}  // namespace ecom::core

#include "core/forecast/adjusted_forecaster.hpp"

#include <cmath>

#include "core/forecast/arima_fit.hpp"
#include "core/forecast/series.hpp"
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

ArimaFit estimate(const RegularSeries& series, std::size_t period, Host& host) {
    ArimaParams params;
    params.order.d = params.order.q = 1;
    params.has_constant = false;
    // Seasonal differences want some seasons to be left.
    if (period > 1 && series.size() >= 4 * period && period < kMaxArimaLag) {
        params.order.period = period;
        params.order.seasonal_d = params.order.seasonal_q = 1;
    }
    return fit_arima(series.values, series.regressors, params, host);
}

}  // namespace

Fit with_regressors(Fit fit) {
    return [fit](const RegularSeries& series, std::size_t period, Host& host) -> std::unique_ptr<Forecaster> {
        if (series.regressors.empty()) return fit(series, period, host);
        const ArimaFit regression = estimate(series, period, host);
        const std::vector<double> effects(regression.beta.data(), regression.beta.data() + regression.beta.size());
        const std::vector<double> errors(regression.beta_errors.data(), regression.beta_errors.data() + regression.beta_errors.size());
        const std::vector<double> shifts = effects_at(effects, series.regressors, series.size());
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
        return std::make_unique<AdjustedForecaster>(std::move(fitted), std::move(adjusted), effects, errors);
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
    return Document::object()
        .set("kind", Document(std::string(adjusted_->kind())))
        .set("adjusted", adjusted_->body())
        .set("effects", Document(effects_))
        .set("errors", Document(errors_));
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
    const std::string& kind = stored.at("kind").as_string();
    const ModelDecoder decoder = find_forecaster_decoder(kind);
    // One around another is made by nobody, and could be nested without end.
    if (decoder == nullptr || kind == kKind) Reader::corrupt();
    auto decoded = decoder(stored.at("adjusted"), 1);
    std::unique_ptr<Forecaster> adjusted(static_cast<Forecaster*>(decoded.release()));
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

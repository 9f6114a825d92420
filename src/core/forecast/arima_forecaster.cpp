#include "core/forecast/arima_forecaster.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/forecast/series.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

// Values from the first that is there to the last, and the steps cut off on both sides.
struct Core {
    std::size_t first = 0;
    std::size_t size = 0;
};

Core core_of(const std::vector<double>& values) {
    Core core;
    while (core.first < values.size() && std::isnan(values[core.first])) ++core.first;
    std::size_t end = values.size();
    while (end > core.first && std::isnan(values[end - 1])) --end;
    core.size = end - core.first;
    return core;
}

Regressors cut(const Regressors& columns, const Core& core) {
    Regressors result;
    for (const auto& column : columns)
        result.emplace_back(column.begin() + static_cast<std::ptrdiff_t>(core.first),
                            column.begin() + static_cast<std::ptrdiff_t>(core.first + core.size));
    return result;
}

std::vector<double> cut(const std::vector<double>& values, const Core& core) {
    return {values.begin() + static_cast<std::ptrdiff_t>(core.first),
            values.begin() + static_cast<std::ptrdiff_t>(core.first + core.size)};
}

// What regressors and constant add to each of n steps from `first` on.
std::vector<double> regression(const ArimaFit& fit, const Regressors& regressors, std::size_t first, std::size_t n) {
    std::vector<double> result(n, 0.0);
    const Regressors columns = design(fit.order, fit.has_mean || fit.has_drift, regressors, first, n);
    for (std::size_t c = 0; c < columns.size(); ++c)
        for (std::size_t t = 0; t < n; ++t) result[t] += fit.beta[static_cast<Index>(c)] * columns[c][t];
    return result;
}

// Continues a series by the difference equation from predictions of its differences.
void integrate(const ArimaOrder& order, const std::vector<double>& values, std::vector<double>& predictions) {
    const std::vector<double> delta = difference_polynomial(order);
    const std::size_t n = values.size();
    for (std::size_t h = 0; h < predictions.size(); ++h)
        for (std::size_t i = 1; i < delta.size(); ++i) {
            if (delta[i] == 0.0) continue;
            predictions[h] -= delta[i] * (i <= h ? predictions[h - i] : values[n + h - i]);
        }
}

// The next predictions of a differenced series from the filter's state.
std::vector<double> predictions(const ArmaPolynomials& polynomials, const VectorXd& state, std::size_t horizon) {
    std::vector<double> result(horizon);
    for (std::size_t h = 0; h < horizon; ++h) {
        double value = static_cast<Index>(h) < state.size() ? state[static_cast<Index>(h)] : 0.0;
        for (Index i = 0; i < polynomials.phi.size() && static_cast<std::size_t>(i) < h; ++i)
            value += polynomials.phi[i] * result[h - 1 - static_cast<std::size_t>(i)];
        result[h] = value;
    }
    return result;
}

Document::Doubles doubles(const VectorXd& v) { return {v.data(), v.data() + v.size()}; }
VectorXd vector(const Document::Doubles& v) { return Eigen::Map<const VectorXd>(v.data(), static_cast<Index>(v.size())); }

}  // namespace

ArimaForecaster::ArimaForecaster(FittedSeries series, Regressors regressors, ArimaFit fit, bool conditional, Host& host)
    : Forecaster(std::move(series)), regressors_(std::move(regressors)), fit_(std::move(fit)), conditional_(conditional) {
    const Core core = core_of(series_.values);
    series_.fitted.assign(series_.size(), kMissingValue);
    const std::vector<double> values = cut(series_.values, core);
    const Regressors columns = cut(regressors_, core);
    const ArimaLikelihood likelihood(fit_.order, values, design(fit_.order, fit_.has_mean || fit_.has_drift, columns, 0, core.size), host);
    const std::vector<double> filled = likelihood.value(fit_.coefficients, conditional_).filled;
    const std::vector<double> offset = regression(fit_, columns, 0, core.size);
    std::vector<double> rest(core.size);
    for (std::size_t t = 0; t < core.size; ++t) rest[t] = filled[t] - offset[t];
    const VectorXd w = differenced(fit_.order, rest);
    const ArmaFilter filter(expand(fit_.order, fit_.coefficients), static_cast<std::size_t>(w.size()), conditional_, host);
    const VectorXd v = filter.innovations(w);
    const std::size_t lag = fit_.order.difference_lag();
    for (std::size_t t = lag; t < core.size; ++t)
        series_.fitted[core.first + t] = filled[t] - v[static_cast<Index>(t - lag)];
}

std::string ArimaForecaster::method() const {
    std::string text = "ARIMA" + to_string(fit_.order);
    if (!regressors_.empty()) text = "regression with " + text + " errors";
    if (fit_.has_mean) text += " with mean";
    if (fit_.has_drift) text += " with drift";
    return text;
}

Forecast ArimaForecaster::forecast(std::size_t horizon, const Regressors& future, Host& host) const {
    check_future(future, regressors_.size(), horizon);
    const Core core = core_of(series_.values);
    // Steps without value at the end are foretold first.
    const std::size_t tail = series_.size() - core.first - core.size;
    const std::size_t steps = horizon + tail;
    const std::size_t lag = fit_.order.difference_lag();
    require_memory(host, mul_size(steps + core.size, 12 * sizeof(double)), "forecasting " + std::to_string(horizon) + " steps");
    Regressors ahead;
    for (std::size_t c = 0; c < regressors_.size(); ++c) {
        std::vector<double> column(regressors_[c].end() - static_cast<std::ptrdiff_t>(tail), regressors_[c].end());
        column.insert(column.end(), future[c].begin(), future[c].begin() + static_cast<std::ptrdiff_t>(horizon));
        ahead.push_back(std::move(column));
    }
    const std::vector<double> values = cut(series_.values, core);
    const Regressors columns = cut(regressors_, core);
    const ArimaLikelihood likelihood(fit_.order, values, design(fit_.order, fit_.has_mean || fit_.has_drift, columns, 0, core.size), host);
    const ArimaLikelihood::Value at = likelihood.value(fit_.coefficients, conditional_);
    const std::vector<double> offset = regression(fit_, columns, 0, core.size);
    std::vector<double> rest(core.size);
    for (std::size_t t = 0; t < core.size; ++t) rest[t] = at.filled[t] - offset[t];
    const ArmaPolynomials polynomials = expand(fit_.order, fit_.coefficients);
    const ArmaFilter filter(polynomials, core.size - lag, conditional_, host);
    const auto continued = [&](const std::vector<double>& series) {
        const VectorXd w = differenced(fit_.order, series);
        std::vector<double> next = predictions(polynomials, filter.state(w, filter.innovations(w)), steps);
        integrate(fit_.order, series, next);
        return next;
    };
    std::vector<double> mean = continued(rest);
    const std::vector<double> ahead_offset = regression(fit_, ahead, core.size, steps);
    for (std::size_t h = 0; h < steps; ++h) mean[h] += ahead_offset[h];

    // Responses of the series to a shock of the state: psi weights for the next one, and what an unsettled filter adds.
    const std::vector<double> zeros(lag, 0.0);
    std::vector<double> variance(steps, 0.0);
    const auto response = [&](const VectorXd& state) {
        std::vector<double> answer = predictions(polynomials, state, steps);
        integrate(fit_.order, zeros, answer);
        return answer;
    };
    const Index r = std::max(polynomials.phi.size(), polynomials.theta.size() + 1);
    VectorXd shock = VectorXd::Zero(r);
    shock[0] = 1.0;
    shock.segment(1, polynomials.theta.size()) = polynomials.theta;
    const std::vector<double> psi = response(shock);
    double sum = 0.0;
    for (std::size_t h = 0; h < steps; ++h) variance[h] = fit_.sigma2 * (sum += psi[h] * psi[h]);
    const ArmaFilter::Excess excess = filter.excess();
    for (std::size_t i = 0; i < excess.weights.size(); ++i) {
        host.poll();
        const std::vector<double> answer = response(excess.directions[i]);
        for (std::size_t h = 0; h < steps; ++h) variance[h] += fit_.sigma2 * excess.weights[i] * answer[h] * answer[h];
    }
    // Missing values before the end are known with an error, which the forecast inherits.
    const std::vector<std::size_t>& missing = likelihood.missing_places();
    if (!missing.empty() && fit_.sigma2_ml > 0.0) {
        Eigen::MatrixXd answers(static_cast<Index>(steps), static_cast<Index>(missing.size()));
        for (std::size_t i = 0; i < missing.size(); ++i) {
            host.poll();
            std::vector<double> pulse(core.size, 0.0);
            pulse[missing[i]] = 1.0;
            const std::vector<double> answer = continued(pulse);
            answers.col(static_cast<Index>(i)) = Eigen::Map<const VectorXd>(answer.data(), static_cast<Index>(steps));
        }
        const Eigen::MatrixXd product = answers * at.fill_variance * (fit_.sigma2 / fit_.sigma2_ml);
        for (std::size_t h = 0; h < steps; ++h)
            variance[h] += product.row(static_cast<Index>(h)).dot(answers.row(static_cast<Index>(h)));
    }
    mean.erase(mean.begin(), mean.begin() + static_cast<std::ptrdiff_t>(tail));
    variance.erase(variance.begin(), variance.begin() + static_cast<std::ptrdiff_t>(tail));
    return {std::move(mean), std::move(variance)};
}

double ArimaForecaster::take(double, const std::vector<double>& regressors, Host& host) {
    // The value is not in the series yet: the forecast of one step is what it is compared with.
    Regressors future;
    for (const double value : regressors) future.push_back({value});
    const double foretold = forecast(1, future, host).mean[0];
    for (std::size_t c = 0; c < regressors_.size(); ++c) regressors_[c].push_back(regressors[c]);
    return foretold;
}

Document ArimaForecaster::parameters() const {
    const ArimaOrder& o = fit_.order;
    Document::List columns;
    for (const auto& column : regressors_) columns.emplace_back(column);
    Document::Ints order;
    for (const std::size_t value : {o.p, o.d, o.q, o.seasonal_p, o.seasonal_d, o.seasonal_q, o.period})
        order.push_back(static_cast<std::int64_t>(value));
    Document result = Document::object();
    result.set("order", Document(order))
        .set("constant", Document(fit_.has_mean || fit_.has_drift))
        .set("conditional", Document(conditional_))
        .set("coefficients", Document(doubles(fit_.coefficients)))
        .set("standard_errors", Document(doubles(fit_.standard_errors)))
        .set("beta", Document(doubles(fit_.beta)))
        .set("beta_errors", Document(doubles(fit_.beta_errors)))
        .set("sigma2_ml", Document(fit_.sigma2_ml))
        .set("sigma2", Document(fit_.sigma2))
        .set("criteria", Document(Document::Doubles{fit_.loglik, fit_.aic, fit_.aicc, fit_.bic}))
        .set("used", Document(static_cast<std::int64_t>(fit_.used)));
    if (!columns.empty()) result.set("regressors", Document(columns));
    return result;
}

Document ArimaForecaster::description() const {
    Document info = Document::object();
    const auto put = [&](const std::string& name, double value, double error) {
        info.set(name, Document(value));
        if (std::isfinite(error)) info.set(name + "_se", Document(error));
    };
    const std::vector<std::string> names = arima_coefficient_names(fit_.order);
    for (std::size_t i = 0; i < names.size(); ++i)
        put(names[i], fit_.coefficients[static_cast<Index>(i)], fit_.standard_errors[static_cast<Index>(i)]);
    const Index constant = fit_.has_mean || fit_.has_drift;
    for (Index i = 0; i < fit_.beta.size(); ++i)
        put(i < constant ? (fit_.has_mean ? "mean" : "drift") : "regressor" + std::to_string(i - constant + 1), fit_.beta[i],
            fit_.beta_errors[i]);
    info.set("sigma2", Document(fit_.sigma2)).set("sigma2_ml", Document(fit_.sigma2_ml));
    if (std::isfinite(fit_.loglik)) info.set("log_likelihood", Document(fit_.loglik));
    if (std::isfinite(fit_.aicc)) info.set("aic", Document(fit_.aic)).set("aicc", Document(fit_.aicc)).set("bic", Document(fit_.bic));
    if (std::isfinite(fit_.roots.ar)) info.set("least_ar_root", Document(fit_.roots.ar));
    if (std::isfinite(fit_.roots.ma)) info.set("least_ma_root", Document(fit_.roots.ma));
    return info;
}

std::unique_ptr<Model> ArimaForecaster::decode(const Document& body, int) {
    const Document& stored = body.at("parameters");
    std::unique_ptr<ArimaForecaster> model(new ArimaForecaster);
    model->series_ = FittedSeries::decode(body.at("series"));
    ArimaFit& fit = model->fit_;
    const Document::Ints order = stored.at("order").as_ints();
    if (order.size() != 7) Reader::corrupt();
    for (const std::int64_t value : order)
        if (value < 0 || value > 1'000'000) Reader::corrupt();
    const auto at = [&](std::size_t i) { return static_cast<std::size_t>(order[i]); };
    fit.order = {at(0), at(1), at(2), at(3), at(4), at(5), at(6)};
    if (fit.order.period == 0 || fit.order.ar_lag() > kMaxArimaLag || fit.order.ma_lag() > kMaxArimaLag ||
        fit.order.d > kMaxArimaDifferences || fit.order.seasonal_d > kMaxArimaDifferences)
        Reader::corrupt();
    const bool has_constant = stored.at("constant").as_bool();
    const std::size_t differences = fit.order.d + fit.order.seasonal_d;
    if (has_constant && differences > 1) Reader::corrupt();
    fit.has_mean = has_constant && differences == 0;
    fit.has_drift = has_constant && differences == 1;
    model->conditional_ = stored.at("conditional").as_bool();
    fit.coefficients = vector(stored.at("coefficients").as_doubles());
    fit.standard_errors = vector(stored.at("standard_errors").as_doubles());
    fit.beta = vector(stored.at("beta").as_doubles());
    fit.beta_errors = vector(stored.at("beta_errors").as_doubles());
    fit.sigma2_ml = stored.at("sigma2_ml").as_double();
    fit.sigma2 = stored.at("sigma2").as_double();
    const Document::Doubles criteria = stored.at("criteria").as_doubles();
    const std::int64_t used = stored.at("used").as_int();
    if (const Document* stored_columns = stored.find("regressors"))
        for (const Document& column : stored_columns->as_list()) model->regressors_.push_back(column.as_doubles());
    const std::size_t columns = model->regressors_.size() + has_constant;
    const Core core = core_of(model->series_.values);
    if (criteria.size() != 4 || used < 1 || !(fit.sigma2 >= 0.0) || !(fit.sigma2_ml >= 0.0) || !fit.coefficients.allFinite() ||
        !fit.beta.allFinite() || static_cast<std::size_t>(fit.coefficients.size()) != fit.order.coefficients() ||
        fit.standard_errors.size() != fit.coefficients.size() || static_cast<std::size_t>(fit.beta.size()) != columns ||
        fit.beta_errors.size() != fit.beta.size() || core.size < fit.order.difference_lag() + 2)
        Reader::corrupt();
    for (const auto& column : model->regressors_)
        if (column.size() != model->series_.size()) Reader::corrupt();
    fit.loglik = criteria[0];
    fit.aic = criteria[1];
    fit.aicc = criteria[2];
    fit.bic = criteria[3];
    fit.used = static_cast<std::size_t>(used);
    fit.roots = least_roots(fit.order, fit.coefficients);
    return model;
}

Fit configure_arima(NamedOptions& options) {
    const auto triple = [](const std::optional<std::vector<std::int64_t>>& given, const char* name) {
        if (!given) return;
        if (given->size() != 3 || *std::min_element(given->begin(), given->end()) < 0)
            throw Error(ErrorCode::kInvalidArgument, std::string("option \"") + name + "\" must be three whole numbers of 0 or more",
                        "Write autoregressive order, differences and moving-average order, as in [1, 1, 1].");
    };
    const auto order = options.integers("order");
    const auto seasonal = options.integers("seasonal");
    triple(order, "order");
    triple(seasonal, "seasonal");
    const auto constant = options.boolean("constant");
    const bool conditional = options.boolean("conditional").value_or(false);
    if (!order && (seasonal || constant || conditional))
        throw Error(ErrorCode::kInvalidArgument, "seasonal order, constant and conditional need an order",
                    "Give order as well, or leave all of them out for automatic orders.");
    ArimaParams params;
    params.conditional = conditional;
    if (order) {
        params.order.p = static_cast<std::size_t>((*order)[0]);
        params.order.d = static_cast<std::size_t>((*order)[1]);
        params.order.q = static_cast<std::size_t>((*order)[2]);
        if (seasonal) {
            params.order.seasonal_p = static_cast<std::size_t>((*seasonal)[0]);
            params.order.seasonal_d = static_cast<std::size_t>((*seasonal)[1]);
            params.order.seasonal_q = static_cast<std::size_t>((*seasonal)[2]);
        }
        params.has_constant = constant.value_or(params.order.d + params.order.seasonal_d == 0);
        ArimaParams trial = params;
        if (seasonal) trial.order.period = 2;
        trial.check();
    }
    const bool is_automatic = !order;
    return [params, is_automatic](const RegularSeries& series, std::size_t period, Host& host) {
        const Core core = core_of(series.values);
        const std::vector<double> values = cut(series.values, core);
        const Regressors columns = cut(series.regressors, core);
        ArimaFit fit;
        if (is_automatic) {
            AutoArimaParams automatic;
            automatic.period = period;
            fit = auto_arima(values, columns, automatic, host);
        } else {
            ArimaParams asked = params;
            const bool has_season = asked.order.seasonal_p + asked.order.seasonal_d + asked.order.seasonal_q > 0;
            asked.order.period = has_season ? period : 1;
            fit = fit_arima(values, columns, asked, host);
        }
        FittedSeries fitted;
        fitted.grid = series.grid;
        fitted.period = fit.order.period;
        fitted.values = series.values;
        return std::make_unique<ArimaForecaster>(std::move(fitted), series.regressors, std::move(fit), params.conditional, host);
    };
}

}  // namespace ecom::core

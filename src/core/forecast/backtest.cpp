#include "core/forecast/backtest.hpp"

#include <algorithm>
#include <cmath>

#include "core/forecast/accuracy.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

std::vector<double> slice(const std::vector<double>& values, std::size_t first, std::size_t last) {
    return {values.begin() + static_cast<std::ptrdiff_t>(first), values.begin() + static_cast<std::ptrdiff_t>(last)};
}

Regressors slice(const Regressors& columns, std::size_t first, std::size_t last) {
    Regressors out;
    for (const std::vector<double>& column : columns) out.push_back(slice(column, first, last));
    return out;
}

// Steps up to the last value that is there: the first value of a series always is.
std::size_t last_known(const RegularSeries& series, std::size_t origin) {
    while (std::isnan(series.values[origin - 1])) --origin;
    return origin;
}

RegularSeries known_part(const RegularSeries& series, std::size_t known) {
    RegularSeries part;
    part.grid = series.grid;
    part.values = slice(series.values, 0, known);
    part.regressors = slice(series.regressors, 0, known);
    part.future = slice(series.regressors, known, series.size());
    part.points = known;
    return part;
}

// The forecast of the steps from `origin` on by a model that knows the steps before `known`.
void put_forecast(const Forecaster& model, const RegularSeries& series, const FitRequest& request, std::size_t known,
                  std::size_t horizon, BacktestForecast& out, Host& host) {
    const std::size_t skipped = out.origin - known;
    const Regressors future = slice(series.regressors, known, out.origin + horizon);
    Forecast forecast = model.forecast(skipped + horizon, future, host);
    for (std::size_t i = skipped; i < skipped + horizon; ++i) {
        Interval interval = model.interval(forecast, i, request.level);
        if (request.nonnegative) interval = {std::max(0.0, interval.low), std::max(0.0, interval.high)};
        out.intervals.push_back(interval);
        out.forecast.mean.push_back(request.nonnegative ? std::max(0.0, forecast.mean[i]) : forecast.mean[i]);
        out.forecast.variance.push_back(forecast.variance[i]);
    }
}

}  // namespace

void BacktestParams::check() const {
    if (!(test_share > 0.0 && test_share < 1.0))
        throw Error(ErrorCode::kInvalidArgument, "test_share must lie between 0 and 1",
                    "Use 0.2 to test on the last fifth of a series.");
    if (horizon) check_horizon(static_cast<std::int64_t>(*horizon));
    if (stride && *stride < 1)
        throw Error(ErrorCode::kInvalidArgument, "stride must be at least 1", "Use 1 to forecast from every step.");
    if (stride && !horizon)
        throw Error(ErrorCode::kInvalidArgument, "stride goes with a horizon",
                    "Give horizon, as in horizon => 28, stride => 7, to roll the origin through the test part.");
}

std::vector<std::size_t> backtest_origins(std::size_t size, const BacktestParams& params) {
    if (size < 2) return {};
    // Rounding must not take a step away: 0.8 of 10 steps are 8.
    const double share = (1.0 - params.test_share) * static_cast<double>(size);
    const std::size_t first = std::clamp<std::size_t>(static_cast<std::size_t>(share + 1e-9), 1, size - 1);
    if (!params.horizon) return {first};
    std::vector<std::size_t> origins;
    for (std::size_t origin = first; origin + *params.horizon <= size; origin += params.stride.value_or(*params.horizon))
        origins.push_back(origin);
    return origins;
}

std::size_t backtest_horizon(std::size_t size, const BacktestParams& params) {
    if (params.horizon) return *params.horizon;
    const std::vector<std::size_t> origins = backtest_origins(size, params);
    return origins.empty() ? 0 : size - origins.front();
}

std::vector<BacktestForecast> backtest(const RegularSeries& series, const FitRequest& request, const BacktestParams& params,
                                       const std::vector<std::size_t>& origins, Host& host) {
    const std::size_t horizon = backtest_horizon(series.size(), params);
    const std::size_t period = request.period.value_or(usual_period(series.grid.step()));
    std::vector<BacktestForecast> out;
    std::unique_ptr<Forecaster> model;
    std::size_t known = 0;
    for (const std::size_t origin : origins) {
        host.poll();
        BacktestForecast result;
        result.origin = origin;
        result.scale = naive_scale(series.values, origin, period);
        try {
            const std::size_t last = last_known(series, origin);
            if (params.refit || model == nullptr)
                model = fit_series(known_part(series, last), request, result.status, host);
            else
                model->append(slice(series.values, known, last), slice(series.regressors, known, last), host);
            known = last;
            result.status = model->series().status;
            result.method = model->method();
            put_forecast(*model, series, request, known, horizon, result, host);
        } catch (const Error& e) {
            // A model that was fitted means that the request has a meaning: the regressors of these steps do not.
            const bool is_of_steps = e.code() == ErrorCode::kInvalidArgument && !result.method.empty();
            if (e.code() != ErrorCode::kNumericFailure && e.code() != ErrorCode::kNotEnoughData && !is_of_steps) throw;
            result.status = e.what();
            result.forecast = {};
            result.intervals.clear();
        }
        out.push_back(std::move(result));
    }
    return out;
}

Document backtest_options(const Document& options, std::string_view method) {
    Document own = Document::object();
    if (std::holds_alternative<std::monostate>(options.value())) return own;
    if (!std::holds_alternative<Document::Fields>(options.value()))
        throw Error(ErrorCode::kInvalidArgument, "options must be a JSON object",
                    "Use, for example, '{\"level\": 0.8, \"ets\": {\"effort\": \"exact\"}}'.");
    if (const Document* of_method = options.find(method)) {
        if (!std::holds_alternative<Document::Fields>(of_method->value()))
            throw Error(ErrorCode::kInvalidArgument, "options of method \"" + std::string(method) + "\" must be a JSON object",
                        "Use, for example, '{\"ets\": {\"effort\": \"exact\"}}'.");
        own = *of_method;
    }
    for (const auto& [name, field] : options.as_fields())
        if (find_method(name) == nullptr && own.find(name) == nullptr) own.set(name, field);
    return own;
}

}  // namespace ecom::core

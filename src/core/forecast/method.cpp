#include "core/forecast/method.hpp"

#include <cmath>

#include "core/forecast/adjusted_forecaster.hpp"
#include "core/forecast/naive.hpp"
#include "core/forecast/series.hpp"
#include "core/stats/confidence.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

FitRequest fit_request(std::string_view method, const Document& document) {
    const Method* found = find_method(method);
    if (found == nullptr)
        throw Error(ErrorCode::kInvalidArgument, "forecasting method \"" + std::string(method) + "\" is not known",
                    "Use auto, arima, ets, theta, ces, mstl, regression, naive, seasonal_naive, drift or mean.");
    NamedOptions options(document, "{\"period\": 12}");
    FitRequest request;
    if (const auto step = options.text("step")) request.rules.step = parse_step(*step);
    if (const auto rule = options.text("duplicates")) request.rules.duplicates = parse_duplicates(*rule);
    if (request.rules.duplicates != Duplicates::kSum) request.rules.gaps = Gaps::kLinear;
    if (const auto rule = options.text("gaps")) request.rules.gaps = parse_gaps(*rule);
    if (const auto period = options.integer("period")) {
        if (*period < 1 || *period > 100'000)
            throw Error(ErrorCode::kInvalidArgument, "period " + std::to_string(*period) + " is out of range",
                        "Use the number of steps after which the season repeats: 7 for days, 12 for months, 1 for none.");
        request.period = static_cast<std::size_t>(*period);
    }
    if (const auto level = options.number("level")) request.level = *level;
    check_level(request.level);
    request.nonnegative = options.boolean("nonnegative").value_or(false);
    request.fit = found->configure(options);
    request.fit = found->is_adjusted ? with_regressors(std::move(request.fit)) : without_constant_regressors(std::move(request.fit));
    options.finish();
    return request;
}

std::unique_ptr<Forecaster> fit_points(const Points& points, const StepEvidence& evidence, const FitRequest& request,
                                       std::string& status, Host& host) {
    RegularSeries series;
    try {
        series = regular_series(points, evidence, request.rules, host);
    } catch (const Error& e) {
        if (e.code() != ErrorCode::kNotEnoughData && e.code() != ErrorCode::kNonFiniteInput) throw;
        status = e.what();
        return nullptr;
    }
    if (series.size() == 0) {
        status = "no values";
        return nullptr;
    }
    return fit_series(series, request, status, host);
}

std::unique_ptr<Forecaster> fit_series(const RegularSeries& series, const FitRequest& request, std::string& status,
                                       Host& host) {
    const std::size_t period = request.period.value_or(usual_period(series.grid.step()));
    std::unique_ptr<Forecaster> model;
    status = "ok";
    if (is_constant(series.values)) {
        status = series.size() == 1 ? "one value: it is repeated" : "constant: its value is repeated";
    } else {
        try {
            model = request.fit(series, period, host);
        } catch (const Error& e) {
            if (e.code() != ErrorCode::kNotEnoughData && e.code() != ErrorCode::kNumericFailure &&
                e.code() != ErrorCode::kNonFiniteInput)
                throw;
            status = std::string(e.what()) + ": the last value is repeated";
        }
    }
    if (model == nullptr) model = fit_naive(series, period, NaiveKind::kNaive, host);
    FittedSeries& fitted = model->series();
    fitted.rules = request.rules;
    fitted.future = series.future;
    if (status != "ok") fitted.status = status;
    status = fitted.status;
    return model;
}

}  // namespace ecom::core

// Regressors for methods that know none: holidays, promotions, prices.
//
// Their effects are estimated by a regression with seasonal ARIMA(0,1,1)(0,1,1) errors, whose differences take level, trend and season
// out of both sides, so that the method itself sees the series without the effects. They are given back to its forecasts.
// What does not vary beside level, trend and season has the effect 0.
#pragma once

#include <memory>
#include <vector>

#include "core/forecast/method.hpp"

namespace ecom::core {

class AdjustedForecaster final : public Forecaster {
public:
    static constexpr std::string_view kKind = "adjusted_forecast";

    AdjustedForecaster(FittedSeries series, std::unique_ptr<Forecaster> adjusted, std::vector<double> effects, std::vector<double> errors)
        : Forecaster(std::move(series)), adjusted_(std::move(adjusted)), effects_(std::move(effects)), errors_(std::move(errors)) {}

    std::string_view kind() const override { return kKind; }
    std::string method() const override;
    std::size_t regressor_count() const override { return effects_.size(); }
    // Variances leave out that effects are estimates.
    Forecast forecast(std::size_t horizon, const Regressors& future, Host& host) const override;
    Interval interval(const Forecast& forecast, std::size_t i, double level) const override;
    static std::unique_ptr<Model> decode(const Document& body, int version);

protected:
    double take(double value, const std::vector<double>& regressors, Host& host) override;
    Document parameters() const override;
    Document description() const override;

private:
    std::unique_ptr<Forecaster> adjusted_;
    std::vector<double> effects_;  // one a regressor
    std::vector<double> errors_;   // their standard errors, NaN where unknown
};

// fit, for series with regressors as well. Throws as fit, and kNumericFailure for regressors that depend on each other.
Fit with_regressors(Fit fit);

// fit, which takes regressors itself: where it finds them dependent and none of them varies beside level, trend and season, they
// have the effect 0.
Fit without_constant_regressors(Fit fit);

}  // namespace ecom::core

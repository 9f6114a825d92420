// Regression of a series on what a person would name first: a straight trend, the place in the season, the values of some
// steps before, and regressors.
//
// Least squares with the values before as they were (Hyndman and Athanasopoulos, 2021, "Forecasting: principles and
// practice", chapter 7). Which of trend, season and lags (none, 1, or 1 and the period) belong to the model is chosen by AICc over
// the same steps for all. A forecast is fed with the forecasts before it; its variance counts both the errors to come, as
// they go on through the lags, and those of the coefficients. Intervals are Student's.
//
// O(n k^2) time and 24 n k bytes for k coefficients.
#pragma once

#include <memory>

#include "core/forecast/method.hpp"

namespace ecom::core {

struct RegressionParams {
    // None: chosen.
    std::optional<bool> trend;
    std::optional<bool> season;
    std::optional<std::vector<std::size_t>> lags;

    // Throws kInvalidArgument for a lag below 1 or beyond 1000, or one that is there twice.
    void check() const;
};

class RegressionForecaster final : public Forecaster {
public:
    static constexpr std::string_view kKind = "forecast_regression";

    explicit RegressionForecaster(FittedSeries series) : Forecaster(std::move(series)) {}

    std::string_view kind() const override { return kKind; }
    std::string method() const override;
    std::size_t regressor_count() const override { return regressor_count_; }
    Forecast forecast(std::size_t horizon, const Regressors& future, Host& host) const override;
    Interval interval(const Forecast& forecast, std::size_t i, double level) const override;
    static std::unique_ptr<Model> decode(const Document& body, int version);

    // What is in the model besides regressors.
    struct Terms {
        bool trend = false;
        bool season = false;
        std::vector<std::size_t> lags;

        std::size_t longest_lag() const { return lags.empty() ? 0 : lags.back(); }
    };
    const Terms& terms() const { return terms_; }
    // Intercept, trend (a step), season (places 2 to m against the first), lags, regressors.
    const std::vector<double>& coefficients() const { return coefficients_; }

protected:
    double take(double value, const std::vector<double>& regressors, Host& host) override;
    Document parameters() const override;
    Document description() const override;

private:
    friend std::unique_ptr<Forecaster> fit_regression(const RegularSeries&, std::size_t, const RegressionParams&, Host&);

    std::vector<double> row(std::size_t step, const std::vector<double>& history, const std::vector<double>& regressors) const;

    Terms terms_;
    std::size_t regressor_count_ = 0;
    std::vector<double> coefficients_;
    std::vector<double> inverse_;  // of X'X, row by row
    double variance_ = 0.0;
    double freedom_ = 1.0;         // degrees of
    double aicc_ = 0.0;
    double r_squared_ = 0.0;
    std::vector<double> history_;  // the last values, as many as the longest lag, missing ones foretold
};

// Steps with a missing value, lag or regressor are left out of the fit. Throws kNotEnoughData when steps are too few for any
// model, kNumericFailure when terms that were asked for, or regressors, are linearly dependent.
std::unique_ptr<Forecaster> fit_regression(const RegularSeries& series, std::size_t period, const RegressionParams& params,
                                           Host& host);

Fit configure_regression(NamedOptions& options);

}  // namespace ecom::core

// The simplest forecasts, which every other one has to beat: the last value, the last season, the last value and the mean
// growth, the mean. As naive, snaive, rwf(drift = TRUE) and meanf of R's forecast 8.20; Hyndman and Athanasopoulos (2021),
// "Forecasting: Principles and Practice", 3rd edition, 5.2 and 5.5.
#pragma once

#include <memory>

#include "core/forecast/method.hpp"

namespace ecom::core {

enum class NaiveKind { kNaive, kSeasonal, kDrift, kMean };

class NaiveForecaster final : public Forecaster {
public:
    static constexpr std::string_view kKind = "naive";

    NaiveForecaster(FittedSeries series, NaiveKind kind);

    std::string_view kind() const override { return kKind; }
    std::string method() const override;
    Forecast forecast(std::size_t horizon, const Regressors& future, Host& host) const override;
    static std::unique_ptr<Model> decode(const Document& body, int version);

protected:
    double take(double value, const std::vector<double>& regressors, Host& host) override;
    Document parameters() const override;
    Document description() const override;

private:
    friend std::unique_ptr<Forecaster> fit_naive(const RegularSeries&, std::size_t, NaiveKind, Host&);

    NaiveKind kind_;
    std::vector<double> last_;  // the last period's values, oldest first; one value without season
    double slope_ = 0.0;        // drift
    double variance_ = 0.0;     // of a one-step residual
    std::size_t n_ = 0;         // values that were fitted
};

// O(n). The series is not empty.
std::unique_ptr<Forecaster> fit_naive(const RegularSeries& series, std::size_t period, NaiveKind kind, Host& host);

Fit configure_naive(NamedOptions&);
Fit configure_seasonal_naive(NamedOptions&);
Fit configure_drift(NamedOptions&);
Fit configure_mean(NamedOptions&);

}  // namespace ecom::core

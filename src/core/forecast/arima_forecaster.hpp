// A fitted seasonal ARIMA model as a forecaster.
#pragma once

#include "core/forecast/arima_auto.hpp"
#include "core/forecast/method.hpp"

namespace ecom::core {

class ArimaForecaster final : public Forecaster {
public:
    static constexpr std::string_view kKind = "arima";

    ArimaForecaster(FittedSeries series, Regressors regressors, ArimaFit fit, bool conditional, Host& host);

    std::string_view kind() const override { return kKind; }
    std::string method() const override;
    std::size_t regressor_count() const override { return regressors_.size(); }
    Forecast forecast(std::size_t horizon, const Regressors& future, Host& host) const override;
    static std::unique_ptr<Model> decode(const Document& body, int version);
    const ArimaFit& fit() const { return fit_; }

protected:
    double take(double value, const std::vector<double>& regressors, Host& host) override;
    Document parameters() const override;
    Document description() const override;

private:
    ArimaForecaster() = default;

    Regressors regressors_;  // as long as the series
    ArimaFit fit_;
    bool conditional_ = false;
};

// options: order [p,d,q], seasonal [P,D,Q], constant, conditional.
Fit configure_arima(NamedOptions& options);

}  // namespace ecom::core

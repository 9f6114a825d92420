// The automatic forecast: the mean of exponential smoothing and DOTM, with intervals calibrated on the series' own past.
//
// A mean of methods forecasts better than each of them and than every entrant of the M3 competition; choosing one by a criterion does
// not (Petropoulos and Svetunkov, 2020, "A simple combination of univariate models", IJF 36). DOTM, the better of the two, counts
// twice; that was chosen by forecasts of the M1 competition and of the last values in the training part of M3.
//
// Standard errors of the methods are too small as a rule, because they leave out that model and parameters are uncertain. Therefore the
// combination is fitted to the first two thirds of the series too and forecasts from every later step; the distances of what came, in
// standard errors, are the scores whose quantile replaces that of the normal distribution: split conformal prediction (Vovk, Gammerman
// and Shafer, 2005; Lei et al., 2018) over rolling origins, with scores of all distances together. It is never below the normal one.
// Scores from one origin are not independent: the quantile is widened as Student's distribution with as many degrees of freedom as
// origins is wider than the normal one.
#pragma once

#include <memory>

#include "core/forecast/method.hpp"

namespace ecom::core {

class CombinationForecaster final : public Forecaster {
public:
    static constexpr std::string_view kKind = "forecast_combination";

    struct Member {
        std::unique_ptr<Forecaster> forecaster;
        double weight;
    };

    CombinationForecaster(FittedSeries series, std::vector<Member> members)
        : Forecaster(std::move(series)), members_(std::move(members)) {}

    std::string_view kind() const override { return kKind; }
    std::string method() const override;
    Forecast forecast(std::size_t horizon, const Regressors& future, Host& host) const override;
    Interval interval(const Forecast& forecast, std::size_t i, double level) const override;
    static std::unique_ptr<Model> decode(const Document& body, int version);

protected:
    double take(double value, const std::vector<double>& regressors, Host& host) override;
    Document parameters() const override;
    Document description() const override;

private:
    friend std::unique_ptr<Forecaster> fit_combination(const RegularSeries&, std::size_t, bool, Host&);

    std::vector<Member> members_;
    // What stands for the normal distribution's critical value.
    double critical(double level) const;

    std::vector<double> scores_;  // ascending; empty without calibration
    std::size_t origins_ = 0;     // that the scores come from
};

// calibrate: with scores. Throws kNotEnoughData when no member can be fitted.
std::unique_ptr<Forecaster> fit_combination(const RegularSeries& series, std::size_t period, bool calibrate, Host& host);

Fit configure_auto(NamedOptions& options);

}  // namespace ecom::core

// Forecasts by exponential smoothing, the model chosen among 15 by AICc. Conventions of ets() of R's forecast: see ets_model.hpp and
// ets_estimate.hpp.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/forecast/ets_estimate.hpp"
#include "core/forecast/method.hpp"

namespace ecom::core {

struct EtsOptions {
    std::optional<bool> multiplicative_error;  // none: the better by AICc; so below
    std::optional<EtsTrend> trend;
    std::optional<EtsSeason> season;
    EtsEffort effort = EtsEffort::kFast;
};

// Reads "ZZZ", "MAdM" and the like; throws kInvalidArgument.
EtsOptions parse_ets_model(std::string_view name);

class EtsForecaster final : public Forecaster {
public:
    static constexpr std::string_view kKind = "ets";

    EtsForecaster(FittedSeries series, EtsKind kind) : Forecaster(std::move(series)), ets_(kind) {}

    std::string_view kind() const override { return kKind; }
    std::string method() const override { return ets_.name(); }
    Forecast forecast(std::size_t horizon, const Regressors& future, Host& host) const override;
    static std::unique_ptr<Model> decode(const Document& body, int version);

    const EtsKind& ets() const { return ets_; }
    const EtsParams& smoothing() const { return params_; }
    double log_likelihood() const { return log_likelihood_; }
    double aicc() const { return aicc_; }

protected:
    double take(double value, const std::vector<double>& regressors, Host& host) override;
    Document parameters() const override;
    Document description() const override;

private:
    friend std::unique_ptr<Forecaster> fit_ets(const RegularSeries&, std::size_t, const EtsOptions&, Host&);

    EtsKind ets_;
    EtsParams params_;
    EtsState state_;
    double variance_ = 0.0;  // of a one-step error, relative where it is multiplicative
    double log_likelihood_ = 0.0;
    double aicc_ = 0.0;
};

// Missing values are interpolated. Multiplicative errors and seasons only for positive series; seasons longer than 24 steps,
// or of which there are fewer than two, are left out. Throws kNotEnoughData when no model can be estimated.
std::unique_ptr<Forecaster> fit_ets(const RegularSeries& series, std::size_t period, const EtsOptions& options, Host& host);

Fit configure_ets(NamedOptions& options);

}  // namespace ecom::core

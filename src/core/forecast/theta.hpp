// The theta method as a family of state space models (Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler, 2016, "Models for
// optimising the theta method and their relationship to state space models", IJF 32): a line through the series and its
// exponential smoothing, the smoothing alpha and the weight theta estimated by the squares of one-step errors from the fourth on.
//
//     STM   theta 2, line of the whole series         OTM   theta estimated
//     DSTM  theta 2, line of the values so far        DOTM  theta estimated
//
// As forecTheta of R: alpha in [0.1, 0.99], theta from 1 on. A season is taken out before (classical decomposition, multiplicative
// unless a factor would be below 0.01 or a value is not positive) when its autocorrelation is significant at 90 %.
#pragma once

#include <memory>

#include "core/forecast/method.hpp"

namespace ecom::core {

struct ThetaKind {
    bool is_dynamic = true;
    bool is_optimised = true;

    std::string name() const;  // DOTM
};

class ThetaForecaster final : public Forecaster {
public:
    static constexpr std::string_view kKind = "theta";

    ThetaForecaster(FittedSeries series, ThetaKind kind) : Forecaster(std::move(series)), theta_kind_(kind) {}

    std::string_view kind() const override { return kKind; }
    std::string method() const override { return theta_kind_.name(); }
    Forecast forecast(std::size_t horizon, const Regressors& future, Host& host) const override;
    static std::unique_ptr<Model> decode(const Document& body, int version);

protected:
    double take(double value, const std::vector<double>& regressors, Host& host) override;
    Document parameters() const override;
    Document description() const override;

private:
    friend std::unique_ptr<Forecaster> fit_theta(const RegularSeries&, std::size_t, const ThetaKind&, Host&);

    // What moves on with every value.
    struct State {
        double level = 0.0;
        double mean = 0.0;
        double intercept = 0.0;  // A, of the line
        double slope = 0.0;      // B
        double decay = 1.0;      // (1 - alpha)^t
        double t = 0.0;          // values seen
    };

    static double foretold(const State& state, double alpha, double theta);
    static void move(State& state, double value, double alpha, bool is_dynamic);
    State first_state(const std::vector<double>& values, double level) const;
    double sum_of_squares(const State& first, const std::vector<double>& values, double alpha, double theta) const;

    double season_at(std::size_t step) const;
    double without_season(double value, std::size_t step) const;
    double with_season(double value, std::size_t step) const;

    ThetaKind theta_kind_;
    double alpha_ = 0.5;
    double theta_ = 2.0;
    double variance_ = 0.0;
    State state_;
    bool has_factors_ = false;    // the season multiplies
    std::vector<double> season_;  // by step of the series modulo the period; empty without season
};

// Missing values are interpolated. Throws kNotEnoughData for fewer than five values. O(n) an evaluation.
std::unique_ptr<Forecaster> fit_theta(const RegularSeries& series, std::size_t period, const ThetaKind& kind, Host& host);

Fit configure_theta(NamedOptions& options);

}  // namespace ecom::core

// Complex exponential smoothing (Svetunkov, Kourentzes and Ord, 2022, "Complex exponential smoothing", Naval Research Logistics 69:8):
// the level and what is not in it yet as one complex number, with a complex smoothing parameter. One model covers series with and
// without trend, which need not be told apart.
//
//     none     y_t = l_(t-1) + e_t
//              l_t = l_(t-1) - (1 - a1) c_(t-1) + (a0 - a1) e_t
//              c_t = l_(t-1) + (1 - a0) c_(t-1) + (a0 + a1) e_t
//     simple   the same with states of the period before: l_(t-m), c_(t-m)
//     partial  none, and y_t also + s_(t-m), s_t = s_(t-m) + b e_t
//     full     none, and y_t also + s_(t-m), where s is the real part of a second complex state of the period before, with
//              parameters b0 and b1
//
// Parameters minimise the squares of one-step errors within the bounds of statsforecast; first states come from running the
// series forwards and backwards once. The season is chosen by AICc, where only the smoothing parameters count.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "core/forecast/method.hpp"

namespace ecom::core {

enum class CesSeason { kNone, kSimple, kPartial, kFull };

// Smoothing parameters: real and imaginary part, and those of the season.
struct CesParams {
    double alpha = 1.3;
    double alpha_imaginary = 1.0;
    double beta = 0.0;
    double beta_imaginary = 1.0;
};

struct CesState {
    std::vector<double> level;          // of the last step, or of the last period
    std::vector<double> information;    // the imaginary part, as long
    std::vector<double> season;         // of the last period; empty without
    std::vector<double> season_information;

    // Of the step that comes `step`-th from the beginning, which is the next.
    double foretold(std::size_t step) const;
    void move(const CesParams& params, std::size_t step, double error);
    // To the next step, or period, of every state without an error.
    void advance(const CesParams& params);
    // For the series in the opposite direction, when `n` steps have been seen.
    CesState reversed(std::size_t n) const;
};

class CesForecaster final : public Forecaster {
public:
    static constexpr std::string_view kKind = "ces";

    CesForecaster(FittedSeries series, CesSeason season) : Forecaster(std::move(series)), season_(season) {}

    std::string_view kind() const override { return kKind; }
    std::string method() const override;
    Forecast forecast(std::size_t horizon, const Regressors& future, Host& host) const override;
    static std::unique_ptr<Model> decode(const Document& body, int version);

    const CesParams& smoothing() const { return params_; }
    double aicc() const { return aicc_; }

protected:
    double take(double value, const std::vector<double>& regressors, Host& host) override;
    Document parameters() const override;
    Document description() const override;

private:
    friend std::unique_ptr<Forecaster> fit_ces(const RegularSeries&, std::size_t, std::optional<CesSeason>, Host&);

    CesSeason season_;
    CesParams params_;
    CesState state_;
    double variance_ = 0.0;
    double aicc_ = 0.0;
};

// season: none: the best by AICc. Missing values are interpolated. Throws kNotEnoughData for fewer than five values, and for a
// season of which there are not two. O(n) an evaluation.
std::unique_ptr<Forecaster> fit_ces(const RegularSeries& series, std::size_t period, std::optional<CesSeason> season, Host& host);

Fit configure_ces(NamedOptions& options);

}  // namespace ecom::core

// Forecasts by decomposition: seasons by MSTL (Cleveland et al., 1990; Bandara, Hyndman and Bergmeir, 2021), each repeated as it was
// in the last period, and trend and remainder together by exponential smoothing without season, as stlf() of R's forecast. For
// seasons of several lengths, and those too long for the other methods.
#pragma once

#include <memory>

#include "core/forecast/method.hpp"

namespace ecom::core {

class DecompositionForecaster final : public Forecaster {
public:
    static constexpr std::string_view kKind = "mstl";

    // adjusted: of the series without its seasons, which are of the steps of the last period, by step modulo their length.
    DecompositionForecaster(FittedSeries series, std::unique_ptr<Forecaster> adjusted, std::vector<std::vector<double>> seasons)
        : Forecaster(std::move(series)), adjusted_(std::move(adjusted)), seasons_(std::move(seasons)) {}

    std::string_view kind() const override { return kKind; }
    std::string method() const override;
    Forecast forecast(std::size_t horizon, const Regressors& future, Host& host) const override;
    static std::unique_ptr<Model> decode(const Document& body, int version);

protected:
    double take(double value, const std::vector<double>& regressors, Host& host) override;
    Document parameters() const override;
    Document description() const override;

private:
    double season_at(std::size_t step) const;

    std::unique_ptr<Forecaster> adjusted_;
    std::vector<std::vector<double>> seasons_;
};

// periods: ascending, from 2 on; those of which the series has fewer than two are left out. Throws kNotEnoughData when exponential
// smoothing is not possible.
std::unique_ptr<Forecaster> fit_decomposition(const RegularSeries& series, const std::vector<std::size_t>& periods, bool robust,
                                              Host& host);

Fit configure_mstl(NamedOptions& options);

}  // namespace ecom::core

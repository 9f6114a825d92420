// The orders of a seasonal ARIMA model, chosen by AICc (Hyndman and Khandakar, 2008, "Automatic time series forecasting: the
// forecast package for R", JSS 27:3): differences by the seasonal strength and the KPSS test, then steps from four models to
// neighbours that are better, as auto.arima() of R's forecast 8.20. Every model is fitted by exact likelihood, where R takes
// conditional sums of squares for long series. Neighbours start from what is known of the model in the middle, and end as soon as
// they are seen to be worse; the best is fitted from all starts.
#pragma once

#include "core/forecast/arima_fit.hpp"

namespace ecom::core {

struct AutoArimaParams {
    std::size_t period = 1;
    std::size_t max_p = 5;
    std::size_t max_q = 5;
    std::size_t max_seasonal_p = 2;
    std::size_t max_seasonal_q = 2;
    std::size_t max_models = 94;
    std::optional<std::size_t> d;  // given: no test
    std::optional<std::size_t> seasonal_d;
};

// The best model, fitted. values: the first is there. Throws as fit_arima.
ArimaFit auto_arima(const std::vector<double>& values, const Regressors& regressors, const AutoArimaParams& params, Host& host);

}  // namespace ecom::core

// The lists of forecasting methods and of what they fit.
#include "core/forecast/adjusted_forecaster.hpp"
#include "core/forecast/arima_forecaster.hpp"
#include "core/forecast/ces.hpp"
#include "core/forecast/combination.hpp"
#include "core/forecast/decomposition_forecaster.hpp"
#include "core/forecast/ets.hpp"
#include "core/forecast/method.hpp"
#include "core/forecast/naive.hpp"
#include "core/forecast/regression.hpp"
#include "core/forecast/theta.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr Method kMethods[] = {
    {"auto", configure_auto, true},
    {"ets", configure_ets, true},
    {"theta", configure_theta, true},
    {"ces", configure_ces, true},
    {"mstl", configure_mstl, true},
    {"arima", configure_arima},
    {"regression", configure_regression},
    {"naive", configure_naive},
    {"seasonal_naive", configure_seasonal_naive},
    {"drift", configure_drift},
    {"mean", configure_mean},
};

}  // namespace

const Method* find_method(std::string_view name) {
    for (const Method& method : kMethods)
        if (method.name == name) return &method;
    return nullptr;
}

ModelDecoder find_forecaster_decoder(std::string_view kind) {
    if (kind == AdjustedForecaster::kKind) return AdjustedForecaster::decode;
    if (kind == ArimaForecaster::kKind) return ArimaForecaster::decode;
    if (kind == NaiveForecaster::kKind) return NaiveForecaster::decode;
    if (kind == CesForecaster::kKind) return CesForecaster::decode;
    if (kind == DecompositionForecaster::kKind) return DecompositionForecaster::decode;
    if (kind == CombinationForecaster::kKind) return CombinationForecaster::decode;
    if (kind == EtsForecaster::kKind) return EtsForecaster::decode;
    if (kind == RegressionForecaster::kKind) return RegressionForecaster::decode;
    if (kind == ThetaForecaster::kKind) return ThetaForecaster::decode;
    return nullptr;
}

}  // namespace ecom::core

// The lists of forecasting methods and of what they fit.
#include "core/forecast/method.hpp"
#include "core/forecast/naive.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr Method kMethods[] = {
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
    if (kind == NaiveForecaster::kKind) return NaiveForecaster::decode;
    return nullptr;
}

}  // namespace ecom::core

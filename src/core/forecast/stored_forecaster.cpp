#include "core/forecast/stored_forecaster.hpp"

#include "core/forecast/method.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

void store_forecaster(Document& parameters, const std::string& name, const Forecaster& inner) {
    parameters.set("kind", Document(std::string(inner.kind()))).set(name, inner.body());
}

std::unique_ptr<Forecaster> stored_forecaster(const Document& parameters, const std::string& name, bool (*may_hold)(std::string_view kind)) {
    const std::string& kind = parameters.at("kind").as_string();
    const ModelDecoder decoder = find_forecaster_decoder(kind);
    if (decoder == nullptr || !may_hold(kind)) Reader::corrupt();
    auto decoded = decoder(parameters.at(name), 1);
    return std::unique_ptr<Forecaster>(static_cast<Forecaster*>(decoded.release()));
}

}  // namespace ecom::core

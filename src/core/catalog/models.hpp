// Every kind of model that this release reads. The one place above the families that knows all.
#pragma once

#include "core/base/model.hpp"

namespace ecom::core {

ModelDecoder find_model_decoder(std::string_view kind);

}  // namespace ecom::core

// A forecaster among the parameters of another: its kind, and under a name its body.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/document.hpp"
#include "core/forecast/forecaster.hpp"

namespace ecom::core {

// Puts `kind` and the body into parameters.
void store_forecaster(Document& parameters, const std::string& name, const Forecaster& inner);

// What store_forecaster() has put there. Corrupt: a kind that nobody knows, or that may_hold() refuses, which is asked before the
// body is read: whatever holds others of its own kind could be nested without end.
std::unique_ptr<Forecaster> stored_forecaster(const Document& parameters, const std::string& name, bool (*may_hold)(std::string_view kind));

}  // namespace ecom::core

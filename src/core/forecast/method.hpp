// Methods by name, and fitting any series by any of them without ever failing for its values.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/document.hpp"
#include "core/base/named_options.hpp"
#include "core/forecast/forecaster.hpp"

namespace ecom::core {

// Fits one series that is not empty and not constant. Throws kNotEnoughData, kNumericFailure or kNonFiniteInput when its
// values do not allow it; kInvalidArgument means the parameters have no meaning for any series.
using Fit = std::function<std::unique_ptr<Forecaster>(const RegularSeries& series, std::size_t period, Host& host)>;

struct Method {
    std::string_view name;
    // Reads what the method has of options and gives its fitting function.
    Fit (*configure)(NamedOptions& options);
    // Fits series that the effects of regressors have been taken out of. Others take regressors themselves, or leave them out.
    bool is_adjusted = false;
};

// nullptr for an unknown name. The list is in methods.cpp.
const Method* find_method(std::string_view name);

struct FitRequest {
    RegularRules rules;
    std::optional<std::size_t> period;
    double level = 0.95;
    bool nonnegative = false;
    Fit fit;
};

// Options that every method has: step, duplicates, gaps, period, level, nonnegative. Throws kInvalidArgument.
FitRequest fit_request(std::string_view method, const Document& options);

// A forecaster for any points. What the method cannot fit is foretold by its last value, or by its only one when it is
// constant, and the status says why. nullptr when there is no value at all; `status` is then why.
std::unique_ptr<Forecaster> fit_points(const Points& points, const StepEvidence& evidence, const FitRequest& request,
                                       std::string& status, Host& host);

// The same for a series that is not empty, and whose first and last values are there.
std::unique_ptr<Forecaster> fit_series(const RegularSeries& series, const FitRequest& request, std::string& status,
                                       Host& host);

// The decoder of a fitted forecaster by its kind; nullptr for an unknown kind. The list is in methods.cpp.
ModelDecoder find_forecaster_decoder(std::string_view kind);

}  // namespace ecom::core

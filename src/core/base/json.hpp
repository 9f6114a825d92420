// Documents as JSON text and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/document.hpp"

namespace ecom::core {

// Numbers are printed so that reading them gives the same bits. NaN and infinities, which JSON
// lacks, become the texts "NaN", "Infinity" and "-Infinity".
std::string to_json(const Document& document);

// Throws kCorruptValue on malformed text; `what` names the value in the message, e.g. "model".
Document from_json(std::string_view text, const std::string& what);

// The number that one of the three texts above stands for.
std::optional<double> parse_non_finite(std::string_view text);

}  // namespace ecom::core

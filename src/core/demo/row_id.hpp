// Ids of the demo shop's rows: a letter and a number of fixed width, so that they sort as text.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

namespace ecom::core {

inline std::string row_id(char letter, std::int64_t number, std::size_t digits) {
    const std::string text = std::to_string(number);
    return letter + std::string(digits - std::min(digits, text.size()), '0') + text;
}

}  // namespace ecom::core

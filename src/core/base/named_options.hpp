// Named options that come as a JSON object.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/document.hpp"

namespace ecom::core {

// Options by name, each read once by what understands it. A JSON null counts as absent.
class NamedOptions {
public:
    // example: what hints show, such as {"period": 12}.
    NamedOptions(Document document, std::string example);

    std::optional<std::int64_t> integer(std::string_view name);
    std::optional<double> number(std::string_view name);
    std::optional<bool> boolean(std::string_view name);
    std::optional<std::string> text(std::string_view name);
    std::optional<std::vector<std::int64_t>> integers(std::string_view name);
    std::optional<std::vector<double>> numbers(std::string_view name);

    // Throws kInvalidArgument when an option was read by nobody.
    void finish() const;

private:
    const Document* take(std::string_view name);
    double as_number(const Document& field, std::string_view name) const;
    std::int64_t as_integer(const Document& field, std::string_view name) const;
    [[noreturn]] void wrong_type(std::string_view name, const char* wanted) const;

    Document document_;
    std::string example_;
    std::vector<std::string> read_;
};

}  // namespace ecom::core

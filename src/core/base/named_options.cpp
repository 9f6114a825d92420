#include "core/base/named_options.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

NamedOptions::NamedOptions(Document document, std::string example) : document_(std::move(document)), example_(std::move(example)) {
    if (std::holds_alternative<std::monostate>(document_.value())) document_ = Document::object();
    if (!std::holds_alternative<Document::Fields>(document_.value()))
        throw Error(ErrorCode::kInvalidArgument, "options must be a JSON object", "Use, for example, '" + example_ + "'.");
}

void NamedOptions::wrong_type(std::string_view name, const char* wanted) const {
    throw Error(ErrorCode::kInvalidArgument, "option \"" + std::string(name) + "\" must be " + wanted,
                "Write it as JSON, as in '" + example_ + "'.");
}

double NamedOptions::as_number(const Document& field, std::string_view name) const {
    if (const auto* whole = std::get_if<std::int64_t>(&field.value())) return static_cast<double>(*whole);
    if (const auto* real = std::get_if<double>(&field.value())) return *real;
    wrong_type(name, "a number");
}

std::int64_t NamedOptions::as_integer(const Document& field, std::string_view name) const {
    const double number = as_number(field, name);
    if (number != std::floor(number) || std::fabs(number) > 1e15) wrong_type(name, "a whole number");
    return static_cast<std::int64_t>(number);
}

const Document* NamedOptions::take(std::string_view name) {
    read_.emplace_back(name);
    const Document* field = document_.find(name);
    if (field == nullptr || std::holds_alternative<std::monostate>(field->value())) return nullptr;
    return field;
}

std::optional<std::int64_t> NamedOptions::integer(std::string_view name) {
    const Document* field = take(name);
    if (field == nullptr) return std::nullopt;
    return as_integer(*field, name);
}

std::optional<double> NamedOptions::number(std::string_view name) {
    const Document* field = take(name);
    if (field == nullptr) return std::nullopt;
    return as_number(*field, name);
}

std::optional<bool> NamedOptions::boolean(std::string_view name) {
    const Document* field = take(name);
    if (field == nullptr) return std::nullopt;
    if (const auto* flag = std::get_if<bool>(&field->value())) return *flag;
    wrong_type(name, "true or false");
}

std::optional<std::string> NamedOptions::text(std::string_view name) {
    const Document* field = take(name);
    if (field == nullptr) return std::nullopt;
    if (const auto* word = std::get_if<std::string>(&field->value())) return *word;
    wrong_type(name, "a text");
}

std::optional<std::vector<double>> NamedOptions::numbers(std::string_view name) {
    const Document* field = take(name);
    if (field == nullptr) return std::nullopt;
    if (const auto* reals = std::get_if<Document::Doubles>(&field->value())) return *reals;
    if (const auto* wholes = std::get_if<Document::Ints>(&field->value()))
        return std::vector<double>(wholes->begin(), wholes->end());
    if (const auto* list = std::get_if<Document::List>(&field->value())) {
        std::vector<double> values;
        for (const Document& item : *list) values.push_back(as_number(item, name));
        return values;
    }
    if (const auto* strings = std::get_if<Document::Strings>(&field->value()); strings != nullptr && strings->empty())
        return std::vector<double>{};
    wrong_type(name, "an array of numbers");
}

std::optional<std::vector<std::int64_t>> NamedOptions::integers(std::string_view name) {
    const auto reals = numbers(name);
    if (!reals) return std::nullopt;
    std::vector<std::int64_t> wholes;
    for (const double real : *reals) wholes.push_back(as_integer(Document(real), name));
    return wholes;
}

void NamedOptions::finish() const {
    for (const auto& [name, field] : document_.as_fields()) {
        if (std::find(read_.begin(), read_.end(), name) != read_.end()) continue;
        std::string known;
        for (const std::string& option : read_) known += (known.empty() ? "" : ", ") + option;
        throw Error(ErrorCode::kInvalidArgument, "option \"" + name + "\" is not known", "Options are " + known + ".");
    }
}

}  // namespace ecom::core

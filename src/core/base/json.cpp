#include "core/base/json.hpp"

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

using Json = nlohmann::ordered_json;

// nlohmann's parser is iterative, but copying its tree recurses.
constexpr int kMaxDepth = 64;

Json number(double v) {
    if (std::isfinite(v)) return v;
    if (std::isnan(v)) return "NaN";
    return v > 0 ? "Infinity" : "-Infinity";
}

Json to_tree(const Document& document) {
    struct Converter {
        Json operator()(std::monostate) { return nullptr; }
        Json operator()(bool v) { return v; }
        Json operator()(std::int64_t v) { return v; }
        Json operator()(double v) { return number(v); }
        Json operator()(const std::string& v) { return v; }
        Json operator()(const Document::Ints& v) { return v; }
        Json operator()(const Document::Doubles& v) {
            Json array = Json::array();
            for (const double x : v) array.push_back(number(x));
            return array;
        }
        Json operator()(const Document::Strings& v) { return v; }
        Json operator()(const Document::List& v) {
            Json array = Json::array();
            for (const auto& x : v) array.push_back(to_tree(x));
            return array;
        }
        Json operator()(const Document::Fields& v) {
            Json object = Json::object();
            for (const auto& [name, field] : v) object[name] = to_tree(field);
            return object;
        }
    };
    return std::visit(Converter{}, document.value());
}

bool is_integer(const Json& v) {
    return v.is_number_integer() &&
           !(v.is_number_unsigned() &&
             v.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
}

bool is_double(const Json& v) {
    return v.is_number() || (v.is_string() && parse_non_finite(v.get_ref<const std::string&>()));
}

double as_double(const Json& v) {
    return v.is_string() ? *parse_non_finite(v.get_ref<const std::string&>()) : v.get<double>();
}

template <typename Predicate>
bool all(const Json& array, Predicate predicate) {
    for (const auto& v : array)
        if (!predicate(v)) return false;
    return true;
}

Document from_tree(const Json& v, int depth, const std::string& what) {
    if (depth > kMaxDepth)
        throw Error(ErrorCode::kCorruptValue, what + " is nested too deeply");
    switch (v.type()) {
        case Json::value_t::null: return Document();
        case Json::value_t::boolean: return Document(v.get<bool>());
        case Json::value_t::string: return Document(v.get<std::string>());
        case Json::value_t::object: {
            Document::Fields fields;
            for (const auto& [name, field] : v.items())
                fields.emplace_back(name, from_tree(field, depth + 1, what));
            return Document(std::move(fields));
        }
        case Json::value_t::array: {
            if (v.empty()) return Document(Document::List{});
            if (all(v, is_integer)) return Document(v.get<Document::Ints>());
            const auto is_string = [](const Json& x) { return x.is_string(); };
            if (all(v, is_string)) return Document(v.get<Document::Strings>());
            if (all(v, is_double)) {
                Document::Doubles values;
                values.reserve(v.size());
                for (const auto& x : v) values.push_back(as_double(x));
                return Document(std::move(values));
            }
            Document::List values;
            for (const auto& x : v) values.push_back(from_tree(x, depth + 1, what));
            return Document(std::move(values));
        }
        default:
            if (is_integer(v)) return Document(v.get<std::int64_t>());
            return Document(v.get<double>());
    }
}

}  // namespace

std::optional<double> parse_non_finite(std::string_view text) {
    if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (text == "Infinity") return std::numeric_limits<double>::infinity();
    if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
    return std::nullopt;
}

std::string to_json(const Document& document) {
    return to_tree(document).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Document from_json(std::string_view text, const std::string& what) {
    const Json tree = Json::parse(text, nullptr, false);
    if (tree.is_discarded())
        throw Error(ErrorCode::kCorruptValue, what + " is not valid JSON",
                    "Use the text that the database printed, unchanged.");
    return from_tree(tree, 0, what);
}

}  // namespace ecom::core

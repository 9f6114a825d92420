// A tree of named, typed values: what a model looks like when it is stored or shown.
//
// Families describe their models once, as a Document; the binary form (codec below), the JSON form
// (json.hpp) and model_info follow from it. Arrays of numbers are typed, so that a forest with a
// million nodes costs a few bytes a node and decodes without a node object each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/codec.hpp"

namespace ecom::core {

class Document {
public:
    using Ints = std::vector<std::int64_t>;
    using Doubles = std::vector<double>;
    using Strings = std::vector<std::string>;
    using List = std::vector<Document>;
    using Field = std::pair<std::string, Document>;
    using Fields = std::vector<Field>;  // in insertion order, names unique
    using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, Ints,
                               Doubles, Strings, List, Fields>;

    Document() = default;
    Document(Value value) : value_(std::move(value)) {}  // NOLINT: values read as documents

    static Document object() { return Document(Value(Fields{})); }

    const Value& value() const { return value_; }

    // Adds a field to an object under construction.
    Document& set(std::string name, Document field);

    // Readers for decoding: each throws kCorruptValue when the field is absent or of another type.
    // Integers are accepted where doubles are asked for, because JSON does not tell them apart.
    const Document& at(std::string_view name) const;
    const Document* find(std::string_view name) const;
    bool as_bool() const;
    std::int64_t as_int() const;
    double as_double() const;
    const std::string& as_string() const;
    Ints as_ints() const;
    Doubles as_doubles() const;
    Strings as_strings() const;
    const List& as_list() const;
    const Fields& as_fields() const;

    void encode(Writer& out) const;
    static Document decode(Reader& in);

    bool operator==(const Document& other) const { return value_ == other.value_; }

private:
    Value value_;
};

}  // namespace ecom::core

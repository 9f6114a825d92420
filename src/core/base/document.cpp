#include "core/base/document.hpp"

#include <algorithm>
#include <limits>

#include "core/base/json.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// Tags of the binary form. Never renumber: stored models carry them.
enum Tag : std::uint8_t {
    kNull = 0,
    kFalse = 1,
    kTrue = 2,
    kInt = 3,
    kDouble = 4,
    kString = 5,
    kInts8 = 6,
    kInts16 = 7,
    kInts32 = 8,
    kInts64 = 9,
    kDoubles = 10,
    kStrings = 11,
    kList = 12,
    kFields = 13,
};

// Deeper than any model, shallow enough that a forged value cannot exhaust the stack.
constexpr int kMaxDepth = 64;

template <typename T>
bool fits(const Document::Ints& values) {
    return std::all_of(values.begin(), values.end(), [](std::int64_t v) {
        return v >= std::numeric_limits<T>::min() && v <= std::numeric_limits<T>::max();
    });
}

void encode_count(Writer& out, std::size_t n) {
    if (n > std::numeric_limits<std::uint32_t>::max())
        throw Error(ErrorCode::kLimitExceeded, "model has an array of more than 2^32 elements");
    out.u32(static_cast<std::uint32_t>(n));
}

void encode_ints(Writer& out, const Document::Ints& values) {
    const Tag tag = fits<std::int8_t>(values)    ? kInts8
                    : fits<std::int16_t>(values) ? kInts16
                    : fits<std::int32_t>(values) ? kInts32
                                                 : kInts64;
    out.u8(tag);
    encode_count(out, values.size());
    for (const std::int64_t v : values) {
        switch (tag) {
            case kInts8: out.u8(static_cast<std::uint8_t>(v)); break;
            case kInts16: out.u16(static_cast<std::uint16_t>(v)); break;
            case kInts32: out.u32(static_cast<std::uint32_t>(v)); break;
            default: out.i64(v); break;
        }
    }
}

template <typename ReadOne>
Document decode_ints(Reader& in, std::size_t width, ReadOne read_one) {
    Document::Ints values(in.count(width));
    for (auto& v : values) v = read_one();
    return Document(std::move(values));
}

Document decode_value(Reader& in, int depth) {
    if (depth > kMaxDepth) Reader::corrupt();
    switch (in.u8()) {
        case kNull: return Document();
        case kFalse: return Document(false);
        case kTrue: return Document(true);
        case kInt: return Document(in.i64());
        case kDouble: return Document(in.f64());
        case kString: return Document(std::string(in.string()));
        case kInts8:
            return decode_ints(in, 1, [&] { return static_cast<std::int8_t>(in.u8()); });
        case kInts16:
            return decode_ints(in, 2, [&] { return static_cast<std::int16_t>(in.u16()); });
        case kInts32:
            return decode_ints(in, 4, [&] { return static_cast<std::int32_t>(in.u32()); });
        case kInts64: return decode_ints(in, 8, [&] { return in.i64(); });
        case kDoubles: {
            Document::Doubles values(in.count(8));
            for (auto& v : values) v = in.f64();
            return Document(std::move(values));
        }
        case kStrings: {
            Document::Strings values(in.count(4));
            for (auto& v : values) v = std::string(in.string());
            return Document(std::move(values));
        }
        case kList: {
            const std::size_t n = in.count(1);
            Document::List values;
            for (std::size_t i = 0; i < n; ++i) values.push_back(decode_value(in, depth + 1));
            return Document(std::move(values));
        }
        case kFields: {
            const std::size_t n = in.count(5);
            Document::Fields fields;
            for (std::size_t i = 0; i < n; ++i) {
                std::string name(in.string());
                fields.emplace_back(std::move(name), decode_value(in, depth + 1));
            }
            return Document(std::move(fields));
        }
        default: Reader::corrupt();
    }
}

[[noreturn]] void wrong_type(const char* wanted) {
    throw Error(ErrorCode::kCorruptValue, std::string("model field is not ") + wanted,
                "Restore the model from a backup, or fit it again.");
}

}  // namespace

Document& Document::set(std::string name, Document field) {
    std::get<Fields>(value_).emplace_back(std::move(name), std::move(field));
    return *this;
}

const Document* Document::find(std::string_view name) const {
    for (const auto& [key, field] : as_fields())
        if (key == name) return &field;
    return nullptr;
}

const Document& Document::at(std::string_view name) const {
    if (const Document* field = find(name)) return *field;
    throw Error(ErrorCode::kCorruptValue, "model has no field \"" + std::string(name) + "\"",
                "Restore the model from a backup, or fit it again.");
}

bool Document::as_bool() const {
    if (const auto* v = std::get_if<bool>(&value_)) return *v;
    wrong_type("a boolean");
}

std::int64_t Document::as_int() const {
    if (const auto* v = std::get_if<std::int64_t>(&value_)) return *v;
    wrong_type("an integer");
}

double Document::as_double() const {
    if (const auto* v = std::get_if<double>(&value_)) return *v;
    if (const auto* v = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*v);
    if (const auto* v = std::get_if<std::string>(&value_))
        if (const auto number = parse_non_finite(*v)) return *number;
    wrong_type("a number");
}

const std::string& Document::as_string() const {
    if (const auto* v = std::get_if<std::string>(&value_)) return *v;
    wrong_type("a text");
}

// An empty array has no element type in JSON: it reads as any of them.
static bool is_empty_array(const Document::Value& value) {
    if (const auto* v = std::get_if<Document::List>(&value)) return v->empty();
    return false;
}

Document::Ints Document::as_ints() const {
    if (const auto* v = std::get_if<Ints>(&value_)) return *v;
    if (is_empty_array(value_)) return {};
    wrong_type("an array of integers");
}

Document::Doubles Document::as_doubles() const {
    if (const auto* v = std::get_if<Doubles>(&value_)) return *v;
    if (const auto* v = std::get_if<Ints>(&value_)) return Doubles(v->begin(), v->end());
    if (is_empty_array(value_)) return {};
    if (const auto* v = std::get_if<Strings>(&value_)) {
        Doubles out;
        for (const auto& text : *v) {
            const auto number = parse_non_finite(text);
            if (!number) wrong_type("an array of numbers");
            out.push_back(*number);
        }
        return out;
    }
    wrong_type("an array of numbers");
}

Document::Strings Document::as_strings() const {
    if (const auto* v = std::get_if<Strings>(&value_)) return *v;
    if (is_empty_array(value_)) return {};
    wrong_type("an array of texts");
}

const Document::List& Document::as_list() const {
    if (const auto* v = std::get_if<List>(&value_)) return *v;
    wrong_type("a list");
}

const Document::Fields& Document::as_fields() const {
    if (const auto* v = std::get_if<Fields>(&value_)) return *v;
    wrong_type("an object");
}

void Document::encode(Writer& out) const {
    struct Encoder {
        Writer& out;
        void operator()(std::monostate) { out.u8(kNull); }
        void operator()(bool v) { out.u8(v ? kTrue : kFalse); }
        void operator()(std::int64_t v) {
            out.u8(kInt);
            out.i64(v);
        }
        void operator()(double v) {
            out.u8(kDouble);
            out.f64(v);
        }
        void operator()(const std::string& v) {
            out.u8(kString);
            out.string(v);
        }
        void operator()(const Ints& v) { encode_ints(out, v); }
        void operator()(const Doubles& v) {
            out.u8(kDoubles);
            encode_count(out, v.size());
            for (const double x : v) out.f64(x);
        }
        void operator()(const Strings& v) {
            out.u8(kStrings);
            encode_count(out, v.size());
            for (const auto& x : v) out.string(x);
        }
        void operator()(const List& v) {
            out.u8(kList);
            encode_count(out, v.size());
            for (const auto& x : v) x.encode(out);
        }
        void operator()(const Fields& v) {
            out.u8(kFields);
            encode_count(out, v.size());
            for (const auto& [name, field] : v) {
                out.string(name);
                field.encode(out);
            }
        }
    };
    std::visit(Encoder{out}, value_);
}

Document Document::decode(Reader& in) { return decode_value(in, 0); }

}  // namespace ecom::core

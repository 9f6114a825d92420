// Typed reading of function arguments.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "pg/boundary.hpp"

namespace ecom::pg {

// A varlena argument with its header readable: detoasts only when it must, so that the common
// inline value costs neither a copy nor a setjmp.
inline const struct varlena* plain_varlena(Datum datum) {
    auto* value = reinterpret_cast<struct varlena*>(DatumGetPointer(datum));
    // The tag of a short header is also that of a value stored out of line.
    const bool has_short_header = VARATT_IS_SHORT(value) && !VARATT_IS_EXTERNAL(value);
    if (!VARATT_IS_EXTENDED(value) || has_short_header) return value;
    return call([&] { return pg_detoast_datum_packed(value); });
}

inline std::string_view bytes_of(const struct varlena* value) {
    return {VARDATA_ANY(value), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(value))};
}

inline std::string_view bytes_arg(Datum datum) { return bytes_of(plain_varlena(datum)); }

class Args {
public:
    explicit Args(FunctionCallInfo fcinfo) : fcinfo_(fcinfo) {}

    bool is_null(int i) const { return fcinfo_->args[i].isnull; }
    Datum datum(int i) const { return fcinfo_->args[i].value; }

    std::int32_t int4(int i, const char* name) const { return DatumGetInt32(required(i, name)); }
    bool boolean(int i, const char* name) const { return DatumGetBool(required(i, name)); }
    std::string_view text(int i, const char* name) const { return bytes_arg(required(i, name)); }

    double required_float8(int i, const char* name) const { return DatumGetFloat8(required(i, name)); }

    std::optional<double> float8(int i) const {
        if (is_null(i)) return std::nullopt;
        return DatumGetFloat8(datum(i));
    }

    std::optional<std::int32_t> optional_int4(int i) const {
        if (is_null(i)) return std::nullopt;
        return DatumGetInt32(datum(i));
    }

    // A float8[] without NULL elements; empty when the argument is NULL.
    std::vector<double> float8_array(int i, const char* name) const {
        if (is_null(i)) return {};
        const Datum value = datum(i);
        const ArrayType* array = call([&] { return DatumGetArrayTypeP(value); });
        if (ARR_NDIM(array) > 1 || ARR_HASNULL(array))
            throw core::Error(core::ErrorCode::kInvalidArgument,
                              std::string("argument \"") + name +
                                  "\" must be a one-dimensional array without NULLs");
        if (ARR_NDIM(array) == 0) return {};
        const auto* first = reinterpret_cast<const double*>(ARR_DATA_PTR(array));
        return {first, first + ARR_DIMS(array)[0]};
    }

private:
    Datum required(int i, const char* name) const {
        if (is_null(i))
            throw core::Error(core::ErrorCode::kInvalidArgument,
                              std::string("argument \"") + name + "\" must not be NULL",
                              "Pass a value, or leave the argument out where it has a default.");
        return datum(i);
    }

    FunctionCallInfo fcinfo_;
};

}  // namespace ecom::pg

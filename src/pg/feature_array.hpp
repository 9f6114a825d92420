// A row of features: a float8[] argument read in place, and a float8[] result written in place.
#pragma once

#include <cmath>
#include <string>

#include "core/base/error.hpp"
#include "pg/boundary.hpp"

namespace ecom::pg {

struct FeatureArray {
    // Throws kInvalidArgument unless the array has one dimension and no NULL.
    explicit FeatureArray(Datum datum) {
        auto* value = reinterpret_cast<struct varlena*>(DatumGetPointer(datum));
        const ArrayType* array = VARATT_IS_EXTENDED(value) ? call([&] { return DatumGetArrayTypeP(datum); })
                                                           : reinterpret_cast<const ArrayType*>(value);
        if (ARR_NDIM(array) > 1)
            throw core::Error(core::ErrorCode::kInvalidArgument, "features must be a one-dimensional array",
                              "Pass one row of features at a time.");
        count = ARR_NDIM(array) == 0 ? 0 : static_cast<std::size_t>(ARR_DIMS(array)[0]);
        values = reinterpret_cast<const double*>(ARR_DATA_PTR(array));
        const bits8* present = ARR_NULLBITMAP(array);
        if (present == nullptr) return;
        for (std::size_t i = 0; i < count; ++i)
            if ((present[i / 8] & (1 << i % 8)) == 0)
                throw core::Error(core::ErrorCode::kInvalidArgument, "feature " + std::to_string(i + 1) + " is NULL",
                                  "Filter such rows out, or replace NULL with coalesce().");
    }

    // Throws kInvalidArgument unless the row is as long as the model wants it.
    void require(std::size_t features) const {
        if (count != features)
            throw core::Error(core::ErrorCode::kInvalidArgument,
                              "the model has " + std::to_string(features) + " features, the row has " +
                                  std::to_string(count),
                              "Pass the features that the model was fitted with, in the same order.");
    }

    std::size_t count;
    const double* values;
};

// A float8[] of `count` > 0 elements, to be filled by the caller.
struct NewFloat8Array {
    explicit NewFloat8Array(std::size_t count) {
        size = count;
        array = call([&] {
            const Size bytes = ARR_OVERHEAD_NONULLS(1) + count * sizeof(double);
            auto* made = static_cast<ArrayType*>(palloc0(bytes));
            SET_VARSIZE(made, bytes);
            made->ndim = 1;
            made->elemtype = FLOAT8OID;
            ARR_DIMS(made)[0] = static_cast<int>(count);
            ARR_LBOUND(made)[0] = 1;
            return made;
        });
        values = reinterpret_cast<double*>(ARR_DATA_PTR(array));
    }

    Datum datum() const { return PointerGetDatum(array); }

    ArrayType* array;
    double* values;
    std::size_t size;
};

// Throws kNonFiniteInput, naming the first element that is not finite.
inline void require_finite_result(const NewFloat8Array& result, const char* element) {
    for (std::size_t i = 0; i < result.size; ++i)
        if (!std::isfinite(result.values[i]))
            throw core::Error(core::ErrorCode::kNonFiniteInput,
                              std::string(element) + " " + std::to_string(i + 1) + " has no finite value",
                              "Leave the row out: it is far outside of what the model was fitted on.");
}

}  // namespace ecom::pg

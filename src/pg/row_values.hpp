// A result row of numbers, filled field by field.
#pragma once

#include <cstdint>
#include <optional>

#include "pg/call_site.hpp"
#include "pg/results.hpp"

namespace ecom::pg {

template <int kFields>
class RowValues {
public:
    void put(double value) { put_datum(Float8GetDatum(value)); }
    void put(std::optional<double> value) {
        if (value)
            put(*value);
        else
            skip(1);
    }
    void put(std::int64_t value) { put_datum(Int64GetDatum(value)); }
    void put_datum(Datum value) {
        Assert(next_ < kFields);
        values_[next_++] = value;
    }
    // Fields that are NULL.
    void skip(int fields) {
        Assert(next_ + fields <= kFields);
        for (; fields > 0; --fields) nulls_[next_++] = true;
    }

    // The row of a function that returns a composite type.
    Datum datum(FunctionCallInfo fcinfo) {
        Assert(next_ == kFields);
        return row_datum(CallSite::of(fcinfo).row_type(fcinfo), values_, nulls_);
    }
    void into(RowSink& rows) const {
        Assert(next_ == kFields);
        rows.put(values_, nulls_);
    }

private:
    Datum values_[kFields] = {};
    bool nulls_[kFields] = {};
    int next_ = 0;
};

}  // namespace ecom::pg

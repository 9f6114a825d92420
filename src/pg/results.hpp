// Building what functions return.
#pragma once

#include <string_view>

#include "pg/boundary.hpp"

namespace ecom::pg {

inline text* make_text_unguarded(std::string_view value) {
    return cstring_to_text_with_len(value.data(), static_cast<int>(value.size()));
}

inline Datum text_datum(std::string_view value) {
    return call([&] { return PointerGetDatum(make_text_unguarded(value)); });
}

// A varlena of one of our own types around `bytes`.
Datum varlena_datum(std::string_view bytes);

// jsonb from JSON text.
Datum jsonb_datum(const char* json);

// Rows of a set-returning function, materialised as PostgreSQL asks for them: in memory up to
// work_mem, then on disk.
class RowSink {
public:
    explicit RowSink(FunctionCallInfo fcinfo);

    void put(const Datum* values, const bool* nulls) {
        call([&] { put_unguarded(values, nulls); });
    }

    // For use inside call(), where a caller builds the values too.
    void put_unguarded(const Datum* values, const bool* nulls) {
        // Reads only; the server's prototype lacks the const.
        tuplestore_putvalues(info_->setResult, info_->setDesc, const_cast<Datum*>(values),
                             const_cast<bool*>(nulls));
    }

private:
    ReturnSetInfo* info_;
};

// One row of a composite type; see CallSite::row_type.
inline Datum row_datum(TupleDesc descriptor, Datum* values, bool* nulls) {
    return call([&] { return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls)); });
}

}  // namespace ecom::pg

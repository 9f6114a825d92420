// What the functions over interactions share: ids as arguments and as results.
#pragma once

#include <string>

#include "core/recommend/interactions.hpp"
#include "core/recommend/matrix.hpp"
#include "pg/agg_state.hpp"
#include "pg/host.hpp"
#include "pg/results.hpp"

namespace ecom::pg {

// An id as two columns, key bigint and id text, one of them NULL by the type of the ids. For use inside call().
inline void put_id_unguarded(const core::IdTable& ids, std::uint32_t number, Datum* values, bool* nulls) {
    const bool is_integer = ids.type() == core::IdType::kInteger;
    nulls[0] = !is_integer;
    nulls[1] = is_integer;
    if (is_integer)
        values[0] = Int64GetDatum(ids.integer(number));
    else
        values[1] = PointerGetDatum(make_text_unguarded(ids.text(number)));
}

// Names of ids as text[]. For use inside call(): `names` outlives it.
inline Datum text_array_unguarded(const std::vector<std::string>& names, std::vector<Datum>& buffer) {
    for (std::size_t i = 0; i < names.size(); ++i) buffer[i] = PointerGetDatum(make_text_unguarded(names[i]));
    return PointerGetDatum(construct_array_builtin(buffer.data(), static_cast<int>(names.size()), TEXTOID));
}

inline Datum text_array(const std::vector<std::string>& names) {
    std::vector<Datum> buffer(names.size());
    return call([&] { return text_array_unguarded(names, buffer); });
}

// A row at a time in a context that is emptied after each.
class RowContext {
public:
    RowContext() {
        context_ = call([] { return AllocSetContextCreateInternal(CurrentMemoryContext, "ecom result row", ALLOCSET_DEFAULT_SIZES); });
    }
    MemoryContext get() const { return context_; }

private:
    MemoryContext context_;
};

}  // namespace ecom::pg

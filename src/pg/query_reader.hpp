// Reading the rows of a query from C++, as they come out of the executor.
//
// Rows are not collected: each one is handed over where it lies, so that ten million rows cost
// neither copies nor memory. The query runs as the caller and through the planner, so rights,
// row-level security, views and distributed tables hold as for any query.
#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "pg/spi.hpp"

namespace ecom::pg {

// What a reader is given per row. The values are valid until take() returns; they may be toasted.
class RowTarget {
public:
    virtual ~RowTarget() = default;
    virtual void take(const Datum* values, const bool* nulls) = 0;
};

// Runs a query within a Session and hands its rows to the target, columns being of exactly the
// given types; error 42804 when they are not. Exceptions of the target end the query and arrive
// here as the error that a user sees.
void read_query(const Session& session, const std::string& sql, const std::vector<Oid>& types,
                RowTarget& target);

}  // namespace ecom::pg

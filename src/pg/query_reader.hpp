// Reading the rows of a query from C++, as they come out of the executor.
//
// Rows are not collected: each one is handed over where it lies, so that ten million rows cost
// neither copies nor memory. The query runs as the caller and through the planner, so rights,
// row-level security, views and distributed tables hold as for any query.
#pragma once

#include <string>

#include "pg/spi.hpp"

namespace ecom::pg {

// What reads the rows. start() sees their columns and throws when it cannot use them. The values of
// a row are valid until take() returns; they may be toasted.
class RowTarget {
public:
    virtual ~RowTarget() = default;
    virtual void start(TupleDesc columns) = 0;
    virtual void take(const Datum* values, const bool* nulls) = 0;
};

// Runs a query within a Session and hands its rows to the target. Exceptions of the target end the
// query and arrive here as the error that a user sees. Error 22023 when the text is not one query.
void read_query(const Session& session, const std::string& sql, RowTarget& target);

}  // namespace ecom::pg

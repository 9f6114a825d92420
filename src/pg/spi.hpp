// SQL from C++: rows made here, inserted by an ordinary INSERT, so that rights, partitions, triggers
// and distributed tables work as for any other row.
#pragma once

#include <exception>
#include <string>

#include "pg/boundary.hpp"

extern "C" {
#include "executor/spi.h"
}

namespace ecom::pg {

// Connects on construction and disconnects on orderly destruction; when an exception passes,
// nothing is done: the transaction's abort cleans up, and calling PostgreSQL during unwinding is
// forbidden.
class Session {
public:
    Session() : exceptions_(std::uncaught_exceptions()) {
        call([] { SPI_connect(); });
    }
    ~Session() {
        if (std::uncaught_exceptions() == exceptions_) SPI_finish();
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

private:
    int exceptions_;
};

// Inserts rows into one table, batch by batch. Rows are offered to the statement as a named
// tuplestore, the way triggers see transition tables: no text, no arrays, no function in between.
// Errors of the statement reach the user unchanged.
class BatchInsert {
public:
    // table: qualified and quoted. columns: a list as in INSERT.
    BatchInsert(const std::string& table, const std::string& columns);

    // The values must be of the columns' exact types, type modifiers included.
    void put_unguarded(const Datum* values, const bool* nulls) {
        tuplestore_putvalues(rows_, descriptor_, const_cast<Datum*>(values),
                             const_cast<bool*>(nulls));
    }

    // Runs the INSERT and forgets the rows; returns how many were inserted.
    std::uint64_t flush();

private:
    Session session_;
    TupleDesc descriptor_ = nullptr;
    Tuplestorestate* rows_ = nullptr;
    SPIPlanPtr insert_ = nullptr;
};

}  // namespace ecom::pg

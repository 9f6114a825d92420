#include "pg/spi.hpp"

extern "C" {
#include "utils/queryenvironment.h"
}

namespace ecom::pg {

BatchInsert::BatchInsert(const std::string& table, const std::string& columns) {
    static constexpr const char* kRows = "ecom_new_rows";
    const std::string shape = "select " + columns + " from " + table + " limit 0";
    const std::string insert =
        "insert into " + table + " (" + columns + ") select " + columns + " from " + kRows;
    call([&] {
        if (SPI_execute(shape.c_str(), true, 0) != SPI_OK_SELECT)
            elog(ERROR, "could not read the columns of the table");
        descriptor_ = CreateTupleDescCopy(SPI_tuptable->tupdesc);
        rows_ = tuplestore_begin_heap(false, false, work_mem);

        auto* relation =
            static_cast<EphemeralNamedRelation>(palloc0(sizeof(EphemeralNamedRelationData)));
        relation->md.name = pstrdup(kRows);
        relation->md.reliddesc = InvalidOid;
        relation->md.tupdesc = descriptor_;
        relation->md.enrtype = ENR_NAMED_TUPLESTORE;
        relation->reldata = rows_;
        if (SPI_register_relation(relation) != SPI_OK_REL_REGISTER)
            elog(ERROR, "could not register the rows to insert");
        insert_ = SPI_prepare(insert.c_str(), 0, nullptr);
        if (insert_ == nullptr) elog(ERROR, "SPI_prepare failed: %d", SPI_result);
    });
}

std::uint64_t BatchInsert::flush() {
    return call([&] {
        const int code = SPI_execute_plan(insert_, nullptr, nullptr, false, 0);
        if (code < 0) elog(ERROR, "SPI_execute_plan failed: %d", code);
        tuplestore_clear(rows_);
        return SPI_processed;
    });
}

}  // namespace ecom::pg

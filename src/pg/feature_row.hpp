// A row of any composite type as features: columns by name, encoded by their types.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/forest/features.hpp"
#include "core/forest/learner_state.hpp"
#include "pg/boundary.hpp"

namespace ecom::pg {

// How a column's value is read.
enum class ColumnReader { kInt2, kInt4, kInt8, kFloat4, kFloat8, kNumeric, kBool, kDate, kTimestamp, kVarlena, kName, kEnum };

struct FeatureColumn {
    int attribute;  // from 0
    ColumnReader reader;
    core::Feature feature;
};

// How rows of one type are read.
struct RowReader {
    std::uint64_t row_type = 0;
    int attributes = 0;
    std::vector<FeatureColumn> columns;
    std::vector<Datum> values;  // of the latest row, by attribute
    std::vector<char> nulls;
};

// A record argument.
class FeatureRow {
public:
    explicit FeatureRow(Datum record);

    // Names the row type while the session lives; never 0.
    std::uint64_t type() const { return type_; }

    // The columns that are wanted, by name, as features; throws kInvalidArgument where one is of a type
    // that is none.
    RowReader reader(const std::function<bool(const std::string& name)>& wanted) const;

    // Takes the row apart into the reader's values. They point into the row.
    void deform(RowReader& reader) const;

private:
    HeapTupleHeader header_;
    std::uint64_t type_;
};

core::FeatureValue feature_value(const RowReader& reader, const FeatureColumn& column);

}  // namespace ecom::pg

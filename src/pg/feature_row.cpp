#include "pg/feature_row.hpp"

#include <limits>

#include "pg/args.hpp"

extern "C" {
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

namespace ecom::pg {
namespace {

struct Reading {
    bool known;
    ColumnReader reader;
    core::FeatureType type;
};

Reading reading_of(Oid type) {
    using core::FeatureType;
    switch (type) {
        case INT2OID: return {true, ColumnReader::kInt2, FeatureType::kNumber};
        case INT4OID: return {true, ColumnReader::kInt4, FeatureType::kNumber};
        case INT8OID: return {true, ColumnReader::kInt8, FeatureType::kNumber};
        case FLOAT4OID: return {true, ColumnReader::kFloat4, FeatureType::kNumber};
        case FLOAT8OID: return {true, ColumnReader::kFloat8, FeatureType::kNumber};
        case NUMERICOID: return {true, ColumnReader::kNumeric, FeatureType::kNumber};
        case BOOLOID: return {true, ColumnReader::kBool, FeatureType::kBoolean};
        case DATEOID: return {true, ColumnReader::kDate, FeatureType::kTime};
        case TIMESTAMPOID:
        case TIMESTAMPTZOID: return {true, ColumnReader::kTimestamp, FeatureType::kTime};
        case TEXTOID:
        case VARCHAROID:
        case BPCHAROID: return {true, ColumnReader::kVarlena, FeatureType::kCategory};
        case NAMEOID: return {true, ColumnReader::kName, FeatureType::kCategory};
        default: return {false, ColumnReader::kInt2, FeatureType::kNumber};
    }
}

// The text of an enum or the double of a numeric, by the server's own functions.
std::string_view enum_text(Datum value) {
    const char* text = call([&] { return DatumGetCString(DirectFunctionCall1(enum_out, value)); });
    return text;
}

double numeric_value(Datum value) {
    return call([&] { return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value)); });
}

constexpr double kInfinite = std::numeric_limits<double>::infinity();

double days_of(ColumnReader reader, Datum datum) {
    if (reader == ColumnReader::kDate) {
        const DateADT date = DatumGetDateADT(datum);
        return DATE_NOT_FINITE(date) ? kInfinite : static_cast<double>(date);
    }
    const Timestamp time = DatumGetTimestamp(datum);
    return TIMESTAMP_NOT_FINITE(time) ? kInfinite : static_cast<double>(time) / static_cast<double>(USECS_PER_DAY);
}

}  // namespace

FeatureRow::FeatureRow(Datum record) {
    header_ = call([&] { return DatumGetHeapTupleHeader(record); });
    type_ = (static_cast<std::uint64_t>(HeapTupleHeaderGetTypeId(header_)) << 32) |
            static_cast<std::uint32_t>(HeapTupleHeaderGetTypMod(header_));
}

RowReader FeatureRow::reader(const std::function<bool(const std::string& name)>& wanted) const {
    const TupleDesc descriptor = call([&] {
        return lookup_rowtype_tupdesc_copy(HeapTupleHeaderGetTypeId(header_), HeapTupleHeaderGetTypMod(header_));
    });
    RowReader out;
    out.row_type = type_;
    out.attributes = descriptor->natts;
    for (int i = 0; i < descriptor->natts; ++i) {
        const Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
        if (attribute->attisdropped) continue;
        const std::string name = NameStr(attribute->attname);
        if (!wanted(name)) continue;
        const Oid declared = attribute->atttypid;
        const Oid base = call([&] { return getBaseType(declared); });
        Reading reading = reading_of(base);
        if (!reading.known && call([&] { return type_is_enum(base); }))
            reading = {true, ColumnReader::kEnum, core::FeatureType::kCategory};
        if (!reading.known) {
            const char* type_name = call([&] { return format_type_be(declared); });
            throw core::Error(core::ErrorCode::kInvalidArgument, "column \"" + name + "\" of type " + type_name + " is no feature",
                              "Features are numbers, booleans, dates, time stamps, texts and enums: cast the column or leave it out.");
        }
        for (const FeatureColumn& other : out.columns)
            if (other.feature.name == name)
                throw core::Error(core::ErrorCode::kInvalidArgument, "two features have the name \"" + name + "\"",
                                  "Give every column of the row a name of its own.");
        out.columns.push_back({i, reading.reader, {name, reading.type}});
    }
    return out;
}

void FeatureRow::deform(RowReader& reader) const {
    static_assert(sizeof(bool) == sizeof(char));
    const auto n = static_cast<std::size_t>(reader.attributes);
    reader.values.resize(n);
    reader.nulls.resize(n);
    call([&] {
        const TupleDesc descriptor = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header_), HeapTupleHeaderGetTypMod(header_));
        if (descriptor->natts != reader.attributes) elog(ERROR, "row type changed while its rows were read");
        HeapTupleData tuple;
        tuple.t_len = HeapTupleHeaderGetDatumLength(header_);
        ItemPointerSetInvalid(&tuple.t_self);
        tuple.t_tableOid = InvalidOid;
        tuple.t_data = header_;
        heap_deform_tuple(&tuple, descriptor, reader.values.data(), reinterpret_cast<bool*>(reader.nulls.data()));
        ReleaseTupleDesc(descriptor);
    });
}

core::FeatureValue feature_value(const RowReader& reader, const FeatureColumn& column) {
    core::FeatureValue out;
    const auto i = static_cast<std::size_t>(column.attribute);
    if (reader.nulls[i] != 0) return out;
    out.missing = false;
    const Datum datum = reader.values[i];
    switch (column.reader) {
        case ColumnReader::kInt2: out.number = DatumGetInt16(datum); break;
        case ColumnReader::kInt4: out.number = DatumGetInt32(datum); break;
        case ColumnReader::kInt8: out.number = static_cast<double>(DatumGetInt64(datum)); break;
        case ColumnReader::kFloat4: out.number = static_cast<double>(DatumGetFloat4(datum)); break;
        case ColumnReader::kFloat8: out.number = DatumGetFloat8(datum); break;
        case ColumnReader::kNumeric: out.number = numeric_value(datum); break;
        case ColumnReader::kBool: out.number = DatumGetBool(datum) ? 1 : 0; break;
        case ColumnReader::kDate:
        case ColumnReader::kTimestamp: out.number = days_of(column.reader, datum); break;
        case ColumnReader::kVarlena: out.text = bytes_arg(datum); break;
        case ColumnReader::kName: out.text = NameStr(*DatumGetName(datum)); break;
        case ColumnReader::kEnum: out.text = enum_text(datum); break;
    }
    return out;
}

}  // namespace ecom::pg

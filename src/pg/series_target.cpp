#include "pg/series_target.hpp"

#include <algorithm>

#include "core/base/budget.hpp"
#include "core/forecast/series.hpp"
#include "pg/args.hpp"

extern "C" {
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
}

namespace ecom::pg {
namespace {

[[noreturn]] void wrong_columns(const std::string& detail) {
    throw core::Error(core::ErrorCode::kWrongKind, "query does not return the columns that a forecast needs",
                      "Return the series (any type), ts as date or timestamp, value as a number, and then any number of "
                      "numeric or boolean regressors.",
                      detail);
}

}  // namespace

bool is_number(Oid type) {
    return type == FLOAT8OID || type == FLOAT4OID || type == NUMERICOID || type == INT8OID || type == INT4OID ||
           type == INT2OID || type == BOOLOID;
}

double number_of(Oid type, Datum value) {
    switch (type) {
        case FLOAT8OID: return DatumGetFloat8(value);
        case FLOAT4OID: return static_cast<double>(DatumGetFloat4(value));
        case INT8OID: return static_cast<double>(DatumGetInt64(value));
        case INT4OID: return DatumGetInt32(value);
        case INT2OID: return DatumGetInt16(value);
        case BOOLOID: return DatumGetBool(value) ? 1.0 : 0.0;
        default: return call([&] { return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value)); });
    }
}

std::string text_of(Oid type, Oid output, Datum value) {
    if (type == TEXTOID || type == VARCHAROID) return std::string(bytes_arg(value));
    const char* printed = call([&] { return OidOutputFunctionCall(output, value); });
    std::string text = printed;
    call([&] { pfree(const_cast<char*>(printed)); });
    return text;
}

core::Time time_of(Oid type, Datum value) {
    core::Time at = type == DATEOID ? 0 : DatumGetTimestamp(value);
    if (type == DATEOID) {
        const DateADT day = DatumGetDateADT(value);
        at = DATE_NOT_FINITE(day) ? DT_NOEND : static_cast<Timestamp>(day) * USECS_PER_DAY;
    } else if (type == TIMESTAMPTZOID && !TIMESTAMP_NOT_FINITE(at)) {
        at = call([&] { return DatumGetTimestamp(DirectFunctionCall1(timestamptz_timestamp, value)); });
    }
    if (TIMESTAMP_NOT_FINITE(at))
        throw core::Error(core::ErrorCode::kNonFiniteInput, "times of a series must be finite",
                          "Leave rows with infinite times out.");
    return at;
}

void SeriesTarget::start(TupleDesc columns) {
    if (columns->natts < 3) wrong_columns("It returns " + std::to_string(columns->natts) + " columns.");
    for (int i = 0; i < columns->natts; ++i) types_.push_back(TupleDescAttr(columns, i)->atttypid);
    if (types_[1] != TIMESTAMPOID && types_[1] != DATEOID && types_[1] != TIMESTAMPTZOID)
        wrong_columns("Column 2, the ts, has another type.");
    for (std::size_t i = 2; i < types_.size(); ++i)
        if (!is_number(types_[i])) wrong_columns("Column " + std::to_string(i + 1) + " is not a number.");
    bool is_varlena;
    call([&] { getTypeOutputInfo(types_[0], &output_, &is_varlena); });
    row_.resize(types_.size() - 3);
}

void SeriesTarget::take(const Datum* values, const bool* nulls) {
    if (nulls[0] || nulls[1]) return;
    core::Points& points = series(values[0]);
    for (std::size_t i = 3; i < types_.size(); ++i)
        row_[i - 3] = nulls[i] ? core::kMissingValue : number_of(types_[i], values[i]);
    const std::size_t before = points.bytes();
    const double value = nulls[2] ? core::kMissingValue : number_of(types_[2], values[2]);
    points.add(time_of(types_[1], values[1]), value, row_.data(), row_.size(), host_);
    count(points.bytes() - before);
    if (++rows_ % 4096 == 0) host_.poll();
}

std::vector<std::size_t> SeriesTarget::order() const {
    std::vector<std::size_t> order(names.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    core::PollEvery poll(host_);
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        poll();
        return names[a] < names[b];
    });
    return order;
}

core::StepEvidence SeriesTarget::evidence() const {
    core::StepEvidence all;
    for (const core::Points& each : points) all.merge(each.evidence);
    return all;
}

void SeriesTarget::count(std::size_t bytes) {
    if (bytes == 0) return;
    bytes_ += bytes;
    core::require_memory(host_, bytes_, "the points of " + std::to_string(names.size()) + " series");
}

core::Points& SeriesTarget::series(Datum name) {
    const auto [found, is_new] = index_.try_emplace(text_of(types_[0], output_, name), names.size());
    if (is_new) {
        names.push_back(found->first);
        points.emplace_back();
        count(kBytesPerSeries + 2 * names.back().capacity());
    }
    return points[found->second];
}

}  // namespace ecom::pg

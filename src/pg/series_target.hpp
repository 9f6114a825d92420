// Series out of a query: rows (series, ts, value, regressors ...) in any order.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "core/forecast/regular_series.hpp"
#include "pg/host.hpp"
#include "pg/query_reader.hpp"

namespace ecom::pg {

// smallint, int, bigint, real, double precision, numeric or boolean.
bool is_number(Oid type);

// A value of such a type.
double number_of(Oid type, Datum value);

// The output of a value of any type as text; `output` is the type's output function.
std::string text_of(Oid type, Oid output, Datum value);

// A date, timestamp or timestamptz; throws kNonFiniteInput for infinity.
core::Time time_of(Oid type, Datum value);

class SeriesTarget final : public RowTarget {
public:
    explicit SeriesTarget(core::Host& host) : host_(host) {}

    void start(TupleDesc columns) override;
    void take(const Datum* values, const bool* nulls) override;

    // The order of series is that of their names' bytes, whatever the order of rows.
    std::vector<std::size_t> order() const;
    // Of all series together: one that has few points must not pass for a monthly one by chance.
    core::StepEvidence evidence() const;

    std::vector<std::string> names;
    std::vector<core::Points> points;

private:
    // What a series costs besides its points: two vectors' headers, the name twice, a hash node.
    static constexpr std::size_t kBytesPerSeries = sizeof(core::Points) + 2 * sizeof(std::string) + 64;

    void count(std::size_t bytes);
    core::Points& series(Datum name);

    core::Host& host_;
    std::vector<Oid> types_;
    Oid output_ = InvalidOid;
    std::vector<double> row_;
    std::unordered_map<std::string, std::size_t> index_;
    std::size_t bytes_ = 0;
    std::size_t rows_ = 0;
};

}  // namespace ecom::pg

// Forecasts of every series of a query, fitted on all threads.
#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "core/base/budget.hpp"
#include "core/base/parallel.hpp"
#include "core/forecast/series.hpp"
#include "pg/forecast_rows.hpp"
#include "pg/host.hpp"
#include "pg/query_reader.hpp"

extern "C" {
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
}

using namespace ecom;
using namespace ecom::pg;

namespace {

[[noreturn]] void wrong_columns(const std::string& detail) {
    throw core::Error(core::ErrorCode::kWrongKind, "query does not return the columns that a forecast needs",
                      "Return the series (any type), ts as date or timestamp, value as a number, and then any number of "
                      "numeric or boolean regressors.",
                      detail);
}

bool is_number(Oid type) {
    return type == FLOAT8OID || type == FLOAT4OID || type == NUMERICOID || type == INT8OID || type == INT4OID ||
           type == INT2OID || type == BOOLOID;
}

double number(Oid type, Datum value) {
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

// Rows (series, ts, value, regressors ...) by series.
class SeriesTarget final : public RowTarget {
public:
    explicit SeriesTarget(core::Host& host) : host_(host) {}

    void start(TupleDesc columns) override {
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

    void take(const Datum* values, const bool* nulls) override {
        if (nulls[0] || nulls[1]) return;
        core::Points& points = series(values[0]);
        for (std::size_t i = 3; i < types_.size(); ++i)
            row_[i - 3] = nulls[i] ? core::kMissingValue : number(types_[i], values[i]);
        const std::size_t before = points.bytes();
        const double value = nulls[2] ? core::kMissingValue : number(types_[2], values[2]);
        points.add(time(values[1]), value, row_.data(), row_.size(), host_);
        count(points.bytes() - before);
        if (++rows_ % 4096 == 0) host_.poll();
    }

    std::vector<std::string> names;
    std::vector<core::Points> points;

private:
    // What a series costs besides its points: two vectors' headers, the name twice, a hash node.
    static constexpr std::size_t kBytesPerSeries = sizeof(core::Points) + 2 * sizeof(std::string) + 64;

    void count(std::size_t bytes) {
        if (bytes == 0) return;
        bytes_ += bytes;
        core::require_memory(host_, bytes_, "the points of " + std::to_string(names.size()) + " series");
    }

    core::Points& series(Datum name) {
        std::string text;
        if (types_[0] == TEXTOID || types_[0] == VARCHAROID) {
            text = bytes_arg(name);
        } else {
            const char* printed = call([&] { return OidOutputFunctionCall(output_, name); });
            text = printed;
            call([&] { pfree(const_cast<char*>(printed)); });
        }
        const auto [found, is_new] = index_.try_emplace(std::move(text), names.size());
        if (is_new) {
            names.push_back(found->first);
            points.emplace_back();
            count(kBytesPerSeries + 2 * names.back().capacity());
        }
        return points[found->second];
    }

    core::Time time(Datum value) const {
        core::Time at = types_[1] == DATEOID ? 0 : DatumGetTimestamp(value);
        if (types_[1] == DATEOID) {
            const DateADT day = DatumGetDateADT(value);
            at = DATE_NOT_FINITE(day) ? DT_NOEND : static_cast<Timestamp>(day) * USECS_PER_DAY;
        } else if (types_[1] == TIMESTAMPTZOID && !TIMESTAMP_NOT_FINITE(at)) {
            at = call([&] { return DatumGetTimestamp(DirectFunctionCall1(timestamptz_timestamp, value)); });
        }
        if (TIMESTAMP_NOT_FINITE(at))
            throw core::Error(core::ErrorCode::kNonFiniteInput, "times of a series must be finite",
                              "Leave rows with infinite times out.");
        return at;
    }

    core::Host& host_;
    std::vector<Oid> types_;
    Oid output_ = InvalidOid;
    std::vector<double> row_;
    std::unordered_map<std::string, std::size_t> index_;
    std::size_t bytes_ = 0;
    std::size_t rows_ = 0;
};

}  // namespace

// (method text, query text, horizon int, options jsonb) returns setof (series text, ecom.forecast_row's columns)
ECOM_FUNCTION(ecom_forecast_query) {
    RowSink sink(fcinfo);
    const Args args(fcinfo);
    const core::FitRequest request = read_request(args.text(0, "method"), json_text(fcinfo, 3));
    const std::size_t horizon = core::check_horizon(args.int4(2, "horizon"));
    const std::string query(args.text(1, "query"));
    BackendHost host;
    SeriesTarget target(host);
    {
        const Session session;
        read_query(session, query, target);
    }
    const std::size_t n = target.names.size();
    // The order of series is that of their names' bytes, whatever the order of rows.
    std::vector<std::size_t> order(n);
    for (std::size_t i = 0; i < n; ++i) order[i] = i;
    core::PollEvery poll(host);
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        poll();
        return target.names[a] < target.names[b];
    });
    // All have the same step: one that has few points must not pass for a monthly one by chance.
    core::StepEvidence evidence;
    for (const core::Points& points : target.points) evidence.merge(points.evidence);

    // Forecasts are kept for some series at a time only.
    constexpr std::size_t kAtATime = 256;
    // Texts of rows live here until the rows are stored.
    const MemoryContext outer = CurrentMemoryContext;
    const MemoryContext texts = call([&] { return AllocSetContextCreate(outer, "forecast rows", ALLOCSET_DEFAULT_SIZES); });
    for (std::size_t first = 0; first < n; first += kAtATime) {
        const std::size_t count = std::min(kAtATime, n - first);
        core::require_memory(host, core::mul_size(count, core::mul_size(horizon, 64)),
                             "forecasts of " + std::to_string(count) + " series");
        std::vector<ForecastRows> results(count);
        core::parallel_for(host, count, [&](std::size_t i, core::Host& worker) {
            core::Points& points = target.points[order[first + i]];
            std::string status;
            const auto model = core::fit_points(points, evidence, request, status, worker);
            results[i] = forecast_rows_of_batch(model.get(), status, horizon, request.level, request.nonnegative, worker);
            points = core::Points();
        });
        MemoryContextSwitchTo(texts);
        for (std::size_t i = 0; i < count; ++i) {
            Datum values[kForecastColumns + 1];
            bool nulls[kForecastColumns + 1] = {};
            values[0] = text_datum(target.names[order[first + i]]);
            for (std::size_t row = 0; row < results[i].size(); ++row) {
                poll();
                put_forecast_row(results[i], row, values + 1, nulls + 1);
                sink.put(values, nulls);
            }
        }
        MemoryContextSwitchTo(outer);
        call([&] { MemoryContextReset(texts); });
        host.progress(static_cast<std::int64_t>(first + count), static_cast<std::int64_t>(n));
    }
    return static_cast<Datum>(0);
}

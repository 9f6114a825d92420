// ecom.anomaly_score as a window function: every value against the season, trend and noise of its partition.
#include "core/stats/anomaly.hpp"

#include <cmath>
#include <limits>
#include <memory>

#include "core/base/budget.hpp"
#include "pg/host.hpp"
#include "pg/row_values.hpp"

extern "C" {
#include "windowapi.h"
}

using namespace ecom;
using namespace ecom::pg;

namespace {

struct ScoredSeries {
    core::AnomalyParams params;
    core::AnomalyScores scores;
};

struct WindowSlot {
    ScoredSeries* series;
};

std::unique_ptr<ScoredSeries> score_series(WindowObject window) {
    BackendHost host;
    // Parameters are those of the partition's first row.
    const auto parameter = [&](int i, const char* name) {
        bool is_null;
        const Datum value = call([&] { return WinGetFuncArgCurrent(window, i, &is_null); });
        if (is_null)
            throw core::Error(core::ErrorCode::kInvalidArgument,
                              std::string("argument \"") + name + "\" must not be NULL",
                              "Leave it out to get the default.");
        return value;
    };
    auto series = std::make_unique<ScoredSeries>();
    series->params.seasonal_period = DatumGetInt32(parameter(1, "seasonal_period"));
    series->params.threshold = DatumGetFloat8(parameter(2, "threshold"));
    series->params.check();

    const int64 rows = call([&] { return WinGetPartitionRowCount(window); });
    const auto n = static_cast<std::size_t>(rows);
    core::require_memory(host, core::anomaly_bytes(n), "scoring a series of " + std::to_string(n) + " values");
    std::vector<double> values;
    values.reserve(n);
    for (int64 row = 0; row < rows; ++row) {
        bool is_null;
        const double value = call([&] {
            bool is_out;
            const Datum datum = WinGetFuncArgInPartition(window, 0, static_cast<int>(row),
                                                         WINDOW_SEEK_HEAD, false, &is_null, &is_out);
            return is_null ? 0.0 : DatumGetFloat8(datum);
        });
        host.poll();
        // In the core NaN stands for a missing value.
        if (std::isnan(value))
            throw core::Error(core::ErrorCode::kNonFiniteInput, "values of a series must be finite",
                              "Turn NaN values into NULL.");
        values.push_back(is_null ? std::numeric_limits<double>::quiet_NaN() : value);
    }
    series->scores = core::anomaly_scores(values, series->params, host);
    return series;
}

}  // namespace

// (value float8, seasonal_period int, threshold float8) window, returns ecom.anomaly_result:
// expected float8, low float8, high float8, score float8, is_anomaly boolean
ECOM_FUNCTION(ecom_anomaly_score) {
    const WindowObject window = PG_WINDOW_OBJECT();
    auto* slot = call([&] {
        return static_cast<WindowSlot*>(WinGetPartitionLocalMemory(window, sizeof(WindowSlot)));
    });
    if (slot->series == nullptr) {
        const MemoryContext context = call([&] { return GetMemoryChunkContext(slot); });
        slot->series = own_by_context(context, score_series(window));
    }
    const ScoredSeries& series = *slot->series;
    const auto row = static_cast<std::size_t>(call([&] { return WinGetCurrentPosition(window); }));

    RowValues<5> result;
    const double expected = series.scores.expected[row];
    const double score = series.scores.score[row];
    if (std::isnan(expected)) {
        result.skip(5);
    } else {
        result.put(expected);
        result.put(expected - series.scores.margin);
        result.put(expected + series.scores.margin);
        if (std::isnan(score)) {
            result.skip(2);
        } else {
            result.put(score);
            result.put_datum(BoolGetDatum(std::fabs(score) > series.params.threshold));
        }
    }
    return result.datum(fcinfo);
}

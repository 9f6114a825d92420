// ecom.anomaly_score as a window function: every value against the season, trend and noise of its partition.
#include "core/stats/anomaly.hpp"

#include <cmath>

#include "core/base/budget.hpp"
#include "pg/row_values.hpp"
#include "pg/window_series.hpp"

using namespace ecom;
using namespace ecom::pg;

namespace {

struct ScoredSeries {
    core::AnomalyParams params;
    core::AnomalyScores scores;
};

ScoredSeries score_series(WindowObject window) {
    BackendHost host;
    const WindowParams params(window);
    ScoredSeries series;
    series.params.seasonal_period = DatumGetInt32(params.required(1, "seasonal_period"));
    series.params.threshold = DatumGetFloat8(params.required(2, "threshold"));
    series.params.check();

    const auto n = static_cast<std::size_t>(call([&] { return WinGetPartitionRowCount(window); }));
    core::require_memory(host, core::anomaly_bytes(n), "scoring a series of " + std::to_string(n) + " values");
    series.scores = core::anomaly_scores(window_series(window, 0, host), series.params, host);
    return series;
}

}  // namespace

// (value float8, seasonal_period int, threshold float8) window, returns ecom.anomaly_result:
// expected float8, low float8, high float8, score float8, is_anomaly boolean
ECOM_FUNCTION(ecom_anomaly_score) {
    const WindowObject window = PG_WINDOW_OBJECT();
    const auto& series = partition_result<ScoredSeries>(window, [&] { return score_series(window); });
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

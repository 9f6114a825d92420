// Forecasts of every series of a query, fitted on all threads.
#include <algorithm>

#include "core/base/budget.hpp"
#include "core/base/parallel.hpp"
#include "pg/forecast_rows.hpp"
#include "pg/series_target.hpp"

using namespace ecom;
using namespace ecom::pg;

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
    const std::vector<std::size_t> order = target.order();
    const core::StepEvidence evidence = target.evidence();

    // Forecasts are kept for some series at a time only.
    constexpr std::size_t kAtATime = 256;
    // Texts of rows live here until the rows are stored.
    core::PollEvery poll(host);
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

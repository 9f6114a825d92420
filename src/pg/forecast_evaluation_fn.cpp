// ecom.forecast_accuracy, ecom.diebold_mariano_test, ecom.backtest_forecasts.
#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/base/json.hpp"
#include "core/base/parallel.hpp"
#include "core/forecast/accuracy.hpp"
#include "core/forecast/backtest.hpp"
#include "core/forecast/diebold_mariano.hpp"
#include "core/forecast/series.hpp"
#include "pg/agg_state.hpp"
#include "pg/forecast_rows.hpp"
#include "pg/row_values.hpp"
#include "pg/series_target.hpp"

using namespace ecom;
using namespace ecom::pg;

namespace {

std::optional<double> or_null(double value) { return std::isnan(value) ? std::nullopt : std::optional(value); }

struct Candidate {
    std::string method;
    core::FitRequest request;
};

// Methods in the order they are given, each once, and the seasonal naive one that all have to beat.
std::vector<Candidate> candidates_of(const std::string& methods_json, const std::string& options_json) {
    std::vector<std::string> methods;
    for (const std::string& method : core::from_json(methods_json, "methods").as_strings())
        if (std::find(methods.begin(), methods.end(), method) == methods.end()) methods.push_back(method);
    if (std::find(methods.begin(), methods.end(), "seasonal_naive") == methods.end()) methods.push_back("seasonal_naive");
    const core::Document options = core::from_json(options_json, "options");
    std::vector<Candidate> candidates;
    for (const std::string& method : methods)
        candidates.push_back({method, core::fit_request(method, core::backtest_options(options, method))});
    return candidates;
}

// One series as one method sees it.
struct Trial {
    std::size_t series;  // in the order of names
    std::size_t candidate;
    core::RegularSeries values;
    std::vector<std::size_t> origins;
    std::string status;
    std::vector<core::BacktestForecast> forecasts;
};

void prepare(Trial& trial, const core::Points& points, const core::StepEvidence& evidence, const core::FitRequest& request,
             const core::BacktestParams& params, core::Host& host) {
    try {
        trial.values = core::regular_series(points, evidence, request.rules, host);
    } catch (const core::Error& e) {
        if (e.code() != core::ErrorCode::kNotEnoughData && e.code() != core::ErrorCode::kNonFiniteInput) throw;
        trial.status = e.what();
        return;
    }
    trial.origins = core::backtest_origins(trial.values.size(), params);
    if (trial.values.size() == 0)
        trial.status = "no values";
    else if (trial.origins.empty())
        trial.status = "too short to test: " + std::to_string(trial.values.size()) + " steps";
    trial.forecasts.resize(trial.origins.size());
}

// Columns of a row before those that not every row has.
constexpr int kBacktestColumns = 12;

void put_backtest(RowSink& sink, const std::string& series, const Candidate& candidate, const Trial& trial,
                  core::PollEvery& poll) {
    const auto put_head = [&](RowValues<kBacktestColumns>& row) {
        row.put_datum(text_datum(series));
        row.put_datum(text_datum(candidate.method));
    };
    if (trial.forecasts.empty()) {
        RowValues<kBacktestColumns> row;
        put_head(row);
        row.skip(9);
        row.put_datum(text_datum(trial.status));
        row.into(sink);
    }
    const core::TimeGrid& grid = trial.values.grid;
    const auto time_at = [&](std::size_t i) { return TimestampGetDatum(grid.time_at(static_cast<std::int64_t>(i))); };
    for (const core::BacktestForecast& f : trial.forecasts) {
        const std::size_t steps = f.forecast.mean.size();
        for (std::size_t i = 0; i < std::max<std::size_t>(steps, 1); ++i) {
            poll();
            RowValues<kBacktestColumns> row;
            put_head(row);
            row.put_datum(time_at(f.origin - 1));
            if (i < steps) {
                row.put_datum(Int32GetDatum(static_cast<std::int32_t>(i + 1)));
                row.put_datum(time_at(f.origin + i));
                row.put(or_null(trial.values.values[f.origin + i]));
                row.put(or_null(f.forecast.mean[i]));
                row.put(or_null(f.intervals[i].low));
                row.put(or_null(f.intervals[i].high));
            } else {
                row.skip(6);
            }
            row.put(or_null(f.scale));
            if (f.method.empty())
                row.skip(1);
            else
                row.put_datum(text_datum(f.method));
            row.put_datum(text_datum(f.status));
            row.into(sink);
        }
    }
}

}  // namespace

// (state, actual float8, forecast float8 [, lower float8, upper float8 [, scale float8]])
ECOM_FUNCTION(ecom_forecast_pair_add) {
    const Args args(fcinfo);
    const auto running = writable_state<core::ForecastPairsState>(fcinfo, [] { return core::ForecastPairsState(); });
    const auto actual = args.float8(1), forecast = args.float8(2);
    if (!actual || !forecast) return running.datum;
    core::ForecastPair pair{*actual, *forecast};
    if (PG_NARGS() > 4) {
        pair.lower = args.float8(3).value_or(pair.lower);
        pair.upper = args.float8(4).value_or(pair.upper);
    }
    if (PG_NARGS() > 5) pair.scale = args.float8(5).value_or(pair.scale);
    running.state->add(pair, BackendHost());
    return running.datum;
}

ECOM_FUNCTION(ecom_forecast_pair_combine) {
    BackendHost host;
    return combine_states<core::ForecastPairsState>(fcinfo, host);
}

// (state) returns ecom.forecast_accuracy_result
ECOM_FUNCTION(ecom_forecast_accuracy_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::ForecastPairsState> state(fcinfo, 0);
    BackendHost host;
    const auto a = state->accuracy(host);
    if (!a) PG_RETURN_NULL();
    RowValues<12> row;
    row.put(a->n);
    row.put(a->mae);
    row.put(a->rmse);
    row.put(a->bias);
    row.put(a->mape);
    row.put(a->smape);
    row.put(a->wape);
    row.put(a->mase);
    row.put(a->mape ? std::optional(100.0 - *a->mape) : std::nullopt);
    row.put(a->coverage);
    row.put(a->interval_width);
    row.put(a->zero_actuals);
    return row.datum(fcinfo);
}

// (state, error_1 float8, error_2 float8 [, horizon int [, power float8]])
ECOM_FUNCTION(ecom_diebold_mariano_add) {
    const Args args(fcinfo);
    const auto running = writable_state<core::SeriesState>(fcinfo, [&] {
        core::SeriesState::Options options;
        options.numbers.emplace_back(PG_NARGS() > 3 ? args.int4(3, "horizon") : 1);
        return core::SeriesState(options);
    });
    const auto first = args.float8(1), second = args.float8(2);
    const double power = PG_NARGS() > 4 ? args.required_float8(4, "power") : 2.0;
    if (!(power > 0.0 && power <= 100.0))
        throw core::Error(core::ErrorCode::kInvalidArgument, "power must be above 0 and at most 100",
                          "Use 2 for squared errors, 1 for absolute ones.");
    if (!first || !second) return running.datum;
    if (!std::isfinite(*first) || !std::isfinite(*second))
        throw core::Error(core::ErrorCode::kNonFiniteInput, "errors of forecasts must be finite",
                          "Filter NaN and infinite values out, for example with FILTER (WHERE ...).");
    running.state->add(core::forecast_loss(*first, power) - core::forecast_loss(*second, power), BackendHost());
    return running.datum;
}

// (state) returns ecom.diebold_mariano_result
ECOM_FUNCTION(ecom_diebold_mariano_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::SeriesState> state(fcinfo, 0);
    const std::int64_t horizon = state->options().number(0).value_or(1);
    if (horizon < 1)
        throw core::Error(core::ErrorCode::kInvalidArgument, "horizon must be at least 1", "Use 1 for one-step forecasts.");
    const core::DieboldMariano result = core::diebold_mariano(state->values(), static_cast<std::size_t>(horizon));
    const bool is_different = result.p_value && *result.p_value < 0.05;
    RowValues<6> row;
    row.put(static_cast<std::int64_t>(result.n));
    row.put(result.n == 0 ? std::nullopt : std::optional(result.mean_difference));
    row.put(result.statistic);
    row.put(result.p_value);
    row.put_datum(Int32GetDatum(static_cast<std::int32_t>(result.horizon)));
    if (!result.p_value)
        row.skip(1);
    else
        row.put_datum(text_datum(!is_different ? "neither" : result.mean_difference < 0.0 ? "first" : "second"));
    return row.datum(fcinfo);
}

// (query text, methods jsonb, test_share float8, horizon int, stride int, refit boolean, options jsonb)
// returns setof (series, method, origin, step, ts, actual, forecast, lower, upper, scale, model, status)
ECOM_FUNCTION(ecom_backtest_query) {
    RowSink sink(fcinfo);
    const Args args(fcinfo);
    core::BacktestParams params;
    params.test_share = args.required_float8(2, "test_share");
    const auto steps = [&](int arg, const char* name) -> std::optional<std::size_t> {
        const auto given = args.optional_int4(arg);
        if (!given) return std::nullopt;
        if (*given < 1)
            throw core::Error(core::ErrorCode::kInvalidArgument, std::string(name) + " must be at least 1",
                              "Leave it out to forecast the whole test part from one origin.");
        return static_cast<std::size_t>(*given);
    };
    params.horizon = steps(3, "horizon");
    params.stride = steps(4, "stride");
    params.refit = args.boolean(5, "refit");
    params.check();
    const std::vector<Candidate> candidates = candidates_of(json_text(fcinfo, 1), json_text(fcinfo, 6));
    const std::string query(args.text(0, "query"));
    BackendHost host;
    SeriesTarget target(host);
    {
        const Session session;
        read_query(session, query, target);
    }
    const std::vector<std::size_t> order = target.order();
    const core::StepEvidence evidence = target.evidence();
    core::PollEvery poll(host);

    // Forecasts are kept for some series at a time only.
    constexpr std::size_t kAtATime = 64;
    const MemoryContext outer = CurrentMemoryContext;
    const MemoryContext texts = call([&] { return AllocSetContextCreate(outer, "backtest rows", ALLOCSET_DEFAULT_SIZES); });
    for (std::size_t first = 0; first < order.size(); first += kAtATime) {
        const std::size_t count = std::min(kAtATime, order.size() - first);
        std::vector<Trial> trials(count * candidates.size());
        for (std::size_t t = 0; t < trials.size(); ++t) {
            trials[t].series = order[first + t / candidates.size()];
            trials[t].candidate = t % candidates.size();
        }
        core::parallel_for(host, trials.size(), [&](std::size_t t, core::Host& worker) {
            prepare(trials[t], target.points[trials[t].series], evidence, candidates[trials[t].candidate].request, params,
                    worker);
        });
        // Every origin is a task of its own, unless later ones go on with the model of the first.
        struct Task {
            Trial* trial;
            std::size_t first, last;
        };
        std::vector<Task> tasks;
        std::size_t bytes = 0;
        for (Trial& trial : trials) {
            bytes = core::add_size(bytes, core::mul_size(trial.origins.size(), 40 * core::backtest_horizon(trial.values.size(), params)));
            for (std::size_t i = 0; params.refit && i < trial.origins.size(); ++i) tasks.push_back({&trial, i, i + 1});
            if (!params.refit && !trial.origins.empty()) tasks.push_back({&trial, 0, trial.origins.size()});
        }
        core::require_memory(host, bytes, "backtests of " + std::to_string(count) + " series");
        core::parallel_for(host, tasks.size(), [&](std::size_t t, core::Host& worker) {
            const Task& task = tasks[t];
            Trial& trial = *task.trial;
            auto done = core::backtest(trial.values, candidates[trial.candidate].request, params,
                                       {trial.origins.begin() + static_cast<std::ptrdiff_t>(task.first),
                                        trial.origins.begin() + static_cast<std::ptrdiff_t>(task.last)},
                                       worker);
            std::move(done.begin(), done.end(), trial.forecasts.begin() + static_cast<std::ptrdiff_t>(task.first));
        });
        MemoryContextSwitchTo(texts);
        for (const Trial& trial : trials)
            put_backtest(sink, target.names[trial.series], candidates[trial.candidate], trial, poll);
        MemoryContextSwitchTo(outer);
        call([&] { MemoryContextReset(texts); });
        host.progress(static_cast<std::int64_t>(first + count), static_cast<std::int64_t>(order.size()));
    }
    return static_cast<Datum>(0);
}

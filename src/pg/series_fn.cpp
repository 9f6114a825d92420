// Decompositions as window functions; autocorrelations, tests and profiles of a series as aggregates.
#include "core/forecast/series.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/base/budget.hpp"
#include "core/forecast/autocorrelation.hpp"
#include "core/forecast/classical.hpp"
#include "core/forecast/profile.hpp"
#include "core/forecast/stl.hpp"
#include "core/forecast/unit_root.hpp"
#include "core/stats/confidence.hpp"
#include "core/stats/distributions.hpp"
#include "pg/agg_state.hpp"
#include "pg/row_values.hpp"
#include "pg/window_series.hpp"

using namespace ecom;
using namespace ecom::pg;

namespace {

// NaN, which stands for a missing value in the core, as NULL.
std::optional<double> or_null(double value) {
    return std::isnan(value) ? std::nullopt : std::optional<double>(value);
}

[[noreturn]] void out_of_range(const char* name, std::int64_t value, const char* hint) {
    throw core::Error(core::ErrorCode::kInvalidArgument,
                      std::string(name) + " " + std::to_string(value) + " is out of range", hint);
}

constexpr const char* kPeriodHint =
    "Use the number of rows after which the season repeats: 7 for days, 12 for months.";

std::size_t period_of(std::int64_t period, std::int64_t least) {
    if (period < least) out_of_range("period", period, kPeriodHint);
    return static_cast<std::size_t>(period);
}

std::size_t window_of(std::int64_t window) {
    if (window < 3) out_of_range("window", window, "Use an odd number from 3 on.");
    return static_cast<std::size_t>(window);
}

std::vector<std::int64_t> int4_array(Datum datum, const char* name) {
    const ArrayType* array = call([&] { return DatumGetArrayTypeP(datum); });
    if (ARR_NDIM(array) > 1 || ARR_HASNULL(array))
        throw core::Error(core::ErrorCode::kInvalidArgument,
                          std::string("argument \"") + name + "\" must be a one-dimensional array without NULLs");
    if (ARR_NDIM(array) == 0) return {};
    const auto* first = reinterpret_cast<const std::int32_t*>(ARR_DATA_PTR(array));
    return {first, first + ARR_DIMS(array)[0]};
}

Datum int4_array_datum(const std::vector<std::size_t>& numbers) {
    std::vector<Datum> elements;
    for (const std::size_t number : numbers) elements.push_back(Int32GetDatum(static_cast<std::int32_t>(number)));
    return call([&] {
        return PointerGetDatum(construct_array(elements.data(), static_cast<int>(elements.size()), INT4OID,
                                               sizeof(std::int32_t), true, TYPALIGN_INT));
    });
}

std::vector<double> decomposed_values(WindowObject window, std::size_t bytes_of_result, core::Host& host) {
    const int64 rows = call([&] { return WinGetPartitionRowCount(window); });
    core::require_memory(host, core::add_size(core::mul_size(static_cast<std::size_t>(rows), 8), bytes_of_result),
                         "decomposing a series of " + std::to_string(rows) + " values");
    std::vector<double> values = window_series(window, 0, host);
    for (const double value : values) core::check_series_value(value);
    return values;
}

std::size_t row_count(WindowObject window) {
    return static_cast<std::size_t>(call([&] { return WinGetPartitionRowCount(window); }));
}

std::size_t current_row(WindowObject window) {
    return static_cast<std::size_t>(call([&] { return WinGetCurrentPosition(window); }));
}

core::SeriesState::Options with_numbers(std::vector<std::optional<std::int64_t>> numbers) {
    return {std::move(numbers), {}};
}

// (state, value float8, ...): the options come with the first row.
template <typename MakeOptions>
Datum add_value(FunctionCallInfo fcinfo, MakeOptions make) {
    const Args args(fcinfo);
    const auto running =
        writable_state<core::SeriesState>(fcinfo, [&] { return core::SeriesState(make(args)); });
    if (const auto value = args.float8(1)) {
        // In the core NaN stands for a missing value.
        if (std::isnan(*value))
            throw core::Error(core::ErrorCode::kNonFiniteInput, "values of a series must be finite",
                              "Turn NaN values into NULL.");
        running.state->add(*value, BackendHost());
    } else {
        running.state->add(core::kMissingValue, BackendHost());
    }
    return running.datum;
}

std::vector<double> present_of(const core::SeriesState& state, core::Host& host) {
    core::require_memory(host, core::mul_size(state.values().size(), 2 * sizeof(double)),
                         "testing a series of " + std::to_string(state.values().size()) + " values");
    core::PollEvery poll(host);
    return core::present_values(state.values(), poll);
}

std::optional<std::size_t> lags_of(const core::SeriesState& state) {
    const auto lags = state.options().number(0);
    if (!lags) return std::nullopt;
    if (*lags < 0) out_of_range("number of lags", *lags, "Use 0 or more, or leave it to a rule.");
    return static_cast<std::size_t>(*lags);
}

core::Deterministic deterministic_of(const core::SeriesState& state) {
    const auto word = state.options().word(0);
    return word ? core::parse_deterministic(*word) : core::Deterministic::kConstant;
}

Datum test_datum(FunctionCallInfo fcinfo, const core::StationarityTest& test, bool is_stationary,
                 const std::string& meaning) {
    RowValues<7> row;
    row.put(test.statistic);
    row.put(test.p_value);
    row.put(test.critical_value);
    if (test.statistic)
        row.put_datum(Int32GetDatum(static_cast<std::int32_t>(test.lags)));
    else
        row.skip(1);
    row.put(static_cast<std::int64_t>(test.n));
    if (test.p_value)
        row.put_datum(BoolGetDatum(is_stationary));
    else
        row.skip(1);
    row.put_datum(text_datum(meaning));
    return row.datum(fcinfo);
}

// Candidates in ascending order, each once.
std::vector<std::size_t> candidates_of(const core::SeriesState& state) {
    if (const auto grain = state.options().word(0)) return core::candidate_periods(*grain);
    std::vector<std::size_t> periods;
    for (const auto& period : state.options().numbers)
        if (period) periods.push_back(period_of(*period, 2));
    std::sort(periods.begin(), periods.end());
    periods.erase(std::unique(periods.begin(), periods.end()), periods.end());
    return periods;
}

std::vector<std::size_t> periods_of(const std::vector<core::Season>& seasons) {
    std::vector<std::size_t> periods;
    for (const core::Season& season : seasons) periods.push_back(season.period);
    return periods;
}

}  // namespace

// (value float8, period int, seasonal_window int, trend_window int, robust boolean) window, returns ecom.stl_result:
// trend float8, seasonal float8, remainder float8, weight float8
ECOM_FUNCTION(ecom_stl) {
    const WindowObject window = PG_WINDOW_OBJECT();
    const auto& result = partition_result<core::StlResult>(window, [&] {
        BackendHost host;
        const WindowParams given(window);
        core::StlParams params;
        params.period = period_of(DatumGetInt32(given.required(1, "period")), 1);
        params.seasonal_window.reset();
        if (const auto width = given.optional(2)) params.seasonal_window = window_of(DatumGetInt32(*width));
        if (const auto width = given.optional(3)) params.trend_window = window_of(DatumGetInt32(*width));
        params.robust = DatumGetBool(given.required(4, "robust"));
        params.check();
        const std::size_t n = row_count(window);
        const auto values = decomposed_values(window, core::stl_bytes(n, std::min(params.period, n)), host);
        if (!core::is_decomposable(values, params.period)) return core::StlResult{};
        return core::stl(values, params, host);
    });
    RowValues<4> row;
    if (result.trend.empty()) {
        row.skip(4);
    } else {
        const std::size_t i = current_row(window);
        row.put(or_null(result.trend[i]));
        row.put(or_null(result.seasonal[i]));
        row.put(or_null(result.remainder[i]));
        row.put(or_null(result.weight[i]));
    }
    return row.datum(fcinfo);
}

// (value float8, periods int[], seasonal_windows int[], robust boolean, growth_first boolean) window, returns ecom.mstl_result:
// trend float8, seasonals float8[], remainder float8
ECOM_FUNCTION(ecom_mstl) {
    const WindowObject window = PG_WINDOW_OBJECT();
    const auto& result = partition_result<core::MstlResult>(window, [&] {
        BackendHost host;
        const WindowParams given(window);
        core::MstlParams params;
        for (const std::int64_t period : int4_array(given.required(1, "periods"), "periods"))
            params.periods.push_back(period_of(period, 2));
        if (const auto windows = given.optional(2))
            for (const std::int64_t width : int4_array(*windows, "seasonal_windows"))
                params.seasonal_windows.push_back(window_of(width));
        params.robust = DatumGetBool(given.required(3, "robust"));
        params.growth_first = DatumGetBool(given.required(4, "growth_first"));
        params.check();
        return core::mstl(decomposed_values(window, core::mstl_bytes(row_count(window), params), host), params, host);
    });
    RowValues<3> row;
    if (result.trend.empty()) {
        row.skip(3);
        return row.datum(fcinfo);
    }
    const std::size_t i = current_row(window);
    const auto count = static_cast<int>(result.seasonals.size());
    std::vector<Datum> seasonals(result.seasonals.size());
    const auto nulls = std::make_unique<bool[]>(result.seasonals.size() + 1);
    for (std::size_t k = 0; k < result.seasonals.size(); ++k) {
        nulls[k] = result.seasonals[k].empty();
        if (!nulls[k]) seasonals[k] = Float8GetDatum(result.seasonals[k][i]);
    }
    row.put(or_null(result.trend[i]));
    row.put_datum(call([&] {
        int dimensions[] = {count};
        int bounds[] = {1};
        return PointerGetDatum(construct_md_array(seasonals.data(), nulls.get(), count == 0 ? 0 : 1, dimensions,
                                                  bounds, FLOAT8OID, sizeof(double), FLOAT8PASSBYVAL,
                                                  TYPALIGN_DOUBLE));
    }));
    row.put(or_null(result.remainder[i]));
    return row.datum(fcinfo);
}

// (value float8, period int, type text) window, returns ecom.decompose_result:
// trend float8, seasonal float8, remainder float8
ECOM_FUNCTION(ecom_decompose) {
    const WindowObject window = PG_WINDOW_OBJECT();
    const auto& result = partition_result<core::ClassicalResult>(window, [&] {
        BackendHost host;
        const WindowParams given(window);
        const std::size_t period = period_of(DatumGetInt32(given.required(1, "period")), 2);
        const std::string_view type = bytes_arg(given.required(2, "type"));
        if (type != "additive" && type != "multiplicative")
            throw core::Error(core::ErrorCode::kInvalidArgument, "type \"" + std::string(type) + "\" is not known",
                              "Use additive or multiplicative.");
        const std::size_t n = row_count(window);
        const auto values = decomposed_values(window, core::classical_bytes(n, std::min(period, n)), host);
        core::PollEvery poll(host);
        if (core::present_values(values, poll).size() / 2 < period) return core::ClassicalResult{};
        return core::classical_decomposition(values, period,
                                             type == "additive" ? core::DecompositionType::kAdditive
                                                                : core::DecompositionType::kMultiplicative,
                                             host);
    });
    RowValues<3> row;
    if (result.trend.empty()) {
        row.skip(3);
    } else {
        const std::size_t i = current_row(window);
        row.put(or_null(result.trend[i]));
        row.put(or_null(result.seasonal[i]));
        row.put(or_null(result.remainder[i]));
    }
    return row.datum(fcinfo);
}

// (state, value float8 [, number int [, number int]])
ECOM_FUNCTION(ecom_series_add) {
    return add_value(fcinfo, [&](const Args& args) {
        std::vector<std::optional<std::int64_t>> numbers;
        for (int i = 2; i < PG_NARGS(); ++i) numbers.emplace_back(args.optional_int4(i));
        return with_numbers(std::move(numbers));
    });
}

// (state, value float8, periods int[])
ECOM_FUNCTION(ecom_series_add_periods) {
    return add_value(fcinfo, [](const Args& args) {
        if (args.is_null(2))
            throw core::Error(core::ErrorCode::kInvalidArgument, "periods must not be NULL", kPeriodHint);
        std::vector<std::optional<std::int64_t>> numbers;
        for (const std::int64_t period : int4_array(args.datum(2), "periods")) numbers.emplace_back(period);
        return with_numbers(std::move(numbers));
    });
}

// (state, value float8, model text)
ECOM_FUNCTION(ecom_series_add_model) {
    return add_value(fcinfo, [](const Args& args) {
        return core::SeriesState::Options{{}, {std::string(args.text(2, "model"))}};
    });
}

// (state, value float8, grain text)
ECOM_FUNCTION(ecom_series_add_grain) {
    return add_value(fcinfo, [](const Args& args) {
        return core::SeriesState::Options{{}, {std::string(args.text(2, "grain"))}};
    });
}

// (state, value float8, model text, lags int)
ECOM_FUNCTION(ecom_series_add_lags) {
    return add_value(fcinfo, [](const Args& args) {
        return core::SeriesState::Options{{args.optional_int4(3)}, {std::string(args.text(2, "model"))}};
    });
}

// (state, value float8, model text, lag_rule text)
ECOM_FUNCTION(ecom_series_add_rule) {
    return add_value(fcinfo, [](const Args& args) {
        return core::SeriesState::Options{
            {}, {std::string(args.text(2, "model")), std::string(args.text(3, "lag_rule"))}};
    });
}

// (state, lags int, level float8) returns setof (lag int, acf float8, pacf float8, low float8, high float8,
// ljung_box float8, p_value float8)
ECOM_FUNCTION(ecom_acf_rows) {
    RowSink rows(fcinfo);
    const Args args(fcinfo);
    const double level = args.required_float8(2, "level");
    core::check_level(level);
    if (args.is_null(0)) return static_cast<Datum>(0);
    const ReadableState<core::SeriesState> state(fcinfo, 0);
    const std::vector<double>& values = state->values();
    const auto wanted = args.optional_int4(1);
    if (wanted && (*wanted < 1 || static_cast<std::size_t>(*wanted) > core::kMaxLags))
        out_of_range("number of lags", *wanted, "Use 1 to 10000 lags.");
    if (values.size() < 2) return static_cast<Datum>(0);
    const std::size_t lags = wanted ? std::min(static_cast<std::size_t>(*wanted), values.size() - 1)
                                    : core::default_lags(values.size());
    BackendHost host;
    core::require_memory(host, core::autocorrelation_bytes(values.size(), lags),
                         "autocorrelations of " + std::to_string(values.size()) + " values");
    const core::Autocorrelations found = core::autocorrelations(values, lags, host);
    const double band = core::normal_critical(level) / std::sqrt(static_cast<double>(found.n));
    for (std::size_t k = 0; k < lags; ++k) {
        RowValues<7> row;
        row.put_datum(Int32GetDatum(static_cast<std::int32_t>(k + 1)));
        row.put(or_null(found.acf[k]));
        row.put(or_null(found.pacf[k]));
        if (std::isfinite(band)) {
            row.put(-band);
            row.put(band);
        } else {
            row.skip(2);
        }
        const auto statistic = or_null(found.statistic[k]);
        row.put(statistic);
        if (statistic)
            row.put(1.0 - core::chi_squared_cdf(*statistic, static_cast<double>(k + 1)));
        else
            row.skip(1);
        row.into(rows);
    }
    return static_cast<Datum>(0);
}

// (state) returns ecom.ljung_box_result: statistic float8, df int, p_value float8, n bigint, is_noise boolean
ECOM_FUNCTION(ecom_ljung_box_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::SeriesState> state(fcinfo, 0);
    const std::size_t n = state->values().size();
    const auto given = state->options().number(0);
    const std::int64_t fitted = state->options().number(1).value_or(0);
    if (given && (*given < 1 || *given > static_cast<std::int64_t>(core::kMaxLags)))
        out_of_range("number of lags", *given, "Use 1 to 10000 lags; 10, or two periods of a season, are usual.");
    const auto lags = given ? static_cast<std::size_t>(*given)
                            : std::max<std::size_t>(1, std::min<std::size_t>(10, n / 5));
    if (fitted < 0 || fitted >= static_cast<std::int64_t>(lags))
        out_of_range("number of fitted parameters", fitted, "It is at least 0 and less than the number of lags.");
    BackendHost host;
    RowValues<5> row;
    std::optional<double> statistic;
    std::size_t present = 0;
    if (lags < n) {
        core::require_memory(host, core::autocorrelation_bytes(n, lags),
                             "autocorrelations of " + std::to_string(n) + " values");
        const core::Autocorrelations found = core::autocorrelations(state->values(), lags, host);
        statistic = or_null(found.statistic.back());
        present = found.n;
    } else {
        present = present_of(*state, host).size();
    }
    const auto df = static_cast<std::int32_t>(lags) - static_cast<std::int32_t>(fitted);
    row.put(statistic);
    row.put_datum(Int32GetDatum(df));
    if (statistic) {
        const double p = 1.0 - core::chi_squared_cdf(*statistic, df);
        row.put(p);
        row.put(static_cast<std::int64_t>(present));
        row.put_datum(BoolGetDatum(p >= 0.05));
    } else {
        row.skip(1);
        row.put(static_cast<std::int64_t>(present));
        row.skip(1);
    }
    return row.datum(fcinfo);
}

// (state) returns ecom.stationarity_result: statistic float8, p_value float8, critical_value float8, lags int, n bigint,
// is_stationary boolean, meaning text
ECOM_FUNCTION(ecom_adf_test_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::SeriesState> state(fcinfo, 0);
    BackendHost host;
    core::AdfParams params;
    params.deterministic = deterministic_of(*state);
    if (const auto rule = state->options().word(1)) params.lag_rule = core::parse_adf_lag_rule(*rule);
    params.lags = lags_of(*state);
    const core::StationarityTest test = core::adf_test(present_of(*state, host), params, host);
    return test_datum(fcinfo, test, test.p_value.value_or(1.0) < 0.05, core::adf_meaning(test, params.deterministic));
}

// (state), as ecom_adf_test_final
ECOM_FUNCTION(ecom_kpss_test_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::SeriesState> state(fcinfo, 0);
    BackendHost host;
    core::KpssParams params;
    params.deterministic = deterministic_of(*state);
    if (params.deterministic == core::Deterministic::kNone)
        throw core::Error(core::ErrorCode::kInvalidArgument, "the test needs a constant or a trend",
                          "Use the model constant or trend.");
    if (const auto rule = state->options().word(1)) params.lag_rule = core::parse_kpss_lag_rule(*rule);
    params.lags = lags_of(*state);
    const core::StationarityTest test = core::kpss_test(present_of(*state, host), params, host);
    return test_datum(fcinfo, test, test.p_value.value_or(0.0) >= 0.05, core::kpss_meaning(test, params.deterministic));
}

namespace {

using Strength = std::optional<double> (*)(const std::vector<double>&, std::size_t, core::Host&);

Datum strength_datum(FunctionCallInfo fcinfo, Strength strength, std::int64_t least_period) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::SeriesState> state(fcinfo, 0);
    const auto given = state->options().number(0);
    if (!given) throw core::Error(core::ErrorCode::kInvalidArgument, "period must not be NULL", kPeriodHint);
    const std::size_t period = period_of(*given, least_period);
    BackendHost host;
    const std::size_t n = state->values().size();
    core::require_memory(host, core::profile_bytes(n, {std::min(period, n)}),
                         "decomposing a series of " + std::to_string(n) + " values");
    const auto found = strength(state->values(), period, host);
    if (!found) PG_RETURN_NULL();
    PG_RETURN_FLOAT8(*found);
}

}  // namespace

// (state) returns float8
ECOM_FUNCTION(ecom_seasonal_strength_final) { return strength_datum(fcinfo, core::seasonal_strength, 2); }

// (state) returns float8
ECOM_FUNCTION(ecom_trend_strength_final) { return strength_datum(fcinfo, core::trend_strength, 1); }

// (state) returns int[]
ECOM_FUNCTION(ecom_seasonal_periods_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::SeriesState> state(fcinfo, 0);
    const std::vector<std::size_t> candidates = candidates_of(*state);
    BackendHost host;
    core::require_memory(host, core::profile_bytes(state->values().size(), candidates),
                         "decomposing a series of " + std::to_string(state->values().size()) + " values");
    return int4_array_datum(periods_of(core::find_seasons(state->values(), candidates, host)));
}

// (state) returns ecom.series_profile_result: n bigint, missing bigint, gaps bigint, trend text, slope float8,
// change_rate float8, trend_strength float8, periods int[], seasonal_share float8, seasonal_strength float8, stationarity text,
// adf_p_value float8, kpss_p_value float8, seasonal_differences int, differences int, summary text
ECOM_FUNCTION(ecom_series_profile_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::SeriesState> state(fcinfo, 0);
    const std::vector<std::size_t> candidates = candidates_of(*state);
    BackendHost host;
    core::require_memory(host, core::profile_bytes(state->values().size(), candidates),
                         "profiling a series of " + std::to_string(state->values().size()) + " values");
    const core::SeriesProfile profile = core::profile_series(state->values(), candidates, host);
    RowValues<16> row;
    row.put(static_cast<std::int64_t>(profile.n));
    row.put(static_cast<std::int64_t>(profile.missing));
    row.put(static_cast<std::int64_t>(profile.gaps));
    if (profile.trend)
        row.put_datum(text_datum(core::name_of(*profile.trend)));
    else
        row.skip(1);
    row.put(profile.slope);
    row.put(profile.change_rate);
    row.put(profile.trend_strength);
    if (profile.trend) {
        row.put_datum(int4_array_datum(periods_of(profile.seasons)));
        if (profile.seasons.empty())
            row.skip(1);
        else
            row.put(profile.seasons[0].share);
        row.put(profile.seasonal_strength);
        row.put_datum(text_datum(core::name_of(profile.stationarity)));
        row.put(profile.adf.p_value);
        row.put(profile.kpss.p_value);
        row.put_datum(Int32GetDatum(static_cast<std::int32_t>(profile.seasonal_differences)));
        row.put_datum(Int32GetDatum(static_cast<std::int32_t>(profile.differences)));
    } else {
        row.skip(8);
    }
    row.put_datum(text_datum(core::describe(profile, state->options().word(0).value_or("step"))));
    return row.datum(fcinfo);
}

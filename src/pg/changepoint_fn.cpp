// ecom.changepoints and ecom.extreme_deviates as window functions.
#include <cmath>

#include "core/base/budget.hpp"
#include "core/forecast/changepoints.hpp"
#include "core/forecast/extreme_deviates.hpp"
#include "core/forecast/series.hpp"
#include "pg/row_values.hpp"
#include "pg/window_series.hpp"

using namespace ecom;
using namespace ecom::pg;

namespace {

std::size_t row_count(WindowObject window) {
    return static_cast<std::size_t>(call([&] { return WinGetPartitionRowCount(window); }));
}

std::size_t current_row(WindowObject window) {
    return static_cast<std::size_t>(call([&] { return WinGetCurrentPosition(window); }));
}

// The values that are there, and the row of each.
struct Present {
    std::vector<double> values;
    std::vector<std::size_t> rows;
};

Present present_rows(WindowObject window, core::Host& host) {
    const std::vector<double> all = window_series(window, 0, host);
    Present present;
    for (std::size_t i = 0; i < all.size(); ++i) {
        core::check_series_value(all[i]);
        if (std::isnan(all[i])) continue;
        present.values.push_back(all[i]);
        present.rows.push_back(i);
    }
    return present;
}

struct Segments {
    std::vector<core::Segment> segments;
    std::vector<std::int32_t> of_row;  // counted from 1; 0 before the first value
    std::vector<bool> is_start;
};

Segments segments_of(WindowObject window) {
    BackendHost host;
    const WindowParams given(window);
    core::ChangepointParams params;
    params.change = core::parse_change(bytes_arg(given.required(1, "change")));
    if (const auto penalty = given.optional(2)) params.penalty = DatumGetFloat8(*penalty);
    const std::int32_t length = DatumGetInt32(given.required(3, "min_length"));
    params.min_length = length < 1 ? 0 : static_cast<std::size_t>(length);
    params.check();
    const std::size_t n = row_count(window);
    core::require_memory(host, core::changepoint_bytes(n) + 24 * n, "finding changes in a series of " + std::to_string(n) + " values");
    const Present present = present_rows(window, host);
    Segments result;
    result.segments = core::changepoints(present.values, params, host);
    result.of_row.assign(n, 0);
    result.is_start.assign(n, false);
    for (std::size_t s = 0; s < result.segments.size(); ++s) {
        const core::Segment& segment = result.segments[s];
        // A row without a value belongs to the segment before it.
        const std::size_t end = segment.end < present.rows.size() ? present.rows[segment.end] : n;
        for (std::size_t row = present.rows[segment.begin]; row < end; ++row) result.of_row[row] = static_cast<std::int32_t>(s + 1);
        result.is_start[present.rows[segment.begin]] = s > 0;
    }
    return result;
}

struct Deviates {
    std::vector<core::ExtremeDeviate> candidates;
    std::vector<std::int32_t> rank;  // of each row among them; 0: none
    std::vector<bool> is_present;
};

Deviates deviates_of(WindowObject window) {
    BackendHost host;
    const WindowParams given(window);
    core::ExtremeDeviateParams params;
    params.max_share = DatumGetFloat8(given.required(1, "max_share"));
    params.level = DatumGetFloat8(given.required(2, "level"));
    params.robust = DatumGetBool(given.required(3, "robust"));
    params.check();
    const std::size_t n = row_count(window);
    core::require_memory(host, core::extreme_deviate_bytes(n) + 24 * n, "finding outliers in a series of " + std::to_string(n) + " values");
    const Present present = present_rows(window, host);
    Deviates result;
    result.candidates = core::extreme_deviates(present.values, params, host);
    result.rank.assign(n, 0);
    result.is_present.assign(n, false);
    for (const std::size_t row : present.rows) result.is_present[row] = true;
    for (std::size_t k = 0; k < result.candidates.size(); ++k)
        result.rank[present.rows[result.candidates[k].index]] = static_cast<std::int32_t>(k + 1);
    return result;
}

}  // namespace

// (value float8, change text, penalty float8, min_length int) window, returns ecom.changepoint_result:
// segment int, is_change boolean, mean float8, deviation float8
ECOM_FUNCTION(ecom_changepoints) {
    const WindowObject window = PG_WINDOW_OBJECT();
    const auto& result = partition_result<Segments>(window, [&] { return segments_of(window); });
    const std::size_t row = current_row(window);
    RowValues<4> out;
    const std::int32_t segment = result.of_row[row];
    if (segment == 0) {
        out.skip(4);
    } else {
        out.put_datum(Int32GetDatum(segment));
        out.put_datum(BoolGetDatum(result.is_start[row]));
        out.put(result.segments[static_cast<std::size_t>(segment - 1)].mean);
        out.put(result.segments[static_cast<std::size_t>(segment - 1)].deviation);
    }
    return out.datum(fcinfo);
}

// (value float8, max_share float8, level float8, robust boolean) window, returns ecom.extreme_deviate_result:
// is_outlier boolean, rank int, statistic float8, critical float8
ECOM_FUNCTION(ecom_extreme_deviates) {
    const WindowObject window = PG_WINDOW_OBJECT();
    const auto& result = partition_result<Deviates>(window, [&] { return deviates_of(window); });
    const std::size_t row = current_row(window);
    RowValues<4> out;
    if (!result.is_present[row]) {
        out.skip(4);
    } else if (const std::int32_t rank = result.rank[row]; rank == 0) {
        out.put_datum(BoolGetDatum(false));
        out.skip(3);
    } else {
        const core::ExtremeDeviate& candidate = result.candidates[static_cast<std::size_t>(rank - 1)];
        out.put_datum(BoolGetDatum(candidate.is_outlier));
        out.put_datum(Int32GetDatum(rank));
        out.put(candidate.statistic);
        out.put(candidate.critical);
    }
    return out.datum(fcinfo);
}

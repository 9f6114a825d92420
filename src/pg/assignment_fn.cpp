// ecom.assign_cheapest: a window function that gives each place one of the options offered for it.
#include "core/prescribe/assignment.hpp"

#include <cmath>
#include <limits>

#include "core/base/budget.hpp"
#include "pg/host.hpp"
#include "pg/row_values.hpp"
#include "pg/window_series.hpp"

using namespace ecom;
using namespace ecom::pg;

namespace {

// Argument `arg` of every row of the partition, an int8 that must not be NULL.
std::vector<std::int64_t> key_column(WindowObject window, int arg, const char* name, core::Host& host) {
    return window_column<std::int64_t>(window, arg, host, [&](std::optional<Datum> datum) {
        if (!datum)
            throw core::Error(core::ErrorCode::kInvalidArgument, std::string("argument \"") + name + "\" must not be NULL",
                              "Leave rows without a key out.");
        return DatumGetInt64(*datum);
    });
}

core::Assignment assign(WindowObject window) {
    BackendHost host;
    const int64 rows = call([&] { return WinGetPartitionRowCount(window); });
    core::require_memory(host, core::mul_size(static_cast<std::size_t>(rows), sizeof(core::AssignmentOffer) + 6 * sizeof(double)),
                         "assigning " + std::to_string(rows) + " offers");
    const double target = DatumGetFloat8(WindowParams(window).required(5, "target"));
    const std::vector<std::int64_t> places = key_column(window, 0, "place", host);
    const std::vector<std::int64_t> options = key_column(window, 1, "option", host);
    const std::vector<double> quantity = window_series(window, 2, host);
    const std::vector<double> cost = window_series(window, 3, host);
    const std::vector<double> quality = window_series(window, 4, host);
    const std::vector<double> capacity = window_series(window, 6, host);
    std::vector<core::AssignmentOffer> offers;
    offers.reserve(places.size());
    for (std::size_t i = 0; i < places.size(); ++i)
        offers.push_back({places[i], options[i], quantity[i], cost[i], quality[i],
                          std::isnan(capacity[i]) ? std::numeric_limits<double>::infinity() : capacity[i]});
    return core::assign_cheapest(offers, target, host);
}

}  // namespace

// (place, option int8, quantity, cost, quality, target, capacity float8) window, returns ecom.assignment_result
ECOM_FUNCTION(ecom_assign_cheapest) {
    const WindowObject window = PG_WINDOW_OBJECT();
    const auto& assignment = partition_result<core::Assignment>(window, [&] { return assign(window); });
    const auto place = static_cast<std::size_t>(call([&] { return WinGetCurrentPosition(window); }));
    RowValues<6> row;
    row.put_datum(BoolGetDatum(assignment.chosen[place]));
    row.put_datum(BoolGetDatum(assignment.is_feasible));
    row.put_datum(BoolGetDatum(assignment.is_optimal));
    row.put(assignment.is_feasible ? std::optional(assignment.cost) : std::nullopt);
    row.put(assignment.quality);
    row.put(assignment.is_feasible ? std::optional(assignment.max_gap) : std::nullopt);
    return row.datum(fcinfo);
}

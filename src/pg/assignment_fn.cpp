// ecom.assign_cheapest, ecom.transport_cheapest and ecom.choose_sites: window functions that say who serves which place.
#include "core/prescribe/assignment.hpp"

#include <cmath>
#include <limits>

#include "core/base/budget.hpp"
#include "core/prescribe/sites.hpp"
#include "core/prescribe/transport.hpp"
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

struct Offers {
    std::vector<core::AssignmentOffer> rows;
    double target;
};

Offers read_offers(WindowObject window, core::Host& host) {
    const int64 rows = call([&] { return WinGetPartitionRowCount(window); });
    core::require_memory(host, core::mul_size(static_cast<std::size_t>(rows), sizeof(core::AssignmentOffer) + 6 * sizeof(double)),
                         "assigning " + std::to_string(rows) + " offers");
    Offers offers;
    offers.target = DatumGetFloat8(WindowParams(window).required(5, "target"));
    const std::vector<std::int64_t> places = key_column(window, 0, "place", host);
    const std::vector<std::int64_t> options = key_column(window, 1, "option", host);
    const std::vector<double> quantity = window_series(window, 2, host);
    const std::vector<double> cost = window_series(window, 3, host);
    const std::vector<double> quality = window_series(window, 4, host);
    const std::vector<double> capacity = window_series(window, 6, host);
    offers.rows.reserve(places.size());
    for (std::size_t i = 0; i < places.size(); ++i)
        offers.rows.push_back({places[i], options[i], quantity[i], cost[i], quality[i],
                               std::isnan(capacity[i]) ? std::numeric_limits<double>::infinity() : capacity[i]});
    return offers;
}

core::SiteChoice choose(WindowObject window) {
    BackendHost host;
    const int64 rows = call([&] { return WinGetPartitionRowCount(window); });
    core::require_memory(host, core::mul_size(static_cast<std::size_t>(rows), sizeof(core::SiteOffer) + 4 * sizeof(double)),
                         "choosing sites by " + std::to_string(rows) + " distances");
    const std::int32_t open = DatumGetInt32(WindowParams(window).required(4, "sites"));
    const std::vector<std::int64_t> places = key_column(window, 0, "place", host);
    const std::vector<std::int64_t> sites = key_column(window, 1, "site", host);
    const std::vector<double> weight = window_series(window, 2, host);
    const std::vector<double> distance = window_series(window, 3, host);
    std::vector<core::SiteOffer> offers;
    offers.reserve(places.size());
    for (std::size_t i = 0; i < places.size(); ++i) offers.push_back({places[i], sites[i], weight[i], distance[i]});
    return core::choose_sites(offers, open, host);
}

std::size_t current_row(WindowObject window) {
    return static_cast<std::size_t>(call([&] { return WinGetCurrentPosition(window); }));
}

std::optional<double> where(bool holds, double value) { return holds ? std::optional(value) : std::nullopt; }

}  // namespace

// (place, option int8, quantity, cost, quality, target, capacity float8) window, returns ecom.assignment_result
ECOM_FUNCTION(ecom_assign_cheapest) {
    const WindowObject window = PG_WINDOW_OBJECT();
    const auto& assignment = partition_result<core::Assignment>(window, [&] {
        BackendHost host;
        const Offers offers = read_offers(window, host);
        return core::assign_cheapest(offers.rows, offers.target, host);
    });
    RowValues<6> row;
    row.put_datum(BoolGetDatum(assignment.chosen[current_row(window)]));
    row.put_datum(BoolGetDatum(assignment.is_feasible));
    row.put_datum(BoolGetDatum(assignment.is_optimal));
    row.put(where(assignment.is_feasible, assignment.cost));
    row.put(assignment.quality);
    row.put(where(assignment.is_feasible, assignment.max_gap));
    return row.datum(fcinfo);
}

// (place, option int8, quantity, cost, quality, target, capacity float8) window, returns ecom.transport_result
ECOM_FUNCTION(ecom_transport_cheapest) {
    const WindowObject window = PG_WINDOW_OBJECT();
    const auto& transport = partition_result<core::Transport>(window, [&] {
        BackendHost host;
        const Offers offers = read_offers(window, host);
        return core::transport_cheapest(offers.rows, offers.target, host);
    });
    RowValues<5> row;
    row.put(transport.amount[current_row(window)]);
    row.put_datum(BoolGetDatum(transport.is_feasible));
    row.put(where(transport.is_feasible, transport.cost));
    row.put(transport.quality);
    row.put(where(transport.is_feasible, transport.quality_price));
    return row.datum(fcinfo);
}

// (place, site int8, weight, distance float8, sites int) window, returns ecom.site_result
ECOM_FUNCTION(ecom_choose_sites) {
    const WindowObject window = PG_WINDOW_OBJECT();
    const auto& choice = partition_result<core::SiteChoice>(window, [&] { return choose(window); });
    const std::size_t place = current_row(window);
    RowValues<6> row;
    row.put_datum(BoolGetDatum(choice.is_open[place]));
    row.put_datum(BoolGetDatum(choice.is_chosen[place]));
    row.put_datum(BoolGetDatum(choice.is_feasible));
    row.put_datum(BoolGetDatum(choice.is_optimal));
    row.put(where(choice.is_feasible, choice.total));
    row.put(where(choice.is_feasible, choice.max_gap));
    return row.datum(fcinfo);
}

// ecom.choose_within_budget, ecom.choose_option_within_budget and ecom.allocate_budget: window functions that divide one budget among rows.
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>

#include "core/base/budget.hpp"
#include "core/prescribe/allocation.hpp"
#include "core/prescribe/choice.hpp"
#include "core/prescribe/option_choice.hpp"
#include "pg/host.hpp"
#include "pg/row_values.hpp"
#include "pg/window_series.hpp"

extern "C" {
#include "utils/array.h"
}

using namespace ecom;
using namespace ecom::pg;

namespace {

// Argument `arg` of every row of the partition, NaN for NULL.
std::vector<double> column(WindowObject window, int arg, core::Host& host) {
    const int64 rows = call([&] { return WinGetPartitionRowCount(window); });
    core::require_memory(host, core::mul_size(static_cast<std::size_t>(rows), 8 * sizeof(double)),
                         "dividing a budget among " + std::to_string(rows) + " rows");
    return window_series(window, arg, host);
}

std::size_t current_row(WindowObject window) {
    return static_cast<std::size_t>(call([&] { return WinGetCurrentPosition(window); }));
}

struct ChannelPlan {
    std::vector<core::ResponseCurve> curves;  // of the rows that have one
    std::vector<std::size_t> place;           // by row: 1 + index of its curve, 0 for none
    core::Allocation allocation;
};

ChannelPlan plan_channels(WindowObject window) {
    BackendHost host;
    const WindowParams params(window);
    const double budget = DatumGetFloat8(params.required(3, "budget"));
    const std::vector<double> beta = column(window, 0, host);
    const std::vector<double> alpha = column(window, 1, host);
    const std::vector<double> half = column(window, 2, host);
    const std::vector<double> low = column(window, 4, host);
    const std::vector<double> high = column(window, 5, host);
    ChannelPlan plan;
    plan.place.resize(beta.size());
    std::vector<core::ChannelBounds> bounds;
    for (std::size_t i = 0; i < beta.size(); ++i) {
        if (std::isnan(beta[i]) || std::isnan(alpha[i]) || std::isnan(half[i])) continue;
        plan.curves.push_back({beta[i], alpha[i], half[i]});
        bounds.push_back({std::isnan(low[i]) ? 0.0 : low[i],
                          std::isnan(high[i]) ? std::numeric_limits<double>::infinity() : high[i]});
        plan.place[i] = plan.curves.size();
    }
    if (!plan.curves.empty()) plan.allocation = core::allocate_budget(plan.curves, bounds, budget, host);
    return plan;
}

// Reads float8[] arguments of a window function without a copy by the server for each: the bytes of a value in a row need not be
// aligned as an ArrayType is, so they are copied into one buffer.
class ArrayReader {
public:
    explicit ArrayReader(WindowObject window) : window_(window) {}

    // Argument `arg` of one row of the partition: appended, with NaN for its NULL elements. Returns how many.
    std::size_t append(int arg, int64 row, std::vector<double>& to) {
        bool is_null;
        const Datum value = call([&] {
            bool is_out;
            return WinGetFuncArgInPartition(window_, arg, static_cast<int>(row), WINDOW_SEEK_HEAD, false, &is_null, &is_out);
        });
        if (is_null) return 0;
        const std::string_view bytes = bytes_arg(value);
        buffer_.resize((VARHDRSZ + bytes.size()) / sizeof(double) + 1);
        std::memcpy(reinterpret_cast<char*>(buffer_.data()) + VARHDRSZ, bytes.data(), bytes.size());
        const auto* array = reinterpret_cast<const ArrayType*>(buffer_.data());
        std::size_t n = ARR_NDIM(array) > 0 ? 1 : 0;
        for (int d = 0; d < ARR_NDIM(array); ++d) n *= static_cast<std::size_t>(ARR_DIMS(array)[d]);
        const bits8* nulls = ARR_NULLBITMAP(array);
        const char* next = ARR_DATA_PTR(array);
        for (std::size_t i = 0; i < n; ++i) {
            if (nulls != nullptr && (nulls[i / 8] & (1 << (i % 8))) == 0) {
                to.push_back(std::numeric_limits<double>::quiet_NaN());
                continue;
            }
            double element;
            std::memcpy(&element, next, sizeof element);
            next += sizeof element;
            to.push_back(element);
        }
        return n;
    }

private:
    WindowObject window_;
    std::vector<double> buffer_;
};

core::OptionTable read_options(FunctionCallInfo fcinfo, WindowObject window, core::Host& host) {
    const int64 rows = call([&] { return WinGetPartitionRowCount(window); });
    core::OptionTable table;
    ArrayReader arrays(window);
    // Costs that are the same in all rows by their expression, as they mostly are, are read once.
    const bool is_constant = call([&] { return get_fn_expr_arg_stable(fcinfo->flinfo, 1); });
    std::vector<double> costs;
    if (is_constant && rows > 0) arrays.append(1, 0, costs);
    for (int64 row = 0; row < rows; ++row) {
        host.poll();
        if (table.value.size() == table.value.capacity())
            core::require_memory(host, core::mul_size(table.value.size(), 4 * sizeof(double)), "reading options");
        const std::size_t profits = arrays.append(0, row, table.value);
        if (is_constant)
            table.cost.insert(table.cost.end(), costs.begin(), costs.end());
        else
            arrays.append(1, row, table.cost);
        if (table.cost.size() != table.value.size())
            throw core::Error(core::ErrorCode::kInvalidArgument,
                              "a row has " + std::to_string(profits) + " profits and " +
                                  std::to_string(table.cost.size() - (table.value.size() - profits)) + " costs",
                              "Give both for every option, NULL where it is not on offer.");
        table.begin.push_back(table.value.size());
    }
    return table;
}

}  // namespace

// (value float8, cost float8, budget float8) window, returns ecom.choice_result
ECOM_FUNCTION(ecom_choose_within_budget) {
    const WindowObject window = PG_WINDOW_OBJECT();
    const auto& choice = partition_result<core::Choice>(window, [&] {
        BackendHost host;
        const double budget = DatumGetFloat8(WindowParams(window).required(2, "budget"));
        const std::vector<double> values = column(window, 0, host);
        const std::vector<double> costs = column(window, 1, host);
        std::vector<core::Offer> offers;
        offers.reserve(values.size());
        for (std::size_t i = 0; i < values.size(); ++i) offers.push_back({values[i], costs[i]});
        return core::choose_within_budget(offers, budget, host);
    });
    RowValues<3> row;
    row.put_datum(BoolGetDatum(choice.chosen[current_row(window)]));
    row.put_datum(BoolGetDatum(choice.is_optimal));
    row.put(choice.max_gap);
    return row.datum(fcinfo);
}

// (profits float8[], costs float8[], budget float8) window, returns ecom.option_choice_result
ECOM_FUNCTION(ecom_choose_option_within_budget) {
    const WindowObject window = PG_WINDOW_OBJECT();
    const auto& choice = partition_result<core::OptionChoice>(window, [&] {
        BackendHost host;
        const double budget = DatumGetFloat8(WindowParams(window).required(2, "budget"));
        return core::choose_options(read_options(fcinfo, window, host), budget, host);
    });
    RowValues<3> row;
    const std::int32_t option = choice.option[current_row(window)];
    if (option >= 0)
        row.put_datum(Int32GetDatum(option + 1));
    else
        row.skip(1);
    row.put_datum(BoolGetDatum(choice.is_optimal));
    row.put(choice.max_gap);
    return row.datum(fcinfo);
}

// (beta, alpha, half_saturation, budget, low, high float8) window, returns ecom.allocation_result
ECOM_FUNCTION(ecom_allocate_budget) {
    const WindowObject window = PG_WINDOW_OBJECT();
    const auto& plan = partition_result<ChannelPlan>(window, [&] { return plan_channels(window); });
    const std::size_t place = plan.place[current_row(window)];
    if (place == 0) PG_RETURN_NULL();
    const double spend = plan.allocation.spend[place - 1];
    const core::ResponseCurve& curve = plan.curves[place - 1];
    RowValues<3> row;
    row.put(spend);
    row.put(curve.response(spend));
    row.put(curve.marginal(spend));
    return row.datum(fcinfo);
}

// ecom.corr_agg, ecom.corr_rollup and ecom.corr_rows.
#include "core/stats/correlation.hpp"

#include <array>
#include <cmath>
#include <limits>

#include "pg/agg_state.hpp"
#include "pg/host.hpp"
#include "pg/row_values.hpp"

using namespace ecom;
using namespace ecom::pg;

namespace {

// One row of variables, NULL elements as NaN.
struct Variables {
    explicit Variables(Datum datum) {
        auto* value = reinterpret_cast<struct varlena*>(DatumGetPointer(datum));
        const ArrayType* array = VARATT_IS_EXTENDED(value)
                                     ? call([&] { return DatumGetArrayTypeP(datum); })
                                     : reinterpret_cast<const ArrayType*>(value);
        if (ARR_NDIM(array) > 1)
            throw core::Error(core::ErrorCode::kInvalidArgument,
                              "variables must be a one-dimensional array");
        count = ARR_NDIM(array) == 0 ? 0 : static_cast<std::size_t>(ARR_DIMS(array)[0]);
        if (count > core::kMaxCorrelated) return;  // refused with the number in the message
        const auto* present = reinterpret_cast<const double*>(ARR_DATA_PTR(array));
        const bits8* bitmap = ARR_NULLBITMAP(array);
        for (std::size_t i = 0; i < count; ++i) {
            if (bitmap != nullptr && (bitmap[i / 8] & (1 << i % 8)) == 0) {
                values[i] = std::numeric_limits<double>::quiet_NaN();
                continue;
            }
            values[i] = *present++;
            // In the core NaN stands for a missing value.
            if (std::isnan(values[i]))
                throw core::Error(core::ErrorCode::kNonFiniteInput,
                                  "values to be correlated must be finite",
                                  "Filter NaN values out, or turn them into NULL.");
        }
    }

    std::size_t count;
    std::array<double, core::kMaxCorrelated> values;
};

// The elements of a text[], or the numbers 1, 2, ... when it is NULL.
std::vector<std::string> names_arg(const Args& args, int i, std::size_t count) {
    std::vector<std::string> names;
    if (args.is_null(i)) {
        for (std::size_t k = 1; k <= count; ++k) names.push_back(std::to_string(k));
        return names;
    }
    const Datum value = args.datum(i);
    struct Elements {
        Datum* datums;
        bool* nulls;
        int count;
    };
    const Elements elements = call([&] {
        Elements e;
        deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT, &e.datums,
                          &e.nulls, &e.count);
        return e;
    });
    for (int k = 0; k < elements.count; ++k) {
        if (elements.nulls[k])
            throw core::Error(core::ErrorCode::kInvalidArgument, "names must not be NULL");
        names.emplace_back(bytes_arg(elements.datums[k]));
    }
    if (names.size() != count)
        throw core::Error(core::ErrorCode::kInvalidArgument,
                          std::to_string(names.size()) + " names for " + std::to_string(count) +
                              " variables",
                          "Give one name for each element of the array that ecom.corr_agg got.");
    return names;
}

}  // namespace

// (state, variables float8[] [, method text])
ECOM_FUNCTION(ecom_corr_add) {
    const Args args(fcinfo);
    if (args.is_null(1)) {
        if (args.is_null(0)) PG_RETURN_NULL();
        return args.datum(0);
    }
    const Variables row(args.datum(1));
    const auto running = writable_state<core::CorrelationState>(fcinfo, [&] {
        return core::CorrelationState(row.count, PG_NARGS() < 3 ? core::CorrelationMethod::kPearson
                                                                : core::parse_correlation_method(
                                                                      args.text(2, "method")));
    });
    if (running.state->variables() != row.count)
        throw core::Error(core::ErrorCode::kInvalidArgument,
                          "rows have different numbers of variables: " +
                              std::to_string(running.state->variables()) + " and " +
                              std::to_string(row.count),
                          "Pass an array of the same length in every row, with NULL for what is missing.");
    running.state->add(row.values.data(), BackendHost());
    return running.datum;
}

ECOM_FUNCTION(ecom_corr_combine) {
    BackendHost host;
    return combine_states<core::CorrelationState>(fcinfo, host);
}

// (state, names text[], level float8) returns setof (x text, y text, n bigint, r float8,
// p_value float8, ci_low float8, ci_high float8)
ECOM_FUNCTION(ecom_corr_rows) {
    RowSink rows(fcinfo);
    const Args args(fcinfo);
    if (args.is_null(0)) return static_cast<Datum>(0);
    const ReadableState<core::CorrelationState> state(fcinfo, 0);
    const std::vector<std::string> names = names_arg(args, 1, state->variables());
    std::vector<Datum> name_datums;
    for (const std::string& name : names) name_datums.push_back(text_datum(name));

    BackendHost host;
    for (const core::Correlation& pair : state->correlations(args.required_float8(2, "level"), host)) {
        RowValues<7> row;
        row.put_datum(name_datums[pair.x]);
        row.put_datum(name_datums[pair.y]);
        row.put(pair.n);
        for (const auto& estimate : {pair.r, pair.p_value, pair.low, pair.high}) row.put(estimate);
        row.into(rows);
    }
    return static_cast<Datum>(0);
}

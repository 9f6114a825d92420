// ecom.silhouette_score, ecom.davies_bouldin_score, ecom.calinski_harabasz_score and ecom.adjusted_rand_index.
#include "core/stats/cluster_metrics.hpp"

#include <optional>
#include <string>

#include "core/stats/labelled_rows.hpp"
#include "core/stats/rand_index.hpp"
#include "pg/agg_state.hpp"
#include "pg/feature_array.hpp"
#include "pg/host.hpp"
#include "pg/window_series.hpp"

using namespace ecom;
using namespace ecom::pg;

namespace {

// A bigint as bytes that sort as the numbers do.
struct NumberLabel {
    explicit NumberLabel(Datum datum) {
        const std::uint64_t bits = static_cast<std::uint64_t>(DatumGetInt64(datum)) ^ std::uint64_t{1} << 63;
        for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(bits >> (56 - 8 * i) & 0xff);
    }
    std::string_view view() const { return {bytes, sizeof bytes}; }

    char bytes[8];
};

struct TextLabel {
    explicit TextLabel(Datum datum) : bytes(bytes_arg(datum)) {}
    std::string_view view() const { return bytes; }

    std::string_view bytes;
};

Datum unchanged(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    return PG_GETARG_DATUM(0);
}

// (state, features float8[], label [, sample_size int])
template <typename Label>
Datum add_labelled_row(FunctionCallInfo fcinfo) {
    const Args args(fcinfo);
    if (args.is_null(1) || args.is_null(2)) return unchanged(fcinfo);
    const FeatureArray row(args.datum(1));
    const auto running = writable_state<core::LabelledRowsState>(fcinfo, [&] {
        std::optional<int> sample;
        if (PG_NARGS() > 3) sample = args.int4(3, "sample_size");
        return core::LabelledRowsState(row.count, sample);
    });
    core::require_same_dimension(running.state->features(), row.count);
    running.state->add(row.values, Label(args.datum(2)).view(), BackendHost());
    return running.datum;
}

// (state, label_a, label_b)
template <typename Label>
Datum add_pair(FunctionCallInfo fcinfo) {
    const Args args(fcinfo);
    if (args.is_null(1) || args.is_null(2)) return unchanged(fcinfo);
    const auto running = writable_state<core::ContingencyState>(fcinfo, [] { return core::ContingencyState(); });
    running.state->add(Label(args.datum(1)).view(), Label(args.datum(2)).view(), BackendHost());
    return running.datum;
}

// Silhouettes of a partition's rows, nothing for rows without features or label.
struct PartitionSilhouettes {
    std::vector<std::optional<double>> of_row;
};

template <typename Label>
PartitionSilhouettes partition_silhouettes(WindowObject window) {
    BackendHost host;
    PartitionRows rows(window, host);
    PartitionSilhouettes result;
    std::optional<core::LabelledRowsState> state;
    for (int row = 0; row < rows.count(); ++row) {
        const auto features = rows.argument(row, 0);
        const auto label = rows.argument(row, 1);
        result.of_row.push_back(features && label ? std::optional<double>(0.0) : std::nullopt);
        if (!result.of_row.back()) continue;
        const FeatureArray array(*features);
        if (!state) state.emplace(array.count, std::nullopt);
        core::require_same_dimension(state->features(), array.count);
        state->add(array.values, Label(*label).view(), host);
    }
    if (!state) return result;
    const std::vector<double> values = state->silhouettes_of_rows(host);
    std::size_t next = 0;
    for (auto& silhouette : result.of_row)
        if (silhouette) silhouette = values[next++];
    return result;
}

// (features float8[], label) window
template <typename Label>
Datum silhouette_of_row(FunctionCallInfo fcinfo) {
    const WindowObject window = PG_WINDOW_OBJECT();
    const auto& silhouettes = partition_result<PartitionSilhouettes>(window, [&] { return partition_silhouettes<Label>(window); });
    const auto& value = silhouettes.of_row[static_cast<std::size_t>(call([&] { return WinGetCurrentPosition(window); }))];
    if (!value) PG_RETURN_NULL();
    return Float8GetDatum(*value);
}

}  // namespace

ECOM_FUNCTION(ecom_silhouette_number_row) { return silhouette_of_row<NumberLabel>(fcinfo); }
ECOM_FUNCTION(ecom_silhouette_text_row) { return silhouette_of_row<TextLabel>(fcinfo); }

ECOM_FUNCTION(ecom_labelled_number_add) { return add_labelled_row<NumberLabel>(fcinfo); }
ECOM_FUNCTION(ecom_labelled_text_add) { return add_labelled_row<TextLabel>(fcinfo); }

ECOM_FUNCTION(ecom_labelled_combine) {
    BackendHost host;
    return combine_states<core::LabelledRowsState>(fcinfo, host);
}

ECOM_FUNCTION(ecom_silhouette_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::LabelledRowsState> state(fcinfo, 0);
    BackendHost host;
    return Float8GetDatum(state->silhouette(host));
}

ECOM_FUNCTION(ecom_davies_bouldin_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::LabelledRowsState> state(fcinfo, 0);
    BackendHost host;
    return Float8GetDatum(core::davies_bouldin(state->clustered(host), host));
}

ECOM_FUNCTION(ecom_calinski_harabasz_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::LabelledRowsState> state(fcinfo, 0);
    BackendHost host;
    return Float8GetDatum(core::calinski_harabasz(state->clustered(host), host));
}

ECOM_FUNCTION(ecom_pair_number_add) { return add_pair<NumberLabel>(fcinfo); }
ECOM_FUNCTION(ecom_pair_text_add) { return add_pair<TextLabel>(fcinfo); }

ECOM_FUNCTION(ecom_pair_combine) {
    BackendHost host;
    return combine_states<core::ContingencyState>(fcinfo, host);
}

ECOM_FUNCTION(ecom_adjusted_rand_index_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::ContingencyState> state(fcinfo, 0);
    BackendHost host;
    return Float8GetDatum(state->adjusted_rand_index(host));
}

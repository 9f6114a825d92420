// k-means: the window function, the aggregate, and what a fitted model answers.
#include "core/cluster/kmeans_fit.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/base/json.hpp"
#include "pg/agg_state.hpp"
#include "pg/feature_array.hpp"
#include "pg/row_values.hpp"
#include "pg/window_series.hpp"

extern "C" {
#include "utils/jsonb.h"
}

using namespace ecom;
using namespace ecom::pg;

namespace {

std::string json_of(Datum datum) {
    return call([&] {
        Jsonb* json = DatumGetJsonbP(datum);
        return static_cast<const char*>(JsonbToCString(nullptr, &json->root, VARSIZE(json)));
    });
}

Datum float8_array_datum(const double* numbers, std::size_t count) {
    const NewFloat8Array array(count);
    std::copy(numbers, numbers + count, array.values);
    return array.datum();
}

// Clusters of a partition's rows, from 1; 0 for rows without features.
struct PartitionClusters {
    std::vector<std::int32_t> of_row;
};

PartitionClusters cluster_partition(WindowObject window) {
    BackendHost host;
    const WindowParams given(window);
    std::optional<int> clusters;
    if (const auto k = given.optional(1)) clusters = DatumGetInt32(*k);
    const std::string options = json_of(given.required(3, "options"));
    core::read_kmeans_params(clusters, core::from_json(options, "options"));
    const bool is_weighted = given.optional(2).has_value();

    PartitionRows rows(window, host);
    core::require_memory(host, core::mul_size(static_cast<std::size_t>(rows.count()), sizeof(std::int32_t)),
                         "clusters of " + std::to_string(rows.count()) + " rows");
    PartitionClusters result;
    result.of_row.reserve(static_cast<std::size_t>(rows.count()));
    std::optional<core::KmeansState> state;
    for (int row = 0; row < rows.count(); ++row) {
        const auto given_features = rows.argument(row, 0);
        result.of_row.push_back(given_features ? 1 : 0);
        if (!given_features) continue;
        const FeatureArray features(*given_features);
        if (!state) state.emplace(features.count, clusters, options, is_weighted);
        const auto weight = rows.argument(row, 2);
        // Either every row has a weight or none has.
        if (!is_weighted && weight) core::check_weight(std::nullopt);
        state->add(features.values, features.count, weight ? std::optional<double>(DatumGetFloat8(*weight)) : std::nullopt, host);
    }
    if (!state) return result;
    core::KmeansFit fit = state->fit(host);
    if (!fit.mini_batch_rows) {
        std::size_t next = 0;
        for (std::int32_t& cluster : result.of_row)
            if (cluster != 0) cluster = fit.result.labels[next++] + 1;
        return result;
    }
    // Not all rows were held: they are read again.
    state.reset();
    const core::KmeansModel model(std::move(fit));
    std::vector<double> scratch;
    for (int row = 0; row < rows.count(); ++row) {
        std::int32_t& cluster = result.of_row[static_cast<std::size_t>(row)];
        if (cluster == 0) continue;
        const FeatureArray features(*rows.argument(row, 0));
        cluster = static_cast<std::int32_t>(model.assign(features.values, scratch).cluster) + 1;
    }
    return result;
}

}  // namespace

// (features float8[], k int, weight float8, options jsonb) window
ECOM_FUNCTION(ecom_kmeans_segment) {
    const WindowObject window = PG_WINDOW_OBJECT();
    const auto& clusters = partition_result<PartitionClusters>(window, [&] { return cluster_partition(window); });
    const auto row = static_cast<std::size_t>(call([&] { return WinGetCurrentPosition(window); }));
    if (clusters.of_row[row] == 0) PG_RETURN_NULL();
    PG_RETURN_INT32(clusters.of_row[row]);
}

// (state, features float8[], k int [, options jsonb [, weight float8]])
ECOM_FUNCTION(ecom_kmeans_add) {
    const Args args(fcinfo);
    if (args.is_null(1)) {
        if (args.is_null(0)) PG_RETURN_NULL();
        return args.datum(0);
    }
    const FeatureArray features(args.datum(1));
    const bool is_weighted = PG_NARGS() > 4;
    const auto running = writable_state<core::KmeansState>(fcinfo, [&] {
        const bool has_options = PG_NARGS() > 3 && !args.is_null(3);
        return core::KmeansState(features.count, args.optional_int4(2), has_options ? json_of(args.datum(3)) : "{}",
                                 is_weighted);
    });
    BackendHost host;
    running.state->add(features.values, features.count, is_weighted ? args.float8(4) : std::nullopt, host);
    return running.datum;
}

ECOM_FUNCTION(ecom_kmeans_combine) {
    BackendHost host;
    return combine_states<core::KmeansState>(fcinfo, host);
}

ECOM_FUNCTION(ecom_kmeans_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::KmeansState> state(fcinfo, 0);
    BackendHost host;
    return varlena_datum(core::encode_model(core::KmeansModel(state->fit(host))));
}

namespace {

// Squared distances of the features in argument 1 to the centres of the model in argument 0.
std::vector<double> squared_distances(FunctionCallInfo fcinfo, const core::KmeansModel& model) {
    const FeatureArray features(fcinfo->args[1].value);
    features.require(model.features());
    return model.squared_distances(model.preprocessed(features.values));
}

}  // namespace

// (model, features float8[]), strict
ECOM_FUNCTION(ecom_kmeans_predict) {
    const auto squared = squared_distances(fcinfo, model_arg<core::KmeansModel>(fcinfo, 0));
    PG_RETURN_INT32(static_cast<std::int32_t>(core::nearest_cluster(squared)) + 1);
}

// (model, features float8[]), strict
ECOM_FUNCTION(ecom_kmeans_distances) {
    auto distances = squared_distances(fcinfo, model_arg<core::KmeansModel>(fcinfo, 0));
    for (double& distance : distances) distance = std::sqrt(distance);
    return float8_array_datum(distances.data(), distances.size());
}

// (model, features float8[]), strict
ECOM_FUNCTION(ecom_kmeans_features) {
    const auto& model = model_arg<core::KmeansModel>(fcinfo, 0);
    const FeatureArray features(fcinfo->args[1].value);
    features.require(model.features());
    const auto measured = model.preprocessed(features.values);
    return float8_array_datum(measured.data(), measured.size());
}

// (model, features float8[]), strict, returns ecom.kmeans_assignment: cluster int, distance float8, silhouette float8
ECOM_FUNCTION(ecom_kmeans_assign) {
    const auto& model = model_arg<core::KmeansModel>(fcinfo, 0);
    const FeatureArray features(fcinfo->args[1].value);
    features.require(model.features());
    const core::ClusterAssignment assignment = model.assign(features.values, CallSite::of(fcinfo).kept<std::vector<double>>());
    RowValues<3> row;
    row.put_datum(Int32GetDatum(static_cast<std::int32_t>(assignment.cluster) + 1));
    row.put(assignment.distance);
    row.put(assignment.silhouette);
    return row.datum(fcinfo);
}

// (model), strict, returns setof: cluster int, size bigint, weight float8, center float8[], scaled_center float8[]
ECOM_FUNCTION(ecom_kmeans_centers) {
    const auto& model = model_arg<core::KmeansModel>(fcinfo, 0);
    RowSink rows(fcinfo);
    for (std::size_t c = 0; c < model.clusters(); ++c) {
        const double* const center = model.fit().result.center(c);
        RowValues<5> row;
        row.put_datum(Int32GetDatum(static_cast<std::int32_t>(c) + 1));
        row.put(model.fit().result.sizes[c]);
        row.put(model.fit().result.masses[c]);
        const auto original = model.original_center(c);
        row.put_datum(float8_array_datum(original.data(), original.size()));
        row.put_datum(float8_array_datum(center, model.features()));
        row.into(rows);
    }
    return static_cast<Datum>(0);
}

// (model), strict, returns setof: k int, inertia float8, silhouette float8, calinski_harabasz float8, gap float8,
// gap_error float8, is_elbow boolean, is_chosen boolean, silhouette_rows bigint
ECOM_FUNCTION(ecom_kmeans_trials) {
    const auto& fit = model_arg<core::KmeansModel>(fcinfo, 0).fit();
    RowSink rows(fcinfo);
    for (const core::ClusterTrial& trial : fit.trials) {
        RowValues<9> row;
        row.put_datum(Int32GetDatum(trial.clusters));
        row.put(trial.inertia);
        row.put(trial.silhouette);
        row.put(trial.calinski_harabasz);
        row.put(trial.gap);
        row.put(trial.gap_error);
        row.put_datum(BoolGetDatum(trial.is_elbow));
        row.put_datum(BoolGetDatum(static_cast<std::size_t>(trial.clusters) == fit.result.clusters()));
        row.put(fit.silhouette_rows);
        row.into(rows);
    }
    return static_cast<Datum>(0);
}

// ecom.recommender_fit, ecom.recommend_items, ecom.recommender_items and what a refresh stores.
#include "core/recommend/scorer.hpp"

#include <algorithm>

#include "pg/recommend_shared.hpp"

using namespace ecom;
using namespace ecom::pg;
using core::Interactions;
using core::ItemModel;

namespace {

// Items of the history that the model knows, each once, ascending.
std::vector<std::uint32_t> history_arg(FunctionCallInfo fcinfo, int arg, const ItemModel& model) {
    std::vector<std::uint32_t> history;
    if (PG_ARGISNULL(arg)) return history;
    const Datum datum = PG_GETARG_DATUM(arg);
    struct Elements {
        Datum* values;
        bool* nulls;
        int n;
        Oid type;
    };
    const Elements elements = call([&] {
        ArrayType* array = DatumGetArrayTypeP(datum);
        Elements e{nullptr, nullptr, 0, ARR_ELEMTYPE(array)};
        const bool is_text = e.type == TEXTOID;
        deconstruct_array(array, e.type, is_text ? -1 : 8, !is_text && FLOAT8PASSBYVAL, is_text ? TYPALIGN_INT : TYPALIGN_DOUBLE, &e.values, &e.nulls, &e.n);
        return e;
    });
    const bool is_text = elements.type == TEXTOID;
    if (is_text != (model.ids().type() == core::IdType::kText) && elements.n > 0)
        throw core::Error(core::ErrorCode::kWrongKind, std::string("history has ") + (is_text ? "text" : "bigint") + " ids, the model has the other type",
                          "Pass ids of the type that the model was fitted with.");
    for (int i = 0; i < elements.n; ++i) {
        if (elements.nulls[i]) continue;
        const auto number = is_text ? model.find(bytes_arg(elements.values[i])) : model.find(DatumGetInt64(elements.values[i]));
        if (number) history.push_back(*number);
    }
    std::sort(history.begin(), history.end());
    history.erase(std::unique(history.begin(), history.end()), history.end());
    return history;
}

Datum float4_array_unguarded(Datum* values, int n) { return PointerGetDatum(construct_array_builtin(values, n, FLOAT4OID)); }

}  // namespace

// (state, method text, k int, lambda float8, damping, shrink float8, min_users int, other_power float8, half_life_days,
// recent_days, trend_power float8, max_history int, max_items int, as_of timestamp, factors, iterations int, unobserved_weight float8,
// seed bigint) returns model
ECOM_FUNCTION(ecom_recommender_fit) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    BackendHost host;
    const Args args(fcinfo);
    core::RecommenderParams params;
    params.method = args.text(1, "method");
    params.k = args.int4(2, "k");
    params.lambda = args.float8(3);
    params.damping = args.float8(4);
    params.shrink = args.float8(5);
    params.min_users = args.int4(6, "min_users");
    params.other_power = args.float8(7);
    params.popularity.half_life_days = args.required_float8(8, "half_life_days");
    params.popularity.recent_days = args.required_float8(9, "recent_days");
    params.popularity.trend_power = args.required_float8(10, "trend_power");
    core::MatrixParams matrix_params;
    matrix_params.max_history = args.int4(11, "max_history");
    params.max_items = args.int4(12, "max_items");
    if (!args.is_null(13)) params.popularity.as_of = DatumGetTimestamp(args.datum(13));
    params.factors = args.int4(14, "factors");
    params.iterations = args.int4(15, "iterations");
    params.unobserved_weight = args.required_float8(16, "unobserved_weight");
    if (args.is_null(17)) throw core::Error(core::ErrorCode::kInvalidArgument, "argument \"seed\" must not be NULL");
    params.seed = DatumGetInt64(args.datum(17));
    params.check();
    const ReadableState<Interactions> state(fcinfo, 0);
    const core::InteractionMatrix matrix(*state, matrix_params, host);
    return varlena_datum(core::encode_model(ItemModel::fit(*state, matrix, params, host)));
}

// (model, history bigint[] or text[], n int, new_items bool, trend bool, fill bool)
// returns setof (rank int, item_key bigint, item_id text, score float8, source text, because_key bigint, because_id text,
// because_users int)
ECOM_FUNCTION(ecom_recommend_items) {
    RowSink rows(fcinfo);
    if (PG_ARGISNULL(0)) return static_cast<Datum>(0);
    const Args args(fcinfo);
    core::RecommendParams params;
    params.n = args.int4(2, "n");
    params.new_items = args.boolean(3, "new_items");
    params.trend = args.boolean(4, "trend");
    params.fill = args.boolean(5, "fill");
    const auto& model = model_arg<ItemModel>(fcinfo, 0);
    BackendHost host;
    const auto found = core::Scorer(model).recommend(history_arg(fcinfo, 1, model), params, host);
    constexpr int kColumns = 8;
    for (std::size_t i = 0; i < found.size(); ++i) {
        const core::Recommendation& r = found[i];
        call([&] {
            Datum values[kColumns] = {};
            bool nulls[kColumns] = {};
            values[0] = Int32GetDatum(static_cast<std::int32_t>(i + 1));
            put_id_unguarded(model.ids(), r.item, values + 1, nulls + 1);
            values[3] = Float8GetDatum(r.score);
            values[4] = PointerGetDatum(make_text_unguarded(r.is_popular ? "popular" : "history"));
            if (r.is_popular) {
                nulls[5] = nulls[6] = nulls[7] = true;
            } else {
                put_id_unguarded(model.ids(), r.because, values + 5, nulls + 5);
                values[7] = Int32GetDatum(static_cast<std::int32_t>(r.because_users));
                nulls[7] = r.because_users == 0;
            }
            rows.put_unguarded(values, nulls);
        });
    }
    return static_cast<Datum>(0);
}

// (model, trend boolean) returns setof (item_key bigint, item_id text, target_keys int[], weights real[], users int[]): the
// weights of integer ids, those of a source in one row, times the trend of the target where asked for.
ECOM_FUNCTION(ecom_recommender_weights) {
    RowSink rows(fcinfo);
    BackendHost host;
    const bool trend = PG_GETARG_BOOL(1);
    const auto& model = model_arg<ItemModel>(fcinfo, 0);
    if (model.ids().type() != core::IdType::kInteger)
        throw core::Error(core::ErrorCode::kWrongKind, "model has text ids, not keys", "Fit it over bigint item ids.");
    const core::ItemWeights& weights = model.weights();
    std::vector<Datum> buffers[3];
    const RowContext context;
    for (std::uint32_t i = 0; i < model.items(); ++i) {
        host.poll();
        for (auto& buffer : buffers) buffer.clear();
        for (std::size_t w = weights.begin[i]; w < weights.begin[i + 1]; ++w) {
            const core::ItemWeight& weight = weights.all[w];
            const double factor = trend ? model.popularity().trend[weight.target] : 1.0;
            buffers[0].push_back(Int32GetDatum(static_cast<std::int32_t>(model.ids().integer(weight.target))));
            buffers[1].push_back(Float4GetDatum(static_cast<float>(weight.weight * factor)));
            buffers[2].push_back(Int32GetDatum(static_cast<std::int32_t>(weight.users)));
        }
        if (buffers[0].empty()) continue;
        call([&] {
            const MemoryContext outer = MemoryContextSwitchTo(context.get());
            const int n = static_cast<int>(buffers[0].size());
            Datum values[4];
            bool nulls[4] = {};
            values[0] = Int32GetDatum(static_cast<std::int32_t>(model.ids().integer(i)));
            values[1] = PointerGetDatum(construct_array_builtin(buffers[0].data(), n, INT4OID));
            values[2] = float4_array_unguarded(buffers[1].data(), n);
            values[3] = PointerGetDatum(construct_array_builtin(buffers[2].data(), n, INT4OID));
            rows.put_unguarded(values, nulls);
            MemoryContextSwitchTo(outer);
            MemoryContextReset(context.get());
        });
    }
    return static_cast<Datum>(0);
}

// (model, state, n int, max_history int) returns setof (customer_key int, product_keys int[], scores real[], because_keys int[],
// customer_counts int[]): for every user of the state, over integer ids, what is new to it.
ECOM_FUNCTION(ecom_recommendation_lists) {
    RowSink rows(fcinfo);
    BackendHost host;
    const Args args(fcinfo);
    core::RecommendParams params;
    params.n = args.int4(2, "n");
    params.fill = false;
    core::MatrixParams matrix_params;
    matrix_params.max_history = args.int4(3, "max_history");
    const auto& model = model_arg<ItemModel>(fcinfo, 0);
    const ReadableState<Interactions> state(fcinfo, 1);
    if (model.ids().type() != core::IdType::kInteger || state->items().type() != core::IdType::kInteger || state->users().type() != core::IdType::kInteger)
        throw core::Error(core::ErrorCode::kWrongKind, "model or state has text ids, not keys", "Collect and fit over bigint ids.");
    const core::InteractionMatrix matrix(*state, matrix_params, host);
    bool same = matrix.items() == model.items();
    for (std::uint32_t i = 0; same && i < matrix.items(); ++i) same = state->items().integer(matrix.item_number(i)) == model.ids().integer(i);
    if (!same) throw core::Error(core::ErrorCode::kInvalidArgument, "model and state have different items", "Pass the state that the model was fitted on.");
    constexpr std::uint32_t kBlock = 4096;
    const auto key = [&](std::uint32_t item) { return Int32GetDatum(static_cast<std::int32_t>(model.ids().integer(item))); };
    std::vector<Datum> buffers[4];
    const RowContext context;
    for (std::uint32_t first = 0; first < matrix.users(); first += std::min(kBlock, matrix.users() - first)) {
        const std::uint32_t last = first + std::min(kBlock, matrix.users() - first);
        const auto lists = core::recommend_users(model, matrix, first, last, params, host);
        for (std::uint32_t user = first; user < last; ++user) {
            for (auto& buffer : buffers) buffer.clear();
            for (const core::Recommendation& r : lists[user - first]) {
                buffers[0].push_back(key(r.item));
                buffers[1].push_back(Float4GetDatum(static_cast<float>(r.score)));
                buffers[2].push_back(key(r.because));
                buffers[3].push_back(Int32GetDatum(static_cast<std::int32_t>(r.because_users)));
            }
            if (buffers[0].empty()) continue;
            call([&] {
                const MemoryContext outer = MemoryContextSwitchTo(context.get());
                const int n = static_cast<int>(buffers[0].size());
                Datum values[5];
                bool nulls[5] = {};
                values[0] = Int32GetDatum(static_cast<std::int32_t>(state->users().integer(matrix.user_number(user))));
                values[1] = PointerGetDatum(construct_array_builtin(buffers[0].data(), n, INT4OID));
                values[2] = float4_array_unguarded(buffers[1].data(), n);
                values[3] = PointerGetDatum(construct_array_builtin(buffers[2].data(), n, INT4OID));
                values[4] = PointerGetDatum(construct_array_builtin(buffers[3].data(), n, INT4OID));
                rows.put_unguarded(values, nulls);
                MemoryContextSwitchTo(outer);
                MemoryContextReset(context.get());
            });
        }
    }
    return static_cast<Datum>(0);
}

// (model) returns setof (item_key bigint, item_id text, rank int, users int, recent_users int, decayed_users float8, trend float8)
ECOM_FUNCTION(ecom_recommender_items) {
    RowSink rows(fcinfo);
    if (PG_ARGISNULL(0)) return static_cast<Datum>(0);
    BackendHost host;
    const auto& model = model_arg<ItemModel>(fcinfo, 0);
    const core::Popularity& popularity = model.popularity();
    constexpr int kColumns = 7;
    std::int32_t rank = 0;
    for (const std::uint32_t i : model.by_popularity()) {
        host.poll();
        if (popularity.users[i] == 0) continue;
        ++rank;
        call([&] {
            Datum values[kColumns] = {};
            bool nulls[kColumns] = {};
            put_id_unguarded(model.ids(), i, values, nulls);
            values[2] = Int32GetDatum(rank);
            values[3] = Int32GetDatum(static_cast<std::int32_t>(popularity.users[i]));
            values[4] = Int32GetDatum(static_cast<std::int32_t>(popularity.recent_users[i]));
            values[5] = Float8GetDatum(popularity.decayed_users[i]);
            values[6] = Float8GetDatum(popularity.trend[i]);
            rows.put_unguarded(values, nulls);
        });
    }
    return static_cast<Datum>(0);
}

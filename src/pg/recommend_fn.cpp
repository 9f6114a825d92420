// Interactions of users and items: the aggregate's transition functions and ecom.item_neighbors.
#include "core/recommend/similarity.hpp"

#include "pg/recommend_shared.hpp"

using namespace ecom;
using namespace ecom::pg;
using core::IdType;
using core::Interactions;

namespace {

std::int64_t integer_arg(FunctionCallInfo fcinfo, int arg) { return PG_GETARG_INT64(arg); }
std::string_view text_arg(FunctionCallInfo fcinfo, int arg) { return bytes_arg(PG_GETARG_DATUM(arg)); }

// (state, user, item [, weight float8, ts timestamp])
template <typename User, typename Item>
Datum add(FunctionCallInfo fcinfo, User user_arg, Item item_arg) {
    if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) {
        if (PG_ARGISNULL(0)) PG_RETURN_NULL();
        return PG_GETARG_DATUM(0);
    }
    constexpr bool integer_user = std::is_same_v<decltype(user_arg(fcinfo, 1)), std::int64_t>;
    constexpr bool integer_item = std::is_same_v<decltype(item_arg(fcinfo, 2)), std::int64_t>;
    const auto running = writable_state<Interactions>(fcinfo, [] {
        return Interactions(integer_user ? IdType::kInteger : IdType::kText, integer_item ? IdType::kInteger : IdType::kText);
    });
    if (running.state->users().type() != (integer_user ? IdType::kInteger : IdType::kText) ||
        running.state->items().type() != (integer_item ? IdType::kInteger : IdType::kText))
        core::Reader::corrupt();
    double weight = 1.0;
    std::int64_t at = Interactions::kNoTime;
    if (PG_NARGS() > 3) {
        if (!PG_ARGISNULL(3)) weight = PG_GETARG_FLOAT8(3);
        if (!PG_ARGISNULL(4)) {
            at = PG_GETARG_TIMESTAMP(4);
            if (TIMESTAMP_NOT_FINITE(at))
                throw core::Error(core::ErrorCode::kNonFiniteInput, "times must be finite", "Turn infinite times into NULL.");
        }
    }
    running.state->add(user_arg(fcinfo, 1), item_arg(fcinfo, 2), weight, at, BackendHost());
    return running.datum;
}

core::SimilarityParams similarity_args(const Args& args, int first) {
    core::SimilarityParams params;
    params.similarity = core::parse_similarity(args.text(first, "similarity"));
    params.k = args.int4(first + 1, "k");
    params.min_users = args.int4(first + 2, "min_users");
    params.shrink = args.float8(first + 3).value_or(params.similarity == core::Similarity::kLift ? core::kLiftShrink : 0.0);
    params.damping = args.required_float8(first + 4, "damping");
    params.own_power = args.required_float8(first + 5, "own_power");
    params.other_power = args.required_float8(first + 6, "other_power");
    params.check();
    return params;
}

// (state, similarity text, k int, min_users int, shrink, damping, own_power, other_power float8, max_history int)
// returns setof (key bigint, id text, rank int, neighbor_key bigint, neighbor_id text, score float8, users int)
Datum neighbor_rows(FunctionCallInfo fcinfo, bool of_users) {
    RowSink rows(fcinfo);
    if (PG_ARGISNULL(0)) return static_cast<Datum>(0);
    BackendHost host;
    const Args args(fcinfo);
    const core::SimilarityParams params = similarity_args(args, 1);
    core::MatrixParams matrix_params;
    matrix_params.max_history = args.int4(8, "max_history");
    matrix_params.transposed = of_users;
    const ReadableState<Interactions> state(fcinfo, 0);
    const core::InteractionMatrix matrix(*state, matrix_params, host);
    const core::Neighbors neighbors = core::item_neighbors(matrix, params, host);
    const core::IdTable& ids = of_users ? state->users() : state->items();

    constexpr int kColumns = 7;
    Datum values[kColumns] = {};
    bool nulls[kColumns] = {};
    const RowContext row_context;
    for (std::uint32_t i = 0; i < matrix.items(); ++i)
        for (std::size_t n = neighbors.begin[i]; n < neighbors.begin[i + 1]; ++n) {
            host.poll();
            const core::Neighbor& neighbor = neighbors.all[n];
            call([&] {
                const MemoryContext outer = MemoryContextSwitchTo(row_context.get());
                put_id_unguarded(ids, matrix.item_number(i), values, nulls);
                values[2] = Int32GetDatum(static_cast<std::int32_t>(n - neighbors.begin[i] + 1));
                put_id_unguarded(ids, matrix.item_number(neighbor.item), values + 3, nulls + 3);
                values[5] = Float8GetDatum(neighbor.score);
                values[6] = Int32GetDatum(static_cast<std::int32_t>(neighbor.users));
                rows.put_unguarded(values, nulls);
                MemoryContextSwitchTo(outer);
                if (ids.type() == IdType::kText) MemoryContextReset(row_context.get());
            });
        }
    return static_cast<Datum>(0);
}

}  // namespace

ECOM_FUNCTION(ecom_interactions_add_bigint_bigint) { return add(fcinfo, integer_arg, integer_arg); }
ECOM_FUNCTION(ecom_interactions_add_bigint_text) { return add(fcinfo, integer_arg, text_arg); }
ECOM_FUNCTION(ecom_interactions_add_text_bigint) { return add(fcinfo, text_arg, integer_arg); }
ECOM_FUNCTION(ecom_interactions_add_text_text) { return add(fcinfo, text_arg, text_arg); }

ECOM_FUNCTION(ecom_interactions_combine) {
    BackendHost host;
    return combine_states<Interactions>(fcinfo, host);
}

ECOM_FUNCTION(ecom_item_neighbors) { return neighbor_rows(fcinfo, false); }
ECOM_FUNCTION(ecom_user_neighbors) { return neighbor_rows(fcinfo, true); }

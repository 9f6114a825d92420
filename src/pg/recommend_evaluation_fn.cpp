// ecom.evaluate_recommender.
#include "core/recommend/evaluation.hpp"

#include "pg/recommend_shared.hpp"
#include "pg/row_values.hpp"

using namespace ecom;
using namespace ecom::pg;

// (state, method text, split text, cut timestamp, k int, neighbors int, lambda, damping, shrink float8, min_users int,
// other_power float8, trend_power float8, horizon_days float8, share float8, seed bigint, max_history int,
// factors, iterations int, unobserved_weight float8)
// returns (users bigint, recall, precision, ndcg, map, mrr, hit_rate, coverage, novelty float8)
ECOM_FUNCTION(ecom_evaluate_recommender) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    BackendHost host;
    const Args args(fcinfo);
    core::RecommenderParams recommender;
    recommender.method = args.text(1, "method");
    core::EvaluationParams params;
    params.split = core::parse_split(args.text(2, "split"));
    if (!args.is_null(3)) params.cut = DatumGetTimestamp(args.datum(3));
    params.k = args.int4(4, "k");
    recommender.k = args.int4(5, "neighbors");
    recommender.lambda = args.float8(6);
    recommender.damping = args.float8(7);
    recommender.shrink = args.float8(8);
    recommender.min_users = args.int4(9, "min_users");
    recommender.other_power = args.float8(10);
    recommender.popularity.trend_power = args.required_float8(11, "trend_power");
    params.horizon_days = args.required_float8(12, "horizon_days");
    params.share = args.required_float8(13, "share");
    if (args.is_null(14)) throw core::Error(core::ErrorCode::kInvalidArgument, "argument \"seed\" must not be NULL");
    params.seed = DatumGetInt64(args.datum(14));
    params.max_history = args.int4(15, "max_history");
    recommender.seed = params.seed;
    recommender.factors = args.int4(16, "factors");
    recommender.iterations = args.int4(17, "iterations");
    recommender.unobserved_weight = args.required_float8(18, "unobserved_weight");
    const ReadableState<core::Interactions> state(fcinfo, 0);
    const core::Evaluation result = core::evaluate_recommender(*state, recommender, params, host);
    RowValues<9> row;
    row.put(result.users);
    for (const double value : {result.metrics.recall, result.metrics.precision, result.metrics.ndcg, result.metrics.map, result.metrics.mrr, result.metrics.hit_rate,
                               result.coverage, result.novelty})
        row.put(value);
    return row.datum(fcinfo);
}

// ecom.frequent_itemsets, ecom.affordable_support and ecom.basket_rules over a state of baskets.
#include "core/recommend/rules.hpp"

#include "pg/recommend_shared.hpp"

using namespace ecom;
using namespace ecom::pg;
using core::Interactions;

namespace {

core::ItemsetParams itemset_args(const Args& args, int support, int min_length, int max_length) {
    core::ItemsetParams params;
    params.min_support = args.required_float8(support, "min_support");
    params.min_length = args.int4(min_length, "min_length");
    params.max_length = args.int4(max_length, "max_length");
    params.check();
    return params;
}

std::vector<std::string> names_of(const core::IdTable& ids, const core::InteractionMatrix& baskets, const std::uint32_t* items, std::size_t n) {
    std::vector<std::string> names;
    names.reserve(n);
    for (std::size_t i = 0; i < n; ++i) names.push_back(ids.name(baskets.item_number(items[i])));
    return names;
}

// One row, built and put in a context of its own.
template <int kColumns, typename Fill>
void put_row(RowSink& rows, const RowContext& context, const std::vector<std::string>& names, Fill fill) {
    Datum values[kColumns] = {};
    bool nulls[kColumns] = {};
    std::vector<Datum> buffer(names.size());
    Datum* const first = values;
    bool* const first_null = nulls;
    call([&] {
        const MemoryContext outer = MemoryContextSwitchTo(context.get());
        first[0] = text_array_unguarded(names, buffer);
        fill(first, first_null);
        rows.put_unguarded(first, first_null);
        MemoryContextSwitchTo(outer);
        MemoryContextReset(context.get());
    });
}

}  // namespace

// (state, min_support float8, min_length int, max_length int)
// returns setof (items text[], item_count int, baskets int, support float8)
ECOM_FUNCTION(ecom_frequent_itemsets) {
    RowSink rows(fcinfo);
    if (PG_ARGISNULL(0)) return static_cast<Datum>(0);
    BackendHost host;
    const core::ItemsetParams params = itemset_args(Args(fcinfo), 1, 2, 3);
    const ReadableState<Interactions> state(fcinfo, 0);
    const core::InteractionMatrix baskets(*state, {}, host);
    const core::Itemsets sets = core::frequent_itemsets(baskets, params, host);
    const RowContext context;
    for (std::size_t s = 0; s < sets.size(); ++s) {
        host.poll();
        if (sets.length(s) < static_cast<std::size_t>(params.min_length)) continue;
        put_row<4>(rows, context, names_of(state->items(), baskets, sets.set(s), sets.length(s)), [&](Datum* values, bool*) {
            values[1] = Int32GetDatum(static_cast<std::int32_t>(sets.length(s)));
            values[2] = Int32GetDatum(static_cast<std::int32_t>(sets.count[s]));
            values[3] = Float8GetDatum(static_cast<double>(sets.count[s]) / sets.baskets);
        });
    }
    return static_cast<Datum>(0);
}

// (state, max_itemsets int, min_support float8, max_length int) returns float8
ECOM_FUNCTION(ecom_affordable_support) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    BackendHost host;
    const Args args(fcinfo);
    core::ItemsetParams params;
    params.min_support = args.required_float8(2, "min_support");
    params.max_length = args.int4(3, "max_length");
    const std::int32_t max_itemsets = args.int4(1, "max_itemsets");
    const ReadableState<Interactions> state(fcinfo, 0);
    const core::InteractionMatrix baskets(*state, {}, host);
    return Float8GetDatum(core::affordable_support(baskets, params, static_cast<std::size_t>(std::max(max_itemsets, 0)), host));
}

// (state, min_support float8, min_confidence float8, min_length int, max_length int, max_q float8)
// returns setof (antecedent text[], consequent text, baskets int, support, coverage, confidence, lift, leverage,
// conviction, jaccard, cosine, kulczynski, imbalance, p_value, q_value float8)
ECOM_FUNCTION(ecom_basket_rules) {
    RowSink rows(fcinfo);
    if (PG_ARGISNULL(0)) return static_cast<Datum>(0);
    BackendHost host;
    const Args args(fcinfo);
    core::RuleParams params;
    params.min_confidence = args.required_float8(2, "min_confidence");
    params.itemsets = itemset_args(args, 1, 3, 4);
    params.max_q = args.required_float8(5, "max_q");
    params.check();
    const ReadableState<Interactions> state(fcinfo, 0);
    const core::InteractionMatrix baskets(*state, {}, host);
    const std::vector<core::Rule> rules = core::association_rules(baskets, params, host);
    const RowContext context;
    for (const core::Rule& rule : rules) {
        host.poll();
        const std::string consequent = state->items().name(baskets.item_number(rule.consequent));
        put_row<15>(rows, context, names_of(state->items(), baskets, rule.antecedent.data(), rule.antecedent.size()), [&](Datum* values, bool*) {
            values[1] = PointerGetDatum(make_text_unguarded(consequent));
            values[2] = Int32GetDatum(static_cast<std::int32_t>(rule.count));
            int next = 3;
            for (const double measure : {rule.support, rule.coverage, rule.confidence, rule.lift, rule.leverage, rule.conviction, rule.jaccard,
                                         rule.cosine, rule.kulczynski, rule.imbalance, rule.p, rule.q})
                values[next++] = Float8GetDatum(measure);
        });
    }
    return static_cast<Datum>(0);
}

#include "pg/recommend_mart.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "pg/args.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
}

namespace ecom::pg {
namespace {

enum Which { kHistory, kWeights, kList, kProducts, kPopular, kSimilar, kCustomer, kRefreshed, kPlans };

// {m} stands for the quoted schema.
const char* const kTexts[kPlans] = {
    "select f.product_key, f.ordered_at, f.is_return from {m}.fact_sales f where f.customer_key = $1 and f.product_key <> 0",
    "select w.product_key, w.target_keys, w.weights, w.customer_counts from {m}.recommend_weight w where w.product_key = any ($1)",
    "select l.product_keys, l.scores, l.because_keys, l.customer_counts from {m}.recommend_list l where l.customer_key = $1 and l.line_count = $2",
    "select p.product_key, p.product_id, p.name, p.category, ($2 is null or p.category = any ($2)) and ($3 is null or p.list_price >= $3)"
    " and ($4 is null or p.list_price <= $4) and (not $5 or p.stock_quantity is null or p.stock_quantity > 0)"
    " from {m}.dim_product p where p.product_key = any ($1)",
    "select p.product_key, p.product_id, p.name, p.category, true from {m}.product_popularity q join {m}.dim_product p on p.product_key = q.product_key"
    " where q.product_key <> all ($1) and ($2 is null or p.category = any ($2)) and ($3 is null or p.list_price >= $3)"
    " and ($4 is null or p.list_price <= $4) and (not $5 or p.stock_quantity is null or p.stock_quantity > 0)"
    " order by q.popularity_rank limit $6",
    ("select s.product_key, s.similar_product_key, s.similarity from {m}.product_similarity s"
    " where s.product_key = any ($1) and s.similar_product_key = any ($1)"),
    "select 1 from {m}.dim_customer c where c.customer_key = $1",
    "select 1 from {m}.product_popularity limit 1"};

struct Types {
    int n;
    Oid types[6];
};
const Types kTypes[kPlans] = {{1, {INT4OID}},
                              {1, {INT4ARRAYOID}},
                              {2, {INT4OID, INT4OID}},
                              {5, {INT4ARRAYOID, TEXTARRAYOID, NUMERICOID, NUMERICOID, BOOLOID}},
                              {6, {INT4ARRAYOID, TEXTARRAYOID, NUMERICOID, NUMERICOID, BOOLOID, INT8OID}},
                              {1, {INT4ARRAYOID}},
                              {1, {INT4OID}},
                              {0, {}}};

// Of this backend, by schema: kept for its life, like PL/pgSQL keeps the plans of its statements.
std::unordered_map<std::string, std::array<SPIPlanPtr, kPlans>>& kept_plans() {
    static std::unordered_map<std::string, std::array<SPIPlanPtr, kPlans>> plans;
    return plans;
}

struct Arguments {
    Datum values[6] = {};
    char nulls[6] = {' ', ' ', ' ', ' ', ' ', ' '};

    void filter(const ProductFilter& filter) {
        values[1] = filter.categories;
        values[2] = filter.min_price;
        values[3] = filter.max_price;
        nulls[1] = filter.has_categories ? ' ' : 'n';
        nulls[2] = filter.has_min_price ? ' ' : 'n';
        nulls[3] = filter.has_max_price ? ' ' : 'n';
        values[4] = BoolGetDatum(filter.in_stock);
    }
};

Datum key_array(const std::vector<std::int32_t>& keys) {
    std::vector<Datum> datums;
    datums.reserve(keys.size());
    for (const std::int32_t key : keys) datums.push_back(Int32GetDatum(key));
    return call([&] { return PointerGetDatum(construct_array_builtin(datums.data(), static_cast<int>(datums.size()), INT4OID)); });
}

// Runs a plan and hands each row's values to `take`, which may throw.
template <typename Take>
void run(SPIPlanPtr plan, Arguments& arguments, int columns, Take take) {
    call([&] {
        if (SPI_execute_plan(plan, arguments.values, arguments.nulls, true, 0) < 0) elog(ERROR, "plan of a recommendation cannot be run");
    });
    SPITupleTable* const table = SPI_tuptable;
    Datum values[8];
    bool nulls[8];
    for (std::uint64_t row = 0; row < table->numvals; ++row) {
        call([&] {
            for (int c = 0; c < columns; ++c) values[c] = SPI_getbinval(table->vals[row], table->tupdesc, c + 1, &nulls[c]);
        });
        take(values, nulls);
    }
    call([&] { SPI_freetuptable(table); });
}

// Arrays of one row, which go together place by place.
template <int N>
class Arrays {
public:
    Arrays(const Datum* values, const bool* nulls, const char* table) {
        if (std::find(nulls, nulls + N, true) != nulls + N) return;
        call([&] {
            for (int i = 0; i < N; ++i) arrays_[i] = DatumGetArrayTypeP(values[i]);
        });
        size_ = ARR_NDIM(arrays_[0]) == 1 ? static_cast<std::size_t>(ARR_DIMS(arrays_[0])[0]) : 0;
        for (const ArrayType* array : arrays_)
            if (size_ > 0 && (ARR_NDIM(array) != 1 || static_cast<std::size_t>(ARR_DIMS(array)[0]) != size_ || ARR_HASNULL(array)))
                throw core::Error(core::ErrorCode::kCorruptValue, std::string("table ") + table + " has arrays of different lengths",
                                  "Compute it again: SELECT * FROM ecom.refresh(mart, steps => '{recommend}').");
    }
    std::size_t size() const { return size_; }
    template <typename T>
    const T* get(int i) const {
        return reinterpret_cast<const T*>(ARR_DATA_PTR(arrays_[i]));
    }

private:
    const ArrayType* arrays_[N] = {};
    std::size_t size_ = 0;
};

Product product_of(const Datum* values, const bool* nulls) {
    const auto text = [&](int i) { return nulls[i] ? std::string() : std::string(bytes_arg(values[i])); };
    return {DatumGetInt32(values[0]), text(1), text(2), text(3), !nulls[4] && DatumGetBool(values[4])};
}

// 16 has one check for all kinds of objects (commit c727f511bd7).
AclResult schema_aclcheck(Oid schema, Oid role, AclMode mode) {
#if PG_VERSION_NUM >= 160000
    return object_aclcheck(NamespaceRelationId, schema, role, mode);
#else
    return pg_namespace_aclcheck(schema, role, mode);
#endif
}

// Whether a schema that was found to be a mart is still there, and the caller may use its functions: what ecom_internal.mart_name asks.
// For use inside call().
bool still_allowed_unguarded(const char* name, Oid schema) {
    if (get_namespace_oid(name, true) != schema || schema_aclcheck(schema, GetUserId(), ACL_USAGE) != ACLCHECK_OK) return false;
    const Oid setting = get_relname_relid("setting", schema);
    return OidIsValid(setting) && pg_class_aclcheck(setting, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

}  // namespace

RecommendMart::RecommendMart(const Session&, Datum mart, bool is_null) {
    static std::unordered_map<std::string, Oid> known;
    if (!is_null) {
        const std::string asked = NameStr(*DatumGetName(mart));
        const auto found = known.find(asked);
        if (found != known.end() && call([&] { return still_allowed_unguarded(asked.c_str(), found->second); })) {
            schema_ = call([&] { return quote_identifier(asked.c_str()); });
            return;
        }
    }
    Oid schema = InvalidOid;
    const char* const name = call([&] {
        Oid types[] = {NAMEOID};
        Datum values[] = {mart};
        const char nulls[] = {is_null ? 'n' : ' '};
        static SPIPlanPtr resolve = nullptr;
        if (resolve == nullptr) {
            SPIPlanPtr made = SPI_prepare("select ecom_internal.mart_name($1)", 1, types);
            if (made == nullptr || SPI_keepplan(made) != 0) elog(ERROR, "plan of a recommendation cannot be made");
            resolve = made;
        }
        if (SPI_execute_plan(resolve, values, nulls, true, 1) != SPI_OK_SELECT) elog(ERROR, "mart cannot be resolved");
        bool unset;
        const Datum found = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &unset);
        const char* const copy = pstrdup(NameStr(*DatumGetName(found)));
        schema = get_namespace_oid(copy, true);
        return copy;
    });
    known[name] = schema;
    schema_ = call([&] { return quote_identifier(name); });
}

SPIPlanPtr RecommendMart::plan(int which) const {
    auto& plans = kept_plans();
    auto found = plans.find(schema_);
    if (found == plans.end()) found = plans.emplace(schema_, std::array<SPIPlanPtr, kPlans>{}).first;
    SPIPlanPtr& kept = found->second[static_cast<std::size_t>(which)];
    if (kept != nullptr) return kept;
    std::string sql = kTexts[which];
    for (std::size_t at = sql.find("{m}"); at != std::string::npos; at = sql.find("{m}", at + schema_.size())) sql.replace(at, 3, schema_);
    kept = call([&] {
        Oid types[6];
        for (int i = 0; i < kTypes[which].n; ++i) types[i] = kTypes[which].types[i];
        // Keys are few against the table whatever they are: one plan for all.
        SPIPlanPtr made = SPI_prepare_cursor(sql.c_str(), kTypes[which].n, types, CURSOR_OPT_GENERIC_PLAN);
        if (made == nullptr || SPI_keepplan(made) != 0) elog(ERROR, "plan of a recommendation cannot be made");
        return made;
    });
    return kept;
}

std::vector<HistoryLine> RecommendMart::history(std::int32_t customer) const {
    std::vector<HistoryLine> lines;
    Arguments arguments;
    arguments.values[0] = Int32GetDatum(customer);
    run(plan(kHistory), arguments, 3, [&](const Datum* values, const bool*) {
        lines.push_back({DatumGetInt32(values[0]), DatumGetTimestamp(values[1]), DatumGetBool(values[2])});
    });
    return lines;
}

void RecommendMart::weights(const std::vector<std::int32_t>& sources, const std::function<void(std::int32_t, const StoredWeights&)>& take) const {
    if (sources.empty()) return;
    Arguments arguments;
    arguments.values[0] = key_array(sources);
    run(plan(kWeights), arguments, 4, [&](const Datum* values, const bool* nulls) {
        const Arrays<3> arrays(values + 1, nulls + 1, "recommend_weight");
        if (arrays.size() > 0) take(DatumGetInt32(values[0]), {arrays.get<std::int32_t>(0), arrays.get<float>(1), arrays.get<std::int32_t>(2), arrays.size()});
    });
}

std::vector<ListedProduct> RecommendMart::list(std::int32_t customer, std::size_t lines) const {
    std::vector<ListedProduct> found;
    Arguments arguments;
    arguments.values[0] = Int32GetDatum(customer);
    arguments.values[1] = Int32GetDatum(static_cast<std::int32_t>(std::min<std::size_t>(lines, INT32_MAX)));
    run(plan(kList), arguments, 4, [&](const Datum* values, const bool* nulls) {
        const Arrays<4> arrays(values, nulls, "recommend_list");
        for (std::size_t i = 0; i < arrays.size(); ++i)
            found.push_back({arrays.get<std::int32_t>(0)[i], arrays.get<float>(1)[i], arrays.get<std::int32_t>(2)[i], arrays.get<std::int32_t>(3)[i]});
    });
    return found;
}

std::vector<Product> RecommendMart::products(const std::vector<std::int32_t>& keys, const ProductFilter& filter) const {
    std::vector<Product> found;
    if (keys.empty()) return found;
    Arguments arguments;
    arguments.values[0] = key_array(keys);
    arguments.filter(filter);
    run(plan(kProducts), arguments, 5, [&](const Datum* values, const bool* nulls) { found.push_back(product_of(values, nulls)); });
    return found;
}

std::vector<Product> RecommendMart::popular(const std::vector<std::int32_t>& except, const ProductFilter& filter, std::int64_t n) const {
    std::vector<Product> found;
    Arguments arguments;
    arguments.values[0] = key_array(except);
    arguments.filter(filter);
    arguments.values[5] = Int64GetDatum(n);
    run(plan(kPopular), arguments, 5, [&](const Datum* values, const bool* nulls) { found.push_back(product_of(values, nulls)); });
    return found;
}

std::vector<SimilarPair> RecommendMart::similar(const std::vector<std::int32_t>& keys) const {
    std::vector<SimilarPair> pairs;
    Arguments arguments;
    arguments.values[0] = key_array(keys);
    run(plan(kSimilar), arguments, 3, [&](const Datum* values, const bool*) {
        pairs.push_back({DatumGetInt32(values[0]), DatumGetInt32(values[1]), DatumGetFloat8(values[2])});
    });
    return pairs;
}

bool RecommendMart::has_customer(std::int32_t customer) const {
    bool found = false;
    Arguments arguments;
    arguments.values[0] = Int32GetDatum(customer);
    run(plan(kCustomer), arguments, 1, [&](const Datum*, const bool*) { found = true; });
    return found;
}

bool RecommendMart::has_refreshed() const {
    bool found = false;
    Arguments arguments;
    run(plan(kRefreshed), arguments, 1, [&](const Datum*, const bool*) { found = true; });
    return found;
}

}  // namespace ecom::pg

// ecom_internal.segment_rows: the customers of a query, clustered and given back with their segments, all in one pass.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "core/base/budget.hpp"
#include "core/base/chunked_vector.hpp"
#include "core/base/parallel.hpp"
#include "core/cluster/kmeans_fit.hpp"
#include "pg/args.hpp"
#include "pg/host.hpp"
#include "pg/numeric.hpp"
#include "pg/query_reader.hpp"
#include "pg/row_values.hpp"

using namespace ecom;
using namespace ecom::pg;

namespace {

// Values of variable length that stay where they are, each with the header that PostgreSQL reads.
class VarlenaArena {
public:
    Datum store(std::string_view bytes, const core::Host& host) {
        // Headers are read as words.
        const std::size_t size = (VARHDRSZ + bytes.size() + 3) / 4;
        if (chunks_.empty() || size > room_) {
            const std::size_t words = std::max(size, kChunk);
            core::require_memory(host, core::add_size(bytes_, core::mul_size(words, 4)), "names of customers");
            chunks_.push_back(std::make_unique<std::uint32_t[]>(words));
            bytes_ += words * 4;
            next_ = chunks_.back().get();
            room_ = words;
        }
        char* const value = reinterpret_cast<char*>(next_);
        SET_VARSIZE(value, VARHDRSZ + bytes.size());
        std::memcpy(VARDATA(value), bytes.data(), bytes.size());
        next_ += size;
        room_ -= size;
        return PointerGetDatum(value);
    }

private:
    static constexpr std::size_t kChunk = std::size_t{1} << 16;  // words

    std::vector<std::unique_ptr<std::uint32_t[]>> chunks_;
    std::uint32_t* next_ = nullptr;
    std::size_t room_ = 0;
    std::size_t bytes_ = 0;
};

// The nearest double, as numeric's cast to double precision gives it.
double nearest_double(core::ExactAmount amount) {
    constexpr std::int64_t kExact = std::int64_t{1} << 53;
    if (amount > -kExact && amount < kExact)
        return static_cast<double>(static_cast<std::int64_t>(amount)) / static_cast<double>(core::kUnitsPerWhole);
    return core::amount_value(amount);
}

// Rows (customer_key int, customer_id text, recency_days int, frequency int, monetary numeric); those with a NULL take no
// part.
class CustomerTarget final : public RowTarget {
public:
    struct Customer {
        Datum id;
        Datum monetary;
        double amount;
        std::int32_t key, recency, frequency;

        void features(double* to) const { to[0] = recency, to[1] = frequency, to[2] = amount; }
    };
    static constexpr std::size_t kFeatures = 3;

    CustomerTarget(std::optional<int> clusters, std::string options, core::Host& host)
        : host_(host), state_(kFeatures, clusters, std::move(options), false) {}

    void start(TupleDesc columns) override {
        static constexpr Oid kTypes[] = {INT4OID, TEXTOID, INT4OID, INT4OID, NUMERICOID};
        bool fits = columns->natts == 5;
        for (int i = 0; fits && i < 5; ++i) fits = TupleDescAttr(columns, i)->atttypid == kTypes[i];
        if (!fits)
            throw core::Error(core::ErrorCode::kWrongKind, "query does not return the columns that segments need",
                              "Return customer_key integer, customer_id text, recency_days integer, frequency integer and monetary numeric.");
    }

    void take(const Datum* values, const bool* nulls) override {
        if (std::any_of(nulls, nulls + 5, [](bool is_null) { return is_null; })) return;
        Customer customer;
        customer.key = DatumGetInt32(values[0]);
        customer.recency = DatumGetInt32(values[2]);
        customer.frequency = DatumGetInt32(values[3]);
        customer.amount = nearest_double(exact_amount(values[4]));
        customer.id = texts_.store(bytes_arg(values[1]), host_);
        customer.monetary = texts_.store(bytes_arg(values[4]), host_);
        if (customers_.will_grow())
            core::require_memory(host_, core::add_size(customers_.bytes(), customers_.growth_bytes()),
                                 "segments of " + std::to_string(customers_.size() + 1) + " customers");
        customers_.push_back(customer);
        double row[kFeatures];
        customer.features(row);
        state_.add(row, kFeatures, std::nullopt, host_);
    }

    const core::ChunkedVector<Customer>& customers() const { return customers_; }
    core::KmeansModel fit() const { return core::KmeansModel(state_.fit(host_)); }
    VarlenaArena& texts() { return texts_; }

private:
    core::Host& host_;
    core::KmeansState state_;
    core::ChunkedVector<Customer> customers_;
    VarlenaArena texts_;
};

// Names of the model's clusters by the one definition of them, which is SQL.
std::vector<Datum> segment_names(const core::KmeansModel& model, VarlenaArena& texts, const core::Host& host) {
    const std::string json = core::model_to_json(model);
    const Session session;
    const Datum argument = text_datum(json);
    call([&] {
        Oid type = TEXTOID;
        Datum value = argument;
        if (SPI_execute_with_args("select n.segment from ecom_internal.segment_names($1::ecom.model) n order by n.cluster", 1, &type, &value,
                                  nullptr, true, 0) != SPI_OK_SELECT)
            elog(ERROR, "names of segments cannot be read");
    });
    std::vector<Datum> names;
    for (std::uint64_t row = 0; row < SPI_processed; ++row) {
        const Datum name = call([&] {
            bool is_null;
            return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 1, &is_null);
        });
        names.push_back(texts.store(bytes_arg(name), host));
    }
    return names;
}

}  // namespace

// (query text, k int, options text) returns setof (customer_key int, customer_id text, recency_days int, frequency int,
// monetary numeric, cluster int, segment text, distance float8, silhouette float8)
ECOM_FUNCTION(ecom_segment_rows) {
    RowSink sink(fcinfo);
    const Args args(fcinfo);
    if (args.is_null(0)) return static_cast<Datum>(0);
    BackendHost host;
    CustomerTarget target(args.optional_int4(1), std::string(args.text(2, "options")), host);
    {
        const Session session;
        read_query(session, std::string(args.text(0, "query")), target);
    }
    const auto& customers = target.customers();
    if (customers.empty()) return static_cast<Datum>(0);
    const core::KmeansModel model = target.fit();
    const std::vector<Datum> names = segment_names(model, target.texts(), host);

    constexpr std::size_t kAtATime = 65536;
    constexpr std::size_t kTask = 4096;
    std::vector<core::ClusterAssignment> assigned(std::min(kAtATime, customers.size()));
    for (std::size_t begin = 0; begin < customers.size(); begin += kAtATime) {
        const std::size_t count = std::min(kAtATime, customers.size() - begin);
        core::parallel_for(host, (count + kTask - 1) / kTask, [&](std::size_t task) {
            std::vector<double> scratch;
            double row[CustomerTarget::kFeatures];
            for (std::size_t i = task * kTask; i < std::min(count, (task + 1) * kTask); ++i) {
                customers[begin + i].features(row);
                assigned[i] = model.assign(row, scratch);
            }
        });
        core::PollEvery poll(host);
        for (std::size_t i = 0; i < count; ++i) {
            poll();
            const CustomerTarget::Customer& customer = customers[begin + i];
            RowValues<9> row;
            row.put_datum(Int32GetDatum(customer.key));
            row.put_datum(customer.id);
            row.put_datum(Int32GetDatum(customer.recency));
            row.put_datum(Int32GetDatum(customer.frequency));
            row.put_datum(customer.monetary);
            row.put_datum(Int32GetDatum(static_cast<std::int32_t>(assigned[i].cluster) + 1));
            row.put_datum(names[assigned[i].cluster]);
            row.put(assigned[i].distance);
            row.put(assigned[i].silhouette);
            row.into(sink);
        }
    }
    return static_cast<Datum>(0);
}

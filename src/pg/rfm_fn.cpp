// RFM in SQL: the window function, the two-step aggregate with its accessors, scoring with stored
// cut points, and segment rules.
#include <cmath>
#include <memory>

#include "core/base/background.hpp"
#include "core/base/budget.hpp"
#include "core/catalog/models.hpp"
#include "core/rfm/segments.hpp"
#include "core/rfm/table.hpp"
#include "pg/agg_state.hpp"
#include "pg/host.hpp"
#include "pg/numeric.hpp"
#include "pg/query_reader.hpp"
#include "pg/results.hpp"

extern "C" {
#include "utils/date.h"
#include "windowapi.h"
}

using namespace ecom;
using namespace ecom::pg;
using core::RfmAccumulator;

namespace {

[[noreturn]] void invalid(const std::string& message, const std::string& hint) {
    throw core::Error(core::ErrorCode::kInvalidArgument, message, hint);
}

// `ties => 'ntile'` is the short form that old scripts are compared with.
core::RfmMethod method_with_ties(std::string_view method_name, std::string_view ties) {
    const core::RfmMethod method = core::parse_rfm_method(method_name);
    if (ties == "equal") return method;
    if (ties != "ntile")
        invalid("unknown treatment of ties \"" + std::string(ties) + "\"",
                "Use equal (equal values score equal) or ntile.");
    if (method != core::RfmMethod::kQuantile && method != core::RfmMethod::kNtile)
        invalid("ties => 'ntile' does not go with method \"" + std::string(method_name) + "\"",
                "Leave the method out, or leave the ties out.");
    return core::RfmMethod::kNtile;
}

// Segment names of one scheme as text datums, looked up by score triple.
class Segmenter {
public:
    Segmenter(const core::SegmentRules& rules, int bins) : bins_(bins), table_(rules.table(bins)) {
        for (const std::string& name : rules.names()) names_.push_back(text_datum(name));
        prospects_ = text_datum(core::kProspectSegment);
    }

    std::size_t index(int r, int f, int m) const {
        return table_[static_cast<std::size_t>(((r - 1) * bins_ + f - 1) * bins_ + m - 1)];
    }
    Datum name(int r, int f, int m) const { return names_[index(r, f, m)]; }
    Datum name_at(std::size_t index) const { return names_[index]; }
    std::size_t size() const { return names_.size(); }
    Datum prospects() const { return prospects_; }

private:
    int bins_;
    std::vector<std::uint16_t> table_;
    std::vector<Datum> names_;
    Datum prospects_;
};

// Codes as text datums, by score triple.
std::vector<Datum> code_table(int bins) {
    std::vector<Datum> codes;
    for (int r = 1; r <= bins; ++r)
        for (int f = 1; f <= bins; ++f)
            for (int m = 1; m <= bins; ++m)
                codes.push_back(text_datum(core::rfm_code(r, f, m, bins)));
    return codes;
}

std::size_t cell(int r, int f, int m, int bins) {
    return static_cast<std::size_t>(((r - 1) * bins + f - 1) * bins + m - 1);
}

// --- rows of the aggregate -------------------------------------------------------------------

struct IntegerId {
    static constexpr auto kIds = RfmAccumulator::CustomerIds::kInteger;
    static std::int64_t read(Datum datum) { return DatumGetInt64(datum); }
};
struct TextId {
    static constexpr auto kIds = RfmAccumulator::CustomerIds::kText;
    static std::string_view read(Datum datum) { return bytes_arg(datum); }
};
struct NumericAmount {
    static core::ExactAmount read(Datum datum) { return exact_amount(datum); }
};
struct FloatAmount {
    static core::ExactAmount read(Datum datum) { return core::exact_amount(DatumGetFloat8(datum)); }
};

void check_finite(Timestamp at) {
    if (TIMESTAMP_NOT_FINITE(at))
        throw core::Error(core::ErrorCode::kNonFiniteInput, "order times must be finite",
                          "Filter infinite time stamps out, for example with FILTER (WHERE ...).");
}

bool any_null(FunctionCallInfo fcinfo, int from) {
    for (int i = from; i < PG_NARGS(); ++i)
        if (PG_ARGISNULL(i)) return true;
    return false;
}

template <typename Id>
WritableState<RfmAccumulator> running_state(FunctionCallInfo fcinfo, RfmAccumulator::Orders orders) {
    return writable_state<RfmAccumulator>(fcinfo, [=] { return RfmAccumulator(Id::kIds, orders); });
}

// (state, customer, order, ts, amount)
template <typename Id, typename Order, typename Amount>
Datum add_line(FunctionCallInfo fcinfo) {
    const auto running = running_state<Id>(fcinfo, RfmAccumulator::Orders::kById);
    if (any_null(fcinfo, 1)) return running.datum;
    const Timestamp at = PG_GETARG_TIMESTAMP(3);
    check_finite(at);
    BackendHost host;
    running.state->add(Id::read(PG_GETARG_DATUM(1)),
                       core::order_name(Order::read(PG_GETARG_DATUM(2))), at,
                       Amount::read(PG_GETARG_DATUM(4)), host);
    return running.datum;
}

// (state, customer, ts, amount)
template <typename Id, typename Amount>
Datum add_order(FunctionCallInfo fcinfo) {
    const auto running = running_state<Id>(fcinfo, RfmAccumulator::Orders::kEveryLine);
    if (any_null(fcinfo, 1)) return running.datum;
    const Timestamp at = PG_GETARG_TIMESTAMP(2);
    check_finite(at);
    BackendHost host;
    running.state->add(Id::read(PG_GETARG_DATUM(1)), 0, at, Amount::read(PG_GETARG_DATUM(3)), host);
    return running.datum;
}

// --- rows of a query -------------------------------------------------------------------------

// Rows of a query, (customer, order, ts, amount) or (customer, ts, amount), on their way into an
// accumulator. The calling thread decodes rows into one batch while the other thread accumulates
// the batch before.
class LineTarget final : public RowTarget {
public:
    explicit LineTarget(core::Host& host)
        : host_(host), worker_host_(host), background_(host) {}

    void start(TupleDesc columns) override {
        const bool has_order = columns->natts == 4;
        if (!has_order && columns->natts != 3)
            wrong_columns("It returns " + std::to_string(columns->natts) + " columns.");
        const auto type = [&](int i) { return TupleDescAttr(columns, i)->atttypid; };
        customer_ = id_type(type(0), "customer", 0);
        if (has_order) order_ = id_type(type(1), "order", 1);
        const int ts = has_order ? 2 : 1;
        const int amount = ts + 1;
        if (type(ts) != TIMESTAMPOID && type(ts) != DATEOID) wrong_column("ts", ts);
        if (type(amount) != NUMERICOID && type(amount) != FLOAT8OID) wrong_column("amount", amount);
        is_date_ = type(ts) == DATEOID;
        is_numeric_ = type(amount) == NUMERICOID;
        columns_ = columns->natts;
        state_ = std::make_unique<RfmAccumulator>(
            customer_ == IdType::kText ? RfmAccumulator::CustomerIds::kText
                                       : RfmAccumulator::CustomerIds::kInteger,
            has_order ? RfmAccumulator::Orders::kById : RfmAccumulator::Orders::kEveryLine);
        for (Batch& batch : batches_) batch.lines.reserve(kLines);
    }

    void take(const Datum* values, const bool* nulls) override {
        for (int i = 0; i < columns_; ++i)
            if (nulls[i]) return;
        Batch& batch = batches_[current_];
        Line line;
        if (customer_ == IdType::kText) {
            const std::string_view id = bytes_arg(values[0]);
            line.customer = static_cast<std::int64_t>(batch.texts.size());
            line.customer_length = id.size();
            batch.texts.append(id);
        } else {
            line.customer = integer_id(customer_, values[0]);
        }
        int i = 1;
        if (columns_ == 4) {
            line.order = order_ == IdType::kText
                             ? core::order_name(bytes_arg(values[i]))
                             : core::order_name(integer_id(order_, values[i]));
            ++i;
        }
        line.at = time(values[i++]);
        line.amount = is_numeric_ ? exact_amount(values[i])
                                  : core::exact_amount(DatumGetFloat8(values[i]));
        batch.lines.push_back(line);
        if (batch.lines.size() == kLines) hand_over();
    }

    // Waits for the last lines and gives the state away.
    std::unique_ptr<RfmAccumulator> finish() {
        hand_over();
        background_.wait();
        return std::move(state_);
    }

private:
    enum class IdType { kInt4, kInt8, kText };

    struct Line {
        std::int64_t customer = 0;  // the id, or its place in the batch's texts
        std::size_t customer_length = 0;
        std::uint64_t order = 0;
        Timestamp at = 0;
        core::ExactAmount amount = 0;
    };

    struct Batch {
        std::vector<Line> lines;
        std::string texts;
    };

    static constexpr std::size_t kLines = 8192;

    [[noreturn]] static void wrong_columns(const std::string& detail) {
        throw core::Error(core::ErrorCode::kWrongKind,
                          "query does not return the columns that RFM needs",
                          "Return customer and order as integer, bigint or text (the order may be left "
                          "out), ts as timestamp or date, amount as numeric or double precision.",
                          detail);
    }

    [[noreturn]] static void wrong_column(const char* role, int i) {
        wrong_columns("Column " + std::to_string(i + 1) + ", the " + role + ", has another type.");
    }

    static IdType id_type(Oid type, const char* role, int i) {
        if (type == INT4OID) return IdType::kInt4;
        if (type == INT8OID) return IdType::kInt8;
        if (type == TEXTOID || type == VARCHAROID) return IdType::kText;
        wrong_column(role, i);
    }

    static std::int64_t integer_id(IdType type, Datum value) {
        return type == IdType::kInt4 ? DatumGetInt32(value) : DatumGetInt64(value);
    }

    Timestamp time(Datum value) const {
        Timestamp at = DatumGetTimestamp(value);
        if (is_date_) {
            const DateADT day = DatumGetDateADT(value);
            at = DATE_NOT_FINITE(day) ? DT_NOEND : static_cast<Timestamp>(day) * USECS_PER_DAY;
        }
        check_finite(at);
        return at;
    }

    void hand_over() {
        Batch& full = batches_[current_];
        background_.submit([this, &full] {
            for (const Line& line : full.lines) {
                if (customer_ == IdType::kText)
                    state_->add(std::string_view(full.texts).substr(
                                    static_cast<std::size_t>(line.customer), line.customer_length),
                                line.order, line.at, line.amount, worker_host_);
                else
                    state_->add(line.customer, line.order, line.at, line.amount, worker_host_);
            }
        });
        lines_ += static_cast<std::int64_t>(full.lines.size());
        host_.progress(lines_, 0);
        // The batch before is done: submit() has waited for it.
        current_ = 1 - current_;
        batches_[current_].lines.clear();
        batches_[current_].texts.clear();
    }

    core::Host& host_;
    std::int64_t lines_ = 0;
    IdType customer_ = IdType::kInt8;
    IdType order_ = IdType::kInt8;
    bool is_date_ = false;
    bool is_numeric_ = true;
    int columns_ = 0;
    std::unique_ptr<RfmAccumulator> state_;
    Batch batches_[2];
    std::size_t current_ = 0;
    core::WorkerHost worker_host_;
    core::Background background_;  // last: its thread ends before what it works on
};

// --- accessors -------------------------------------------------------------------------------

// The arguments that all accessors share, from position 1 on: as_of date, bins int, method text,
// ties text, returns text, recency_thresholds, frequency_thresholds, monetary_thresholds float8[].
struct AccessorArgs {
    static constexpr int kCount = 8;

    explicit AccessorArgs(const Args& args) {
        if (!args.is_null(1)) {
            const DateADT as_of = DatumGetDateADT(args.datum(1));
            if (DATE_NOT_FINITE(as_of)) invalid("as_of must be a finite date", "Pass a calendar date.");
            as_of_day = as_of;
        }
        params.bins = args.int4(2, "bins");
        params.method = method_with_ties(args.text(3, "method"), args.text(4, "ties"));
        returns = core::parse_returns(args.text(5, "returns"));
        params.thresholds[core::kRecency] = args.float8_array(6, "recency_thresholds");
        params.thresholds[core::kFrequency] = args.float8_array(7, "frequency_thresholds");
        params.thresholds[core::kMonetary] = args.float8_array(8, "monetary_thresholds");
        params.check();
    }

    bool ranks() const {
        return params.method == core::RfmMethod::kNtile ||
               params.method == core::RfmMethod::kRankFirst;
    }

    std::optional<std::int64_t> as_of_day;
    core::RfmParams params;
    core::Returns returns;
};

// The rules of `rules` (argument i + 1) if given, else of the scheme named by argument i.
core::SegmentRules rules_arg(const Args& args, int i) {
    if (!args.is_null(i + 1)) {
        const auto model =
            core::decode_model(bytes_arg(args.datum(i + 1)), core::find_model_decoder);
        return core::model_as<core::SegmentRules>(*model);
    }
    return core::segment_scheme(args.text(i, "scheme"));
}

struct ScoredTable {
    core::RfmTable table;
    core::RfmScores scores;

    ScoredTable(RfmAccumulator& accumulator, const AccessorArgs& accessor, core::Host& host)
        : table(core::rfm_table(accumulator, accessor.as_of_day, accessor.returns, accessor.ranks(),
                                host)),
          scores(core::rfm_score(table.columns, accessor.params, host)) {}

    int score(core::RfmMeasure measure, std::size_t i) const { return scores[measure][i]; }
};

// --- the window function ---------------------------------------------------------------------

// Scores of a whole partition, kept while its rows are returned.
struct PartitionScores {
    core::RfmScores scores;
    std::vector<std::uint32_t> row_of;  // per partition row: 1 + index into scores, 0 for prospects
    int bins = 0;
    std::unique_ptr<Segmenter> segmenter;
    std::vector<Datum> codes;
};

struct WindowSlot {
    PartitionScores* partition;
};

std::unique_ptr<PartitionScores> score_partition(WindowObject window) {
    BackendHost host;
    // Parameters are those of the partition's first row.
    const auto parameter = [&](int i, const char* name) {
        bool is_null;
        const Datum value = call([&] { return WinGetFuncArgCurrent(window, i, &is_null); });
        if (is_null) invalid(std::string("argument \"") + name + "\" must not be NULL",
                             "Leave it out to get the default.");
        return value;
    };
    core::RfmParams params;
    params.bins = DatumGetInt32(parameter(3, "bins"));
    params.method = method_with_ties(bytes_arg(parameter(4, "method")), bytes_arg(parameter(5, "ties")));
    if (params.method == core::RfmMethod::kFixed)
        invalid("the window function takes no fixed thresholds",
                "Use the aggregate ecom.rfm_agg with ecom.rfm_rows and its threshold arguments.");
    params.check();

    const int64 rows = call([&] { return WinGetPartitionRowCount(window); });
    const auto n = static_cast<std::size_t>(rows);
    core::require_memory(host,
                         core::mul_size(n, sizeof(std::uint32_t) + core::kRfmMeasures * sizeof(double)) +
                             core::rfm_scoring_bytes(n),
                         "scoring " + std::to_string(n) + " rows");
    auto result = std::make_unique<PartitionScores>();
    result->bins = params.bins;
    result->row_of.reserve(n);
    core::RfmColumns columns;
    for (auto& column : columns) column.reserve(n);

    for (int64 row = 0; row < rows; ++row) {
        double values[core::kRfmMeasures];
        bool complete = true;
        call([&] {
            for (int i = 0; i < static_cast<int>(core::kRfmMeasures); ++i) {
                bool is_null;
                bool is_out;
                const Datum value = WinGetFuncArgInPartition(window, i, static_cast<int>(row),
                                                             WINDOW_SEEK_HEAD, false, &is_null, &is_out);
                values[i] = is_null ? 0.0 : DatumGetFloat8(value);
                complete = complete && !is_null;
            }
        });
        host.poll();
        // Nobody who never ordered has a score.
        if (!complete || values[core::kFrequency] == 0.0) {
            result->row_of.push_back(0);
            continue;
        }
        for (std::size_t i = 0; i < core::kRfmMeasures; ++i) columns[i].push_back(values[i]);
        result->row_of.push_back(static_cast<std::uint32_t>(columns[0].size()));
    }
    result->scores = core::rfm_score(columns, params, host);

    // Segment names and codes are datums that later rows share: they live as long as the partition.
    const Datum scheme = parameter(6, "scheme");
    result->segmenter = std::make_unique<Segmenter>(core::segment_scheme(bytes_arg(scheme)), params.bins);
    result->codes = code_table(params.bins);
    return result;
}

}  // namespace

// (recency float8, frequency float8, monetary float8, bins int, method text, ties text,
//  scheme text) window, returns ecom.rfm_result
ECOM_FUNCTION(ecom_rfm_score_window) {
    const WindowObject window = PG_WINDOW_OBJECT();
    auto* slot = call([&] {
        return static_cast<WindowSlot*>(WinGetPartitionLocalMemory(window, sizeof(WindowSlot)));
    });
    if (slot->partition == nullptr) {
        const MemoryContext context =
            call([&] { return GetMemoryChunkContext(slot); });
        const MemoryContext previous = MemoryContextSwitchTo(context);
        slot->partition = own_by_context(context, score_partition(window));
        MemoryContextSwitchTo(previous);
    }
    const PartitionScores& partition = *slot->partition;
    const auto row = static_cast<std::size_t>(call([&] { return WinGetCurrentPosition(window); }));

    Datum values[5] = {};
    bool nulls[5] = {true, true, true, true, false};
    if (const std::uint32_t place = partition.row_of[row]; place == 0) {
        values[4] = partition.segmenter->prospects();
    } else {
        int scores[core::kRfmMeasures];
        for (const auto measure : {core::kRecency, core::kFrequency, core::kMonetary}) {
            scores[measure] = partition.scores[measure][place - 1];
            values[measure] = Int32GetDatum(scores[measure]);
            nulls[measure] = false;
        }
        values[3] = partition.codes[cell(scores[0], scores[1], scores[2], partition.bins)];
        nulls[3] = false;
        values[4] = partition.segmenter->name(scores[0], scores[1], scores[2]);
    }
    return row_datum(CallSite::of(fcinfo).row_type(fcinfo), values, nulls);
}

// (recency float8, frequency float8, monetary float8, recency_bins model, frequency_bins model,
//  monetary_bins model, scheme text, rules model) returns ecom.rfm_result
ECOM_FUNCTION(ecom_rfm_score_with_bins) {
    const Args args(fcinfo);
    for (int i = 3; i < 6; ++i)
        if (args.is_null(i)) PG_RETURN_NULL();
    CallSite& site = CallSite::of(fcinfo);

    Datum values[5] = {};
    bool nulls[5] = {true, true, true, true, false};
    const auto frequency = args.float8(1);
    if (args.is_null(0) || args.is_null(2) || !frequency || *frequency == 0.0) {
        values[4] = text_datum(core::kProspectSegment);
        return row_datum(site.row_type(fcinfo), values, nulls);
    }
    int scores[core::kRfmMeasures];
    int bins = 0;
    for (int i = 0; i < 3; ++i) {
        const auto& cuts = model_arg<core::QuantileBins>(fcinfo, 3 + i);
        const double value = *args.float8(i);
        if (std::isnan(value))
            throw core::Error(core::ErrorCode::kNonFiniteInput, "NaN has no score",
                              "Filter NaN values out, or turn them into NULL.");
        if (i > 0 && cuts.bins() != bins)
            invalid("cut points have different numbers of bins",
                    "Fit all three with the same number of bins.");
        bins = cuts.bins();
        scores[i] = cuts.bin(value);
        values[i] = Int32GetDatum(scores[i]);
        nulls[i] = false;
    }
    values[3] = text_datum(core::rfm_code(scores[0], scores[1], scores[2], bins));
    nulls[3] = false;
    const std::size_t place = cell(scores[0], scores[1], scores[2], bins);
    if (args.is_null(7)) {
        const core::SegmentRules rules = core::segment_scheme(args.text(6, "scheme"));
        values[4] = text_datum(rules.names()[rules.table(bins)[place]]);
    } else {
        const auto& rules = model_arg<core::SegmentRules>(fcinfo, 7);
        values[4] = text_datum(rules.names()[rules.table(bins)[place]]);
    }
    return row_datum(site.row_type(fcinfo), values, nulls);
}

ECOM_FUNCTION(ecom_rfm_add_bigint_bigint_numeric) { return add_line<IntegerId, IntegerId, NumericAmount>(fcinfo); }
ECOM_FUNCTION(ecom_rfm_add_bigint_bigint_float8) { return add_line<IntegerId, IntegerId, FloatAmount>(fcinfo); }
ECOM_FUNCTION(ecom_rfm_add_bigint_text_numeric) { return add_line<IntegerId, TextId, NumericAmount>(fcinfo); }
ECOM_FUNCTION(ecom_rfm_add_bigint_text_float8) { return add_line<IntegerId, TextId, FloatAmount>(fcinfo); }
ECOM_FUNCTION(ecom_rfm_add_text_bigint_numeric) { return add_line<TextId, IntegerId, NumericAmount>(fcinfo); }
ECOM_FUNCTION(ecom_rfm_add_text_bigint_float8) { return add_line<TextId, IntegerId, FloatAmount>(fcinfo); }
ECOM_FUNCTION(ecom_rfm_add_text_text_numeric) { return add_line<TextId, TextId, NumericAmount>(fcinfo); }
ECOM_FUNCTION(ecom_rfm_add_text_text_float8) { return add_line<TextId, TextId, FloatAmount>(fcinfo); }
ECOM_FUNCTION(ecom_rfm_add_bigint_numeric) { return add_order<IntegerId, NumericAmount>(fcinfo); }
ECOM_FUNCTION(ecom_rfm_add_bigint_float8) { return add_order<IntegerId, FloatAmount>(fcinfo); }
ECOM_FUNCTION(ecom_rfm_add_text_numeric) { return add_order<TextId, NumericAmount>(fcinfo); }
ECOM_FUNCTION(ecom_rfm_add_text_float8) { return add_order<TextId, FloatAmount>(fcinfo); }

ECOM_FUNCTION(ecom_rfm_combine) {
    BackendHost host;
    return combine_states<RfmAccumulator>(fcinfo, host);
}

// (query text) returns state
ECOM_FUNCTION(ecom_rfm_scan) {
    BackendHost host;
    const std::string query(bytes_arg(PG_GETARG_DATUM(0)));
    const MemoryContext context = CurrentMemoryContext;
    std::unique_ptr<RfmAccumulator> state;
    {
        const Session session;
        LineTarget target(host);
        read_query(session, query, target);
        state = target.finish();
    }
    return result_datum(make_expanded_state(context, std::move(state)));
}

// (state, <AccessorArgs>, scheme text, rules model) returns setof (customer_key bigint,
// customer_id text, last_order_at timestamp, recency_days int, frequency int, monetary float8,
// r int, f int, m int, code text, segment text)
ECOM_FUNCTION(ecom_rfm_rows) {
    RowSink rows(fcinfo);
    if (PG_ARGISNULL(0)) return static_cast<Datum>(0);
    BackendHost host;
    const Args args(fcinfo);
    const AccessorArgs accessor(args);
    const Segmenter segmenter(rules_arg(args, AccessorArgs::kCount + 1), accessor.params.bins);
    const std::vector<Datum> codes = code_table(accessor.params.bins);
    const ReadableState<RfmAccumulator> state(fcinfo, 0);
    RfmAccumulator& accumulator = *state;
    const ScoredTable scored(accumulator, accessor, host);

    constexpr int kColumns = 11;
    Datum values[kColumns] = {};
    bool nulls[kColumns] = {};
    const bool integer_ids = accumulator.ids() == RfmAccumulator::CustomerIds::kInteger;
    const auto put = [&](const RfmAccumulator::Customer& customer) {
        nulls[0] = !integer_ids;
        nulls[1] = integer_ids;
        if (integer_ids) {
            values[0] = Int64GetDatum(customer.id);
            rows.put(values, nulls);
            return;
        }
        const std::string_view id = accumulator.text_id(customer);
        call([&] {
            values[1] = PointerGetDatum(make_text_unguarded(id));
            rows.put_unguarded(values, nulls);
            pfree(DatumGetPointer(values[1]));
        });
    };

    for (std::size_t i = 0; i < scored.table.customers.size(); ++i) {
        host.poll();
        const auto& customer = accumulator[scored.table.customers[i]];
        const int r = scored.score(core::kRecency, i);
        const int f = scored.score(core::kFrequency, i);
        const int m = scored.score(core::kMonetary, i);
        values[2] = TimestampGetDatum(customer.last_at);
        values[3] = Int32GetDatum(static_cast<int>(scored.table.columns[core::kRecency][i]));
        values[4] = Int32GetDatum(static_cast<int>(customer.orders));
        values[5] = Float8GetDatum(scored.table.columns[core::kMonetary][i]);
        values[6] = Int32GetDatum(r);
        values[7] = Int32GetDatum(f);
        values[8] = Int32GetDatum(m);
        values[9] = codes[cell(r, f, m, accessor.params.bins)];
        values[10] = segmenter.name(r, f, m);
        put(customer);
    }
    // Customers with returns only have never bought as far as these rows know.
    for (const int i : {2, 3, 6, 7, 8, 9}) nulls[i] = true;
    values[4] = Int32GetDatum(0);
    values[10] = segmenter.prospects();
    for (std::size_t i = 0; i < accumulator.size(); ++i) {
        const auto& customer = accumulator[i];
        if (customer.orders > 0) continue;
        host.poll();
        values[5] = Float8GetDatum(accessor.returns == core::Returns::kNet
                                       ? core::amount_value(customer.returned)
                                       : 0.0);
        put(customer);
    }
    return static_cast<Datum>(0);
}

// (state, <AccessorArgs>) returns setof (measure text, cut_points float8[], bins model)
ECOM_FUNCTION(ecom_rfm_cut_points) {
    RowSink rows(fcinfo);
    if (PG_ARGISNULL(0)) return static_cast<Datum>(0);
    BackendHost host;
    const AccessorArgs accessor{Args(fcinfo)};
    const ReadableState<RfmAccumulator> state(fcinfo, 0);
    const core::RfmTable table =
        core::rfm_table(*state, accessor.as_of_day, accessor.returns, false, host);
    static constexpr const char* kNames[] = {"recency", "frequency", "monetary"};
    for (const auto measure : {core::kRecency, core::kFrequency, core::kMonetary}) {
        const core::QuantileBins bins =
            core::rfm_cut_points(table.columns[measure], measure, accessor.params, host);
        std::vector<Datum> cuts;
        for (const double cut : bins.cuts())
            cuts.push_back(call([&] { return Float8GetDatum(cut); }));
        const Datum values[3] = {
            text_datum(kNames[measure]),
            call([&] {
                return PointerGetDatum(construct_array(cuts.data(), static_cast<int>(cuts.size()),
                                                       FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
                                                       TYPALIGN_DOUBLE));
            }),
            varlena_datum(core::encode_model(bins)),
        };
        const bool nulls[3] = {};
        rows.put(values, nulls);
    }
    return static_cast<Datum>(0);
}

// (state, <AccessorArgs>, scheme text, rules model) returns setof (segment text, customers bigint,
// orders bigint, monetary float8, mean_recency_days float8, mean_frequency float8,
// mean_monetary float8)
ECOM_FUNCTION(ecom_rfm_segments) {
    RowSink rows(fcinfo);
    if (PG_ARGISNULL(0)) return static_cast<Datum>(0);
    BackendHost host;
    const Args args(fcinfo);
    const AccessorArgs accessor(args);
    const core::SegmentRules rules = rules_arg(args, AccessorArgs::kCount + 1);
    const Segmenter segmenter(rules, accessor.params.bins);
    const ReadableState<RfmAccumulator> state(fcinfo, 0);
    const ScoredTable scored(*state, accessor, host);

    struct Totals {
        std::int64_t customers = 0;
        std::int64_t orders = 0;
        std::int64_t recency_days = 0;
        core::ExactAmount monetary = 0;
    };
    std::vector<Totals> totals(segmenter.size());
    for (std::size_t i = 0; i < scored.table.customers.size(); ++i) {
        Totals& total = totals[segmenter.index(scored.score(core::kRecency, i),
                                               scored.score(core::kFrequency, i),
                                               scored.score(core::kMonetary, i))];
        const auto& customer = (*state)[scored.table.customers[i]];
        ++total.customers;
        total.orders += customer.orders;
        total.recency_days += static_cast<std::int64_t>(scored.table.columns[core::kRecency][i]);
        total.monetary += accessor.returns == core::Returns::kNet
                              ? customer.gross + customer.returned
                              : customer.gross;
    }
    for (std::size_t i = 0; i < totals.size(); ++i) {
        const Totals& total = totals[i];
        if (total.customers == 0) continue;
        const auto n = static_cast<double>(total.customers);
        const double monetary = core::amount_value(total.monetary);
        const Datum values[7] = {
            segmenter.name_at(i),
            Int64GetDatum(total.customers),
            Int64GetDatum(total.orders),
            Float8GetDatum(monetary),
            Float8GetDatum(static_cast<double>(total.recency_days) / n),
            Float8GetDatum(static_cast<double>(total.orders) / n),
            Float8GetDatum(monetary / n),
        };
        const bool nulls[7] = {};
        rows.put(values, nulls);
    }
    return static_cast<Datum>(0);
}

// (r int, f int, m int, bins int, scheme text, rules model) returns text; NULL scores: prospects
ECOM_FUNCTION(ecom_rfm_segment) {
    const Args args(fcinfo);
    const int bins = args.int4(3, "bins");
    core::check_bins(bins);
    if (args.is_null(0) || args.is_null(1) || args.is_null(2))
        return text_datum(core::kProspectSegment);
    int scores[core::kRfmMeasures];
    for (int i = 0; i < 3; ++i) {
        scores[i] = DatumGetInt32(args.datum(i));
        if (scores[i] < 1 || scores[i] > bins)
            invalid("score " + std::to_string(scores[i]) + " is out of range",
                    "Scores run from 1 to the number of bins, " + std::to_string(bins) + ".");
    }
    const std::size_t place = cell(scores[0], scores[1], scores[2], bins);
    if (!args.is_null(5)) {
        const auto& rules = model_arg<core::SegmentRules>(fcinfo, 5);
        return text_datum(rules.names()[rules.table(bins)[place]]);
    }
    const core::SegmentRules rules = core::segment_scheme(args.text(4, "scheme"));
    return text_datum(rules.names()[rules.table(bins)[place]]);
}

// (state, priority int, segment text, then ten bounds float8: r, f, m, fm, total, each low, high)
ECOM_FUNCTION(ecom_rfm_rules_add) {
    const Args args(fcinfo);
    const auto running = writable_state<core::SegmentRulesState>(
        fcinfo, [] { return core::SegmentRulesState(); });
    core::SegmentRule rule;
    rule.priority = args.int4(1, "priority");
    rule.segment = std::string(args.text(2, "segment"));
    int i = 3;
    for (core::ScoreRange* range : {&rule.r, &rule.f, &rule.m, &rule.fm, &rule.total}) {
        range->low = args.float8(i).value_or(range->low);
        range->high = args.float8(i + 1).value_or(range->high);
        i += 2;
    }
    running.state->add(std::move(rule));
    return running.datum;
}

ECOM_FUNCTION(ecom_rfm_rules_combine) {
    BackendHost host;
    return combine_states<core::SegmentRulesState>(fcinfo, host);
}

ECOM_FUNCTION(ecom_rfm_rules_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::SegmentRulesState> state(fcinfo, 0);
    return varlena_datum(core::encode_model(state->fit()));
}

// () returns setof (scheme text, priority int, segment text, ten bounds float8)
ECOM_FUNCTION(ecom_rfm_schemes) {
    RowSink rows(fcinfo);
    for (const std::string& scheme : core::segment_scheme_names()) {
        const core::SegmentRules rules = core::segment_scheme(scheme);
        for (const core::SegmentRule& rule : rules.rules()) {
            Datum values[13] = {text_datum(scheme), Int32GetDatum(rule.priority),
                                text_datum(rule.segment)};
            bool nulls[13] = {};
            int i = 3;
            for (const core::ScoreRange* range :
                 {&rule.r, &rule.f, &rule.m, &rule.fm, &rule.total}) {
                for (const double bound : {range->low, range->high}) {
                    nulls[i] = std::isinf(bound);
                    values[i++] = Float8GetDatum(bound);
                }
            }
            rows.put(values, nulls);
        }
    }
    return static_cast<Datum>(0);
}

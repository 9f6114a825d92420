// ecom.rfm_scan: the rows of a query to the state of ecom.rfm_agg, reading and accumulating at once.
#include <memory>
#include <string>
#include <vector>

#include "core/base/background.hpp"
#include "core/rfm/accumulator.hpp"
#include "pg/agg_state.hpp"
#include "pg/host.hpp"
#include "pg/numeric.hpp"
#include "pg/query_reader.hpp"
#include "pg/rfm_shared.hpp"

extern "C" {
#include "utils/date.h"
}

using namespace ecom;
using namespace ecom::pg;
using core::RfmAccumulator;

namespace {

// Rows of a query, (customer, order, ts, amount) or (customer, ts, amount), on their way into an
// accumulator. The calling thread decodes rows into one batch while the other thread accumulates
// the batch before.
class LineTarget final : public RowTarget {
public:
    explicit LineTarget(core::Host& host) : host_(host), background_(host) {}

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
        background_.submit([this, &full](core::Host& host) {
            for (const Line& line : full.lines) {
                if (customer_ == IdType::kText)
                    state_->add(std::string_view(full.texts).substr(
                                    static_cast<std::size_t>(line.customer), line.customer_length),
                                line.order, line.at, line.amount, host);
                else
                    state_->add(line.customer, line.order, line.at, line.amount, host);
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
    core::Background background_;  // last: its thread ends before what it works on
};

}  // namespace

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

// ecom.rfm_agg: order lines to a state, one row at a time, for every type of ids and amounts.
#include "core/rfm/accumulator.hpp"
#include "pg/agg_state.hpp"
#include "pg/host.hpp"
#include "pg/numeric.hpp"
#include "pg/rfm_shared.hpp"

using namespace ecom;
using namespace ecom::pg;
using core::RfmAccumulator;

namespace {

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

}  // namespace

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

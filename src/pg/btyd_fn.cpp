// ecom.btyd_fit and its kin, ecom.gamma_gamma_fit, and what their models say of a customer.
#include "core/clv/btyd.hpp"

#include <cmath>

#include "core/clv/gamma_gamma.hpp"
#include "core/clv/lifetime_value.hpp"
#include "core/clv/order_history.hpp"
#include "pg/agg_state.hpp"
#include "pg/host.hpp"
#include "pg/row_values.hpp"

extern "C" {
#include "utils/date.h"
}

using namespace ecom;
using namespace ecom::pg;

namespace {

// Dates further ahead than a century say no more than "never".
constexpr double kFarthestDays = 36525;
constexpr double kZ95 = 1.959963984540054;

core::History history_arg(FunctionCallInfo fcinfo, int first) {
    const Args args(fcinfo);
    return {DatumGetFloat8(args.datum(first)), DatumGetFloat8(args.datum(first + 1)), DatumGetFloat8(args.datum(first + 2))};
}

std::int32_t finite_day(Datum datum, const char* name) {
    const DateADT day = DatumGetDateADT(datum);
    if (DATE_NOT_FINITE(day))
        throw core::Error(core::ErrorCode::kNonFiniteInput, std::string("argument \"") + name + "\" must be a finite date",
                          "Filter infinite dates out.");
    return day;
}

// The mean spend in an argument; none where it is needed and not known.
std::optional<double> mean_spend_arg(FunctionCallInfo fcinfo, int arg, double frequency) {
    if (frequency == 0) return 0.0;
    return Args(fcinfo).float8(arg);
}

Datum float8_or_null(FunctionCallInfo fcinfo, std::optional<double> value) {
    if (!value) PG_RETURN_NULL();
    PG_RETURN_FLOAT8(*value);
}

}  // namespace

// (state, order_date, end_date [, unit]) or (state, order_date, amount, end_date, unit)
ECOM_FUNCTION(ecom_order_history_add) {
    const Args args(fcinfo);
    const bool amounts = fcinfo->nargs == 5;
    const int end_arg = amounts ? 3 : 2, unit_arg = end_arg + 1;
    const auto running = writable_state<core::OrderHistoryState>(fcinfo, [&] {
        core::OrderHistoryParams params;
        if (args.is_null(end_arg))
            throw core::Error(core::ErrorCode::kInvalidArgument, "argument \"end_date\" must not be NULL",
                              "Pass the last day that the data covers, the same for all customers.");
        params.end_day = finite_day(args.datum(end_arg), "end_date");
        if (unit_arg < fcinfo->nargs) params.unit_days = core::days_in_unit(args.text(unit_arg, "unit"));
        params.amounts = amounts;
        return core::OrderHistoryState(params);
    });
    if (args.is_null(1) || (amounts && args.is_null(2))) return running.datum;
    running.state->add(finite_day(args.datum(1), "order_date"), amounts ? DatumGetFloat8(args.datum(2)) : 1.0, BackendHost());
    return running.datum;
}

ECOM_FUNCTION(ecom_order_history_combine) {
    BackendHost host;
    return combine_states<core::OrderHistoryState>(fcinfo, host);
}

// (state) returns ecom.order_history_result
ECOM_FUNCTION(ecom_order_history_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::OrderHistoryState> state(fcinfo, 0);
    BackendHost host;
    const auto history = state->history(host);
    if (!history) PG_RETURN_NULL();
    RowValues<6> row;
    row.put_datum(Int32GetDatum(history->frequency));
    row.put(history->recency);
    row.put(history->age);
    row.put(history->mean_spend);
    row.put_datum(DateADTGetDatum(history->first_day));
    row.put_datum(DateADTGetDatum(history->last_day));
    return row.datum(fcinfo);
}

namespace {

Datum add_history(FunctionCallInfo fcinfo, std::optional<core::BtydFamily> family) {
    const Args args(fcinfo);
    const auto running = writable_state<core::BtydState>(fcinfo, [&] {
        return core::BtydState(family ? *family : core::parse_btyd_family(args.text(4, "method")));
    });
    if (args.is_null(1) || args.is_null(2) || args.is_null(3)) return running.datum;
    running.state->add(history_arg(fcinfo, 1), BackendHost());
    return running.datum;
}

}  // namespace

// (state, frequency, recency, age, method)
ECOM_FUNCTION(ecom_btyd_add) { return add_history(fcinfo, std::nullopt); }
// (state, frequency, recency, age)
ECOM_FUNCTION(ecom_bgnbd_add) { return add_history(fcinfo, core::BtydFamily::kBgNbd); }
ECOM_FUNCTION(ecom_mbgnbd_add) { return add_history(fcinfo, core::BtydFamily::kMbgNbd); }
ECOM_FUNCTION(ecom_pareto_nbd_add) { return add_history(fcinfo, core::BtydFamily::kParetoNbd); }

ECOM_FUNCTION(ecom_btyd_combine) {
    BackendHost host;
    return combine_states<core::BtydState>(fcinfo, host);
}

ECOM_FUNCTION(ecom_btyd_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::BtydState> state(fcinfo, 0);
    if (state->empty()) PG_RETURN_NULL();
    BackendHost host;
    return varlena_datum(core::encode_model(state->fit(host)));
}

// (state, frequency, mean_spend)
ECOM_FUNCTION(ecom_gamma_gamma_add) {
    const Args args(fcinfo);
    const auto running = writable_state<core::GammaGammaState>(fcinfo, [] { return core::GammaGammaState(); });
    if (!args.is_null(1)) {
        const double frequency = DatumGetFloat8(args.datum(1));
        if (const auto spend = mean_spend_arg(fcinfo, 2, frequency)) running.state->add(frequency, *spend, BackendHost());
    }
    return running.datum;
}

ECOM_FUNCTION(ecom_gamma_gamma_combine) {
    BackendHost host;
    return combine_states<core::GammaGammaState>(fcinfo, host);
}

ECOM_FUNCTION(ecom_gamma_gamma_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::GammaGammaState> state(fcinfo, 0);
    if (state->rows() == 0) PG_RETURN_NULL();
    BackendHost host;
    return varlena_datum(core::encode_model(state->fit(host)));
}

// (model, frequency, recency, age), strict
ECOM_FUNCTION(ecom_p_alive) {
    PG_RETURN_FLOAT8(model_arg<core::BtydModel>(fcinfo, 0).alive(history_arg(fcinfo, 1)));
}

// (model, frequency, recency, age, horizon), strict
ECOM_FUNCTION(ecom_expected_purchases) {
    PG_RETURN_FLOAT8(model_arg<core::BtydModel>(fcinfo, 0).expected_purchases(history_arg(fcinfo, 1), PG_GETARG_FLOAT8(4)));
}

// (model, frequency, recency, age, periods, period, rate), strict
ECOM_FUNCTION(ecom_discounted_orders) {
    const core::Discounting terms{PG_GETARG_INT32(4), PG_GETARG_FLOAT8(5), PG_GETARG_FLOAT8(6)};
    PG_RETURN_FLOAT8(core::discounted_orders(model_arg<core::BtydModel>(fcinfo, 0), history_arg(fcinfo, 1), terms));
}

// (model, frequency, recency, age, rate), strict
ECOM_FUNCTION(ecom_discounted_purchases) {
    PG_RETURN_FLOAT8(model_arg<core::BtydModel>(fcinfo, 0).discounted_purchases(history_arg(fcinfo, 1), PG_GETARG_FLOAT8(4)));
}

// (model, frequency, mean_spend)
ECOM_FUNCTION(ecom_expected_spend) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) PG_RETURN_NULL();
    const double frequency = PG_GETARG_FLOAT8(1);
    const auto spend = mean_spend_arg(fcinfo, 2, frequency);
    if (!spend) PG_RETURN_NULL();
    return float8_or_null(fcinfo, model_arg<core::GammaGammaModel>(fcinfo, 0).expected_spend(frequency, *spend));
}

// (model, spend_model, frequency, recency, age, mean_spend, periods, period, rate)
ECOM_FUNCTION(ecom_customer_lifetime_value) {
    for (const int i : {0, 1, 2, 3, 4})
        if (PG_ARGISNULL(i)) PG_RETURN_NULL();
    const Args args(fcinfo);
    const core::Discounting terms{args.int4(6, "periods"), args.required_float8(7, "period"), args.required_float8(8, "rate")};
    const core::History history = history_arg(fcinfo, 2);
    const auto spend = mean_spend_arg(fcinfo, 5, history.frequency);
    if (!spend) PG_RETURN_NULL();
    return float8_or_null(fcinfo, core::lifetime_value(model_arg<core::BtydModel>(fcinfo, 0), model_arg<core::GammaGammaModel>(fcinfo, 1),
                                                       history, *spend, terms));
}

// (model, frequency, recency, age, end_date, coverage, unit), strict; returns ecom.next_order_result
ECOM_FUNCTION(ecom_next_order) {
    const Args args(fcinfo);
    const core::History history = history_arg(fcinfo, 1);
    const std::int32_t end = finite_day(args.datum(4), "end_date");
    const double unit_days = core::days_in_unit(args.text(6, "unit"));
    const auto& model = model_arg<core::BtydModel>(fcinfo, 0);
    const core::NextOrder next = core::next_order(model, history, args.required_float8(5, "coverage"));
    RowValues<4> row;
    row.put(model.alive(history));
    for (const double time : {next.median, next.earliest, next.latest}) {
        const double days = std::ceil(time * unit_days);
        if (days <= kFarthestDays && end <= DATE_END_JULIAN - POSTGRES_EPOCH_JDATE - 1 - kFarthestDays)
            row.put_datum(DateADTGetDatum(end + std::max(1, static_cast<std::int32_t>(days))));
        else
            row.skip(1);
    }
    return row.datum(fcinfo);
}

// (model), strict; returns setof (parameter, estimate, standard_error, lower, upper)
ECOM_FUNCTION(ecom_btyd_parameters) {
    RowSink rows(fcinfo);
    if (PG_ARGISNULL(0)) return static_cast<Datum>(0);
    const core::Model& model = CallSite::of(fcinfo).model(fcinfo, 0);
    const auto put = [&](const std::string& name, double estimate, double error) {
        RowValues<5> row;
        row.put_datum(text_datum(name));
        row.put(estimate);
        if (std::isfinite(error)) {
            const double ratio = std::exp(kZ95 * error / estimate);
            row.put(error);
            row.put(estimate / ratio);
            row.put(estimate * ratio);
        } else {
            row.skip(3);
        }
        row.into(rows);
    };
    if (const auto* spend = dynamic_cast<const core::GammaGammaModel*>(&model)) {
        const core::GammaGammaFit& fit = spend->fit();
        const double values[] = {fit.p, fit.q, fit.gamma};
        const char* const names[] = {"p", "q", "gamma"};
        for (std::size_t i = 0; i < 3; ++i)
            put(names[i], values[i], fit.standard_errors.empty() ? std::nan("") : fit.standard_errors[i]);
        return static_cast<Datum>(0);
    }
    const core::BtydFit& fit = core::model_as<core::BtydModel>(model).fit();
    const auto names = core::btyd_parameter_names(fit.family);
    for (std::size_t i = 0; i < names.size(); ++i) put(names[i], fit.parameters[i], fit.standard_errors[i]);
    return static_cast<Datum>(0);
}

// (model), strict; returns (method, requested_method, status, customers, repeat_orders, log_likelihood, aic,
// frequency_correlation)
ECOM_FUNCTION(ecom_btyd_summary) {
    const core::Model& model = CallSite::of(fcinfo).model(fcinfo, 0);
    RowValues<8> row;
    const auto likelihood = [&](double value, std::size_t parameters) {
        row.put(value);
        row.put(2 * static_cast<double>(parameters) - 2 * value);
    };
    if (const auto* spend = dynamic_cast<const core::GammaGammaModel*>(&model)) {
        const core::GammaGammaFit& fit = spend->fit();
        row.put_datum(text_datum("gamma_gamma"));
        row.put_datum(text_datum("gamma_gamma"));
        row.put_datum(text_datum(fit.converged ? "converged" : "boundary"));
        row.put(fit.customers);
        row.skip(1);
        likelihood(fit.log_likelihood, 3);
        row.put(fit.frequency_correlation);
        return row.datum(fcinfo);
    }
    const core::BtydFit& fit = core::model_as<core::BtydModel>(model).fit();
    row.put_datum(text_datum(core::btyd_family_name(fit.family)));
    row.put_datum(text_datum(core::btyd_family_name(fit.requested)));
    row.put_datum(text_datum(core::btyd_status_name(fit.status)));
    row.put(fit.customers);
    row.put(fit.repeat_orders);
    likelihood(fit.log_likelihood, fit.parameters.size());
    row.skip(1);
    return row.datum(fcinfo);
}

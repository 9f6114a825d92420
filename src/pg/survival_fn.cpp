// ecom.survival_agg with its accessors, ecom.cox_fit and what its models say.
#include "core/clv/survival.hpp"

#include <cmath>

#include "core/clv/cox.hpp"
#include "core/stats/distributions.hpp"
#include "pg/agg_state.hpp"
#include "pg/host.hpp"
#include "pg/row_values.hpp"

using namespace ecom;
using namespace ecom::pg;

namespace {

constexpr double kZ95 = 1.959963984540054;

std::optional<double> known(double value) {
    return std::isnan(value) ? std::nullopt : std::optional<double>(value);
}

std::vector<std::string> names_arg(const Args& args, int i) {
    if (args.is_null(i)) throw core::Error(core::ErrorCode::kInvalidArgument, "argument \"names\" must not be NULL");
    const Datum value = args.datum(i);
    struct Elements {
        Datum* datums;
        bool* nulls;
        int count;
    };
    const Elements elements = call([&] {
        Elements e;
        deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT, &e.datums, &e.nulls, &e.count);
        return e;
    });
    std::vector<std::string> names;
    for (int k = 0; k < elements.count; ++k) {
        if (elements.nulls[k]) throw core::Error(core::ErrorCode::kInvalidArgument, "names of features must not be NULL");
        names.emplace_back(bytes_arg(elements.datums[k]));
    }
    return names;
}

}  // namespace

// (state, duration, has_left)
ECOM_FUNCTION(ecom_survival_add) {
    const Args args(fcinfo);
    const auto running = writable_state<core::SurvivalState>(fcinfo, [] { return core::SurvivalState(); });
    if (!args.is_null(1) && !args.is_null(2))
        running.state->add(DatumGetFloat8(args.datum(1)), DatumGetBool(args.datum(2)), BackendHost());
    return running.datum;
}

ECOM_FUNCTION(ecom_survival_combine) {
    BackendHost host;
    return combine_states<core::SurvivalState>(fcinfo, host);
}

// (state, level), strict; returns setof (duration, customers_at_risk, customers_left, customers_censored, survival,
// standard_error, ci_low, ci_high)
ECOM_FUNCTION(ecom_kaplan_meier) {
    RowSink rows(fcinfo);
    if (PG_ARGISNULL(0)) return static_cast<Datum>(0);
    const ReadableState<core::SurvivalState> state(fcinfo, 0);
    BackendHost host;
    for (const core::SurvivalStep& step : state->steps(Args(fcinfo).required_float8(1, "level"), host)) {
        RowValues<8> row;
        row.put(step.time);
        row.put(step.at_risk);
        row.put(step.left);
        row.put(step.censored);
        row.put(step.survival);
        row.put(known(step.standard_error));
        row.put(known(step.low));
        row.put(known(step.high));
        row.into(rows);
    }
    return static_cast<Datum>(0);
}

// (state, level), strict; returns (customers, customers_left, median, median_low, median_high, restricted_mean)
ECOM_FUNCTION(ecom_survival_summary) {
    const ReadableState<core::SurvivalState> state(fcinfo, 0);
    BackendHost host;
    const core::SurvivalSummary summary = core::summarize_survival(state->steps(PG_GETARG_FLOAT8(1), host));
    if (summary.customers == 0) PG_RETURN_NULL();
    RowValues<6> row;
    row.put(summary.customers);
    row.put(summary.left);
    row.put(summary.median);
    row.put(summary.median_low);
    row.put(summary.median_high);
    row.put(summary.mean);
    return row.datum(fcinfo);
}

// (state, duration, has_left, features float8[] [, names text[]])
ECOM_FUNCTION(ecom_cox_add) {
    const Args args(fcinfo);
    if (args.is_null(1) || args.is_null(2) || args.is_null(3)) {
        if (args.is_null(0)) PG_RETURN_NULL();
        return args.datum(0);
    }
    const std::vector<double> features = args.float8_array(3, "features");
    const auto running = writable_state<core::CoxState>(fcinfo, [&] {
        if (fcinfo->nargs == 5) return core::CoxState(names_arg(args, 4));
        std::vector<std::string> names;
        for (std::size_t k = 1; k <= features.size(); ++k) names.push_back("x" + std::to_string(k));
        return core::CoxState(std::move(names));
    });
    if (running.state->names().size() != features.size())
        throw core::Error(core::ErrorCode::kInvalidArgument,
                          std::to_string(features.size()) + " features, but " + std::to_string(running.state->names().size()) +
                              " are expected",
                          "Pass an array of the same length in every row, with a name for each of its elements.");
    running.state->add(DatumGetFloat8(args.datum(1)), DatumGetBool(args.datum(2)), features.data(), BackendHost());
    return running.datum;
}

ECOM_FUNCTION(ecom_cox_combine) {
    BackendHost host;
    return combine_states<core::CoxState>(fcinfo, host);
}

ECOM_FUNCTION(ecom_cox_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::CoxState> state(fcinfo, 0);
    if (state->empty()) PG_RETURN_NULL();
    BackendHost host;
    return varlena_datum(core::encode_model(state->fit(host)));
}

// (model), strict; returns setof (feature, coefficient, standard_error, hazard_ratio, ci_low, ci_high, z, p_value)
ECOM_FUNCTION(ecom_cox_coefficients) {
    RowSink rows(fcinfo);
    if (PG_ARGISNULL(0)) return static_cast<Datum>(0);
    const core::CoxFit& fit = model_arg<core::CoxModel>(fcinfo, 0).fit();
    for (std::size_t k = 0; k < fit.names.size(); ++k) {
        const double b = fit.coefficients[k], e = fit.standard_errors[k], z = b / e;
        RowValues<8> row;
        row.put_datum(text_datum(fit.names[k]));
        row.put(b);
        row.put(e);
        row.put(std::exp(b));
        row.put(std::exp(b - kZ95 * e));
        row.put(std::exp(b + kZ95 * e));
        row.put(z);
        row.put(2 * core::normal_cdf(-std::abs(z)));
        row.into(rows);
    }
    return static_cast<Datum>(0);
}

// (model), strict; returns (customers, customers_left, log_likelihood, null_log_likelihood, chi_squared, p_value, concordance)
ECOM_FUNCTION(ecom_cox_summary) {
    const core::CoxFit& fit = model_arg<core::CoxModel>(fcinfo, 0).fit();
    const double chi_squared = std::max(0.0, 2 * (fit.log_likelihood - fit.null_log_likelihood));
    RowValues<7> row;
    row.put(fit.customers);
    row.put(fit.left);
    row.put(fit.log_likelihood);
    row.put(fit.null_log_likelihood);
    row.put(chi_squared);
    row.put(1 - core::chi_squared_cdf(chi_squared, static_cast<double>(fit.names.size())));
    row.put(fit.concordance);
    return row.datum(fcinfo);
}

// (model, features float8[]), strict
ECOM_FUNCTION(ecom_cox_hazard_ratio) {
    PG_RETURN_FLOAT8(model_arg<core::CoxModel>(fcinfo, 0).hazard_ratio(Args(fcinfo).float8_array(1, "features")));
}

// (model, features float8[], duration), strict
ECOM_FUNCTION(ecom_cox_survival) {
    PG_RETURN_FLOAT8(model_arg<core::CoxModel>(fcinfo, 0).survival(Args(fcinfo).float8_array(1, "features"), PG_GETARG_FLOAT8(2)));
}

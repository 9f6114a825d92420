// ecom.score_agg and its accessors, ecom.roc_auc and the other single figures, ecom.regression_metrics.
#include "core/stats/evaluation.hpp"

#include "pg/agg_state.hpp"
#include "pg/host.hpp"
#include "pg/row_values.hpp"

using namespace ecom;
using namespace ecom::pg;

namespace {

core::ClassificationMetrics metrics_of(FunctionCallInfo fcinfo) {
    const ReadableState<core::ScoredState> state(fcinfo, 0);
    BackendHost host;
    return core::classification_metrics(state->levels(host), state->threshold(), host);
}

Datum figure(FunctionCallInfo fcinfo, std::optional<double> core::ClassificationMetrics::*which) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const auto value = metrics_of(fcinfo).*which;
    if (!value) PG_RETURN_NULL();
    PG_RETURN_FLOAT8(*value);
}

template <int kFields>
void put_confusion(RowValues<kFields>& row, const core::Confusion& c) {
    for (const std::int64_t count : {c.true_positives, c.false_positives, c.true_negatives, c.false_negatives})
        row.put(count);
}

}  // namespace

// (state, label boolean, score float8 [, threshold float8])
ECOM_FUNCTION(ecom_score_add) {
    const Args args(fcinfo);
    const auto running = writable_state<core::ScoredState>(fcinfo, [&] {
        return core::ScoredState(PG_NARGS() < 4 ? 0.5 : args.required_float8(3, "threshold"));
    });
    if (!args.is_null(1) && !args.is_null(2))
        running.state->add(DatumGetBool(args.datum(1)), DatumGetFloat8(args.datum(2)), BackendHost());
    return running.datum;
}

ECOM_FUNCTION(ecom_score_combine) {
    BackendHost host;
    return combine_states<core::ScoredState>(fcinfo, host);
}

ECOM_FUNCTION(ecom_roc_auc_final) { return figure(fcinfo, &core::ClassificationMetrics::roc_auc); }
ECOM_FUNCTION(ecom_average_precision_final) {
    return figure(fcinfo, &core::ClassificationMetrics::average_precision);
}
ECOM_FUNCTION(ecom_log_loss_final) { return figure(fcinfo, &core::ClassificationMetrics::log_loss); }
ECOM_FUNCTION(ecom_brier_final) { return figure(fcinfo, &core::ClassificationMetrics::brier); }

// (state) returns ecom.classification_result
ECOM_FUNCTION(ecom_classification_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const core::ClassificationMetrics m = metrics_of(fcinfo);
    if (m.n == 0) PG_RETURN_NULL();
    RowValues<25> row;
    row.put(m.n);
    row.put(m.positives);
    put_confusion(row, m.confusion);
    row.put(m.confusion.accuracy());
    row.put(m.baseline_accuracy);
    row.put(m.confusion.precision());
    row.put(m.confusion.recall());
    row.put(m.confusion.specificity());
    row.put(m.confusion.f1());
    row.put(m.confusion.balanced_accuracy());
    row.put(m.confusion.matthews());
    row.put(m.confusion.kappa());
    for (const auto& value : {m.roc_auc, m.average_precision, m.pr_auc, m.ks})
        row.put(value);
    row.put(m.roc_auc ? std::optional(2 * *m.roc_auc - 1) : std::nullopt);
    for (const auto& value : {m.log_loss, m.baseline_log_loss, m.brier, m.baseline_brier, m.calibration_error})
        row.put(value);
    return row.datum(fcinfo);
}

// (state, buckets int) returns setof (bucket, n, positives, rate, cumulative_n, cumulative_positives,
// lift, cumulative_lift, gain, min_score)
ECOM_FUNCTION(ecom_lift_rows) {
    RowSink rows(fcinfo);
    const Args args(fcinfo);
    if (args.is_null(0)) return static_cast<Datum>(0);
    const ReadableState<core::ScoredState> state(fcinfo, 0);
    BackendHost host;
    const auto levels = state->levels(host);
    const auto buckets = core::lift_buckets(levels, args.int4(1, "buckets"), host);
    if (buckets.empty()) return static_cast<Datum>(0);
    const double all = buckets.back().cumulative_positives;
    const double rate = all / static_cast<double>(buckets.back().cumulative_n);
    for (const auto& b : buckets) {
        RowValues<10> row;
        row.put_datum(Int32GetDatum(b.bucket));
        row.put(b.n);
        row.put(b.positives);
        row.put(b.positives / static_cast<double>(b.n));
        row.put(b.cumulative_n);
        row.put(b.cumulative_positives);
        if (all > 0) {
            row.put(b.positives / static_cast<double>(b.n) / rate);
            row.put(b.cumulative_positives / static_cast<double>(b.cumulative_n) / rate);
            row.put(b.cumulative_positives / all);
        } else {
            row.skip(3);
        }
        row.put(b.min_score);
        row.into(rows);
    }
    return static_cast<Datum>(0);
}

// (state, rows int) returns setof (threshold, tp, fp, tn, fn, accuracy, precision, recall, specificity, f1)
ECOM_FUNCTION(ecom_threshold_rows) {
    RowSink rows(fcinfo);
    const Args args(fcinfo);
    if (args.is_null(0)) return static_cast<Datum>(0);
    const ReadableState<core::ScoredState> state(fcinfo, 0);
    BackendHost host;
    for (const auto& t : core::threshold_rows(state->levels(host), args.int4(1, "thresholds"), host)) {
        RowValues<10> row;
        row.put(t.threshold);
        put_confusion(row, t.confusion);
        for (const double value : {t.confusion.accuracy(), t.confusion.precision(), t.confusion.recall(),
                                   t.confusion.specificity(), t.confusion.f1()})
            row.put(value);
        row.into(rows);
    }
    return static_cast<Datum>(0);
}

// (state, bins int) returns setof (bin, n, mean_score, observed_rate, difference)
ECOM_FUNCTION(ecom_calibration_rows) {
    RowSink rows(fcinfo);
    const Args args(fcinfo);
    if (args.is_null(0)) return static_cast<Datum>(0);
    const ReadableState<core::ScoredState> state(fcinfo, 0);
    BackendHost host;
    for (const auto& bin : core::calibration_bins(state->levels(host), args.int4(1, "bins"), host)) {
        RowValues<5> row;
        row.put_datum(Int32GetDatum(bin.bin));
        row.put(bin.n);
        row.put(bin.mean_score);
        row.put(bin.observed_rate);
        row.put(bin.observed_rate - bin.mean_score);
        row.into(rows);
    }
    return static_cast<Datum>(0);
}

// (state, actual float8, predicted float8)
ECOM_FUNCTION(ecom_predicted_add) {
    const Args args(fcinfo);
    const auto running = writable_state<core::PredictedState>(fcinfo, [] { return core::PredictedState(); });
    if (!args.is_null(1) && !args.is_null(2))
        running.state->add(DatumGetFloat8(args.datum(1)), DatumGetFloat8(args.datum(2)), BackendHost());
    return running.datum;
}

ECOM_FUNCTION(ecom_predicted_combine) {
    BackendHost host;
    return combine_states<core::PredictedState>(fcinfo, host);
}

// (state) returns ecom.regression_result
ECOM_FUNCTION(ecom_regression_final) {
    if (PG_ARGISNULL(0)) PG_RETURN_NULL();
    const ReadableState<core::PredictedState> state(fcinfo, 0);
    BackendHost host;
    const auto m = state->metrics(host);
    if (!m) PG_RETURN_NULL();
    RowValues<8> row;
    row.put(m->n);
    row.put(m->mae);
    row.put(m->baseline_mae);
    row.put(m->rmse);
    row.put(m->baseline_rmse);
    row.put(m->r2);
    row.put(m->bias);
    row.put(m->mape);
    return row.datum(fcinfo);
}

// RFM scores of one customer by stored cut points, and the rules that name segments.
#include <cmath>
#include <memory>

#include "core/rfm/scoring.hpp"
#include "core/rfm/segments.hpp"
#include "core/stats/quantile_bins.hpp"
#include "pg/agg_state.hpp"
#include "pg/call_site.hpp"
#include "pg/host.hpp"
#include "pg/results.hpp"
#include "pg/rfm_shared.hpp"

using namespace ecom;
using namespace ecom::pg;

namespace {

// The rules of argument i + 1, a model, if given, else of the scheme named by argument i.
const core::SegmentRules& rules_arg(FunctionCallInfo fcinfo, const Args& args, int i) {
    if (!args.is_null(i + 1)) return model_arg<core::SegmentRules>(fcinfo, i + 1);
    const std::string_view scheme = args.text(i, "scheme");
    return core::model_as<core::SegmentRules>(CallSite::of(fcinfo).made_model(i, scheme, [&] {
        return std::make_unique<core::SegmentRules>(core::segment_scheme(scheme));
    }));
}

}  // namespace

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
    values[4] = text_datum(rules_arg(fcinfo, args, 6).segment(scores[0], scores[1], scores[2], bins));
    return row_datum(site.row_type(fcinfo), values, nulls);
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
    return text_datum(rules_arg(fcinfo, args, 4).segment(scores[0], scores[1], scores[2], bins));
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

// What an RFM state tells: ecom.rfm_rows, ecom.rfm_cut_points, ecom.rfm_segments.
#include "core/catalog/models.hpp"
#include "core/rfm/segments.hpp"
#include "core/rfm/table.hpp"
#include "pg/agg_state.hpp"
#include "pg/host.hpp"
#include "pg/results.hpp"
#include "pg/rfm_shared.hpp"

extern "C" {
#include "utils/date.h"
}

using namespace ecom;
using namespace ecom::pg;
using core::RfmAccumulator;

namespace {

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

}  // namespace

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
    if (scored.table.customers.size() == accumulator.size()) return static_cast<Datum>(0);

    // Customers with returns only have never bought as far as these rows know.
    for (const int i : {2, 3, 6, 7, 8, 9}) nulls[i] = true;
    values[4] = Int32GetDatum(0);
    values[10] = segmenter.prospects();
    for (std::size_t i = 0; i < accumulator.size(); ++i) {
        host.poll();
        const auto& customer = accumulator[i];
        if (customer.orders > 0) continue;
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
    core::PollEvery poll(host);
    for (std::size_t i = 0; i < scored.table.customers.size(); ++i) {
        poll();
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

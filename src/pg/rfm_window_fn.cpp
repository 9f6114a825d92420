// ecom.rfm_score as a window function: every row scored against its partition.
#include <memory>

#include "core/base/budget.hpp"
#include "core/rfm/scoring.hpp"
#include "pg/args.hpp"
#include "pg/call_site.hpp"
#include "pg/host.hpp"
#include "pg/rfm_shared.hpp"

extern "C" {
#include "windowapi.h"
}

using namespace ecom;
using namespace ecom::pg;

namespace {

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

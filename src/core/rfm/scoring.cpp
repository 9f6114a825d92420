#include "core/rfm/scoring.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/base/parallel.hpp"
#include "core/stats/quantile.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

bool is_rank_method(RfmMethod method) {
    return method == RfmMethod::kNtile || method == RfmMethod::kRankFirst;
}

// Low recency is good, so its scale runs backwards.
bool is_descending(RfmMeasure measure) { return measure == kRecency; }

std::vector<std::uint8_t> score_by_cuts(const std::vector<double>& values, const QuantileBins& bins,
                                        Host& host) {
    std::vector<std::uint8_t> scores(values.size());
    PollEvery poll(host);
    for (std::size_t i = 0; i < values.size(); ++i) {
        scores[i] = static_cast<std::uint8_t>(bins.bin(values[i]));
        poll();
    }
    return scores;
}

// Bucket of the 0-based rank, counted from 1, as SQL's ntile.
std::uint64_t ntile_bucket(std::uint64_t rank, std::uint64_t n, std::uint64_t k) {
    const std::uint64_t size = n / k;
    const std::uint64_t longer = n % k;
    const std::uint64_t in_longer = longer * (size + 1);
    return rank < in_longer ? rank / (size + 1) + 1 : longer + (rank - in_longer) / size + 1;
}

// Bucket of the 0-based rank when ranks are cut at their own type-7 quantiles, right-closed:
// one plus the number of cuts i with rank > (n - 1) i / k. In integers, so exact.
std::uint64_t quantile_bucket(std::uint64_t rank, std::uint64_t n, std::uint64_t k) {
    std::uint64_t bucket = 1;
    for (std::uint64_t i = 1; i < k; ++i) bucket += rank * k > (n - 1) * i;
    return bucket;
}

std::vector<std::uint8_t> score_by_rank(const std::vector<double>& values, RfmMeasure measure,
                                        const RfmParams& params, Host& host) {
    const std::uint64_t n = values.size();
    const auto k = static_cast<std::uint64_t>(params.bins);
    PollEvery poll(host);
    std::vector<std::uint32_t> order;
    order.reserve(n);
    for (std::uint32_t i = 0; i < n; ++i) {
        poll();
        order.push_back(i);
    }

    // ntile scripts sort recency from oldest to newest and use the bucket as the score; pandas
    // scripts rank it upwards and reverse the labels. The two break ties the other way round.
    const bool oldest_first = is_descending(measure) && params.method == RfmMethod::kNtile;
    const bool reverse_labels = is_descending(measure) && params.method == RfmMethod::kRankFirst;

    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        poll();
        if (values[a] != values[b]) return oldest_first ? values[a] > values[b] : values[a] < values[b];
        return a < b;
    });

    std::vector<std::uint8_t> scores(n);
    for (std::uint64_t rank = 0; rank < n; ++rank) {
        poll();
        const std::uint64_t bucket = params.method == RfmMethod::kNtile
                                         ? ntile_bucket(rank, n, k)
                                         : quantile_bucket(rank, n, k);
        scores[order[rank]] = static_cast<std::uint8_t>(reverse_labels ? k + 1 - bucket : bucket);
    }
    return scores;
}

std::vector<std::uint8_t> score_measure(const std::vector<double>& values, RfmMeasure measure,
                                        const RfmParams& params, Host& host) {
    PollEvery poll(host);
    for (const double v : values) {
        poll();
        if (!std::isfinite(v))
            throw Error(ErrorCode::kNonFiniteInput,
                        "recency, frequency and monetary values must be finite",
                        "Filter NaN and infinite values out before scoring.");
    }
    if (is_rank_method(params.method)) return score_by_rank(values, measure, params, host);
    return score_by_cuts(values, rfm_cut_points(values, measure, params, host), host);
}

}  // namespace

RfmMethod parse_rfm_method(std::string_view name) {
    if (name == "quantile") return RfmMethod::kQuantile;
    if (name == "ntile") return RfmMethod::kNtile;
    if (name == "rank_first") return RfmMethod::kRankFirst;
    if (name == "rfm_r") return RfmMethod::kRfmR;
    if (name == "fixed") return RfmMethod::kFixed;
    throw Error(ErrorCode::kInvalidArgument,
                "unknown scoring method \"" + std::string(name) + "\"",
                "Use one of quantile, ntile, rank_first, rfm_r, fixed.");
}

void RfmParams::check() const {
    check_bins(bins);
    static constexpr const char* kNames[kRfmMeasures] = {"recency", "frequency", "monetary"};
    for (std::size_t measure = 0; measure < kRfmMeasures; ++measure) {
        const auto& given = thresholds[measure];
        const std::string name = kNames[measure];
        if (method != RfmMethod::kFixed) {
            if (!given.empty())
                throw Error(ErrorCode::kInvalidArgument,
                            "thresholds for " + name + " need method \"fixed\"",
                            "Pass method => 'fixed', or leave the thresholds out.");
            continue;
        }
        if (given.size() + 1 != static_cast<std::size_t>(bins))
            throw Error(ErrorCode::kInvalidArgument,
                        "method \"fixed\" needs " + std::to_string(bins - 1) + " thresholds for " +
                            name + ", got " + std::to_string(given.size()),
                        "Pass one threshold less than there are bins, for each measure.");
        const bool finite =
            std::all_of(given.begin(), given.end(), [](double v) { return std::isfinite(v); });
        if (!finite || std::adjacent_find(given.begin(), given.end(), std::greater_equal<>()) !=
                           given.end())
            throw Error(ErrorCode::kInvalidArgument,
                        "thresholds for " + name + " must be finite and ascending");
    }
}

std::size_t rfm_scoring_bytes(std::size_t n) {
    // Each measure: the column copied for selection or an order index, and a byte a score.
    return mul_size(n, kRfmMeasures * (sizeof(double) + 1));
}

RfmScores rfm_score(const RfmColumns& columns, const RfmParams& params, Host& host) {
    params.check();
    RfmScores scores;
    const std::size_t n = columns[kRecency].size();
    if (n == 0) return scores;
    require_memory(host, rfm_scoring_bytes(n), "scoring " + std::to_string(n) + " customers");
    parallel_for(host, kRfmMeasures, [&](std::size_t i, Host& inner) {
        scores[i] = score_measure(columns[i], static_cast<RfmMeasure>(i), params, inner);
    });
    return scores;
}

QuantileBins rfm_cut_points(const std::vector<double>& values, RfmMeasure measure,
                            const RfmParams& params, Host& host) {
    if (is_rank_method(params.method))
        throw Error(ErrorCode::kInvalidArgument,
                    "scoring methods \"ntile\" and \"rank_first\" have no cut points",
                    "They score by rank; use quantile, rfm_r or fixed to score new customers later.");
    if (values.empty())
        throw Error(ErrorCode::kNotEnoughData, "cut points need at least one customer");
    const bool descending = is_descending(measure);
    if (params.method == RfmMethod::kFixed) {
        const Range range = range_of(values, host);
        return QuantileBins(params.thresholds[measure], true, descending,
                            static_cast<std::int64_t>(values.size()), range.min, range.max);
    }
    std::vector<double> copy;
    copy.reserve(values.size());
    PollEvery poll(host);
    for (const double v : values) {
        poll();
        copy.push_back(v);
    }
    const CutRule rule =
        params.method == RfmMethod::kRfmR ? CutRule::kRfmR : CutRule::kQuantile;
    return QuantileBins::fit(copy, params.bins, rule, descending, host);
}

std::string rfm_code(int r, int f, int m, int bins) {
    const char* separator = bins > 9 ? "-" : "";
    return std::to_string(r) + separator + std::to_string(f) + separator + std::to_string(m);
}

}  // namespace ecom::core

// RFM scores: recency, frequency and monetary value of each customer on a scale of 1 to k.
//
// Five conventions are in use and give different answers on the same data; docs/rfm.md compares
// them. All but kNtile and kRankFirst let equal values score equal.
//
//   kQuantile   type-7 quantile cut points, right-closed (q[i-1], q[i]]; as pandas.qcut, except
//               that coinciding cut points leave bins empty instead of failing
//   kNtile      SQL ntile(k): ranks in k runs, the first n mod k one longer; ties by position
//   kRankFirst  pandas.qcut(rank(method='first'), k): ranks cut at their own quantiles
//   kRfmR       R package rfm: quantile + 1, left-closed; equals `<= q` only for whole numbers
//   kFixed      thresholds given by the caller, left-closed [lo, hi)
//
// Direction: the most recent, most frequent, highest spending customers get k.
// Complexity: O(n log k) for the cut-point methods, O(n log n) for the rank methods.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/host.hpp"
#include "core/stats/quantile_bins.hpp"

namespace ecom::core {

enum class RfmMethod { kQuantile, kNtile, kRankFirst, kRfmR, kFixed };

RfmMethod parse_rfm_method(std::string_view name);

// The three measures, in the order used throughout.
enum RfmMeasure : std::size_t { kRecency = 0, kFrequency = 1, kMonetary = 2 };
constexpr std::size_t kRfmMeasures = 3;

struct RfmParams {
    int bins = 5;
    RfmMethod method = RfmMethod::kQuantile;
    // bins - 1 ascending thresholds per measure, for kFixed only.
    std::array<std::vector<double>, kRfmMeasures> thresholds;

    // Throws kInvalidArgument when the parameters contradict each other.
    void check() const;
};

// Columns of equal length, one row per customer. Recency in any unit, smaller is more recent.
using RfmColumns = std::array<std::vector<double>, kRfmMeasures>;
using RfmScores = std::array<std::vector<std::uint8_t>, kRfmMeasures>;

// Bytes that score() holds besides its arguments, for n customers.
std::size_t rfm_scoring_bytes(std::size_t n);

// Scores in row order. Throws kNonFiniteInput when a value is NaN or infinite. Empty in, empty out.
RfmScores rfm_score(const RfmColumns& columns, const RfmParams& params, Host& host);

// The fitted cut points of one measure, to score other customers later with the same scale. Throws
// kInvalidArgument for the rank methods, which have none.
QuantileBins rfm_cut_points(const std::vector<double>& values, RfmMeasure measure,
                            const RfmParams& params, Host& host);

// "543"; with ten bins "10-4-3", because two digits would run together.
std::string rfm_code(int r, int f, int m, int bins);

}  // namespace ecom::core

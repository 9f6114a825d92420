#include "core/rfm/scoring.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/base/rng.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using test::FakeHost;
using Values = std::vector<double>;
using Scores = std::vector<int>;

RfmScores score(RfmColumns columns, RfmParams params) {
    FakeHost host;
    return rfm_score(columns, params, host);
}

// Scores of one column used as all three measures.
RfmScores score(const Values& values, RfmMethod method, int bins = 5) {
    RfmParams params;
    params.method = method;
    params.bins = bins;
    return score({values, values, values}, params);
}

Scores ints(const std::vector<std::uint8_t>& scores) { return {scores.begin(), scores.end()}; }

std::map<int, int> sizes(const std::vector<std::uint8_t>& scores) {
    std::map<int, int> out;
    for (const auto s : scores) ++out[s];
    return out;
}

// Cuts of 1 .. 10 into five: 2.8, 4.6, 6.4, 8.2.
TEST(RfmScoring, QuantileByHand) {
    const RfmScores scores = score({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, RfmMethod::kQuantile);
    EXPECT_EQ(ints(scores[kFrequency]), (Scores{1, 1, 2, 2, 3, 3, 4, 4, 5, 5}));
    EXPECT_EQ(ints(scores[kMonetary]), ints(scores[kFrequency]));
    EXPECT_EQ(ints(scores[kRecency]), (Scores{5, 5, 4, 4, 3, 3, 2, 2, 1, 1}));
}

// Cuts of 0, 10, ..., 50 are 10, 20, 30, 40: a value equal to a cut belongs below it.
TEST(RfmScoring, QuantileBinsAreRightClosed) {
    const RfmScores scores = score({0, 10, 20, 30, 40, 50}, RfmMethod::kQuantile);
    EXPECT_EQ(ints(scores[kFrequency]), (Scores{1, 1, 2, 3, 4, 5}));
}

// The same cuts plus one: 11, 21, 31, 41, left-closed.
TEST(RfmScoring, RfmRByHand) {
    const RfmScores scores = score({0, 10, 20, 30, 40, 50}, RfmMethod::kRfmR);
    EXPECT_EQ(ints(scores[kFrequency]), (Scores{1, 1, 2, 3, 4, 5}));
    EXPECT_EQ(ints(scores[kRecency]), (Scores{5, 5, 4, 3, 2, 1}));
    // 10.5 lies above the quantile 10 but below 11.
    const RfmScores fractions = score({0, 10, 10.5, 20, 30, 40, 50}, RfmMethod::kRfmR);
    EXPECT_EQ(fractions[kFrequency][2], fractions[kFrequency][1]);
}

TEST(RfmScoring, FixedByHand) {
    RfmParams params;
    params.bins = 3;
    params.method = RfmMethod::kFixed;
    params.thresholds = {Values{30, 90}, Values{2, 5}, Values{100, 500}};
    const RfmScores scores =
        score({Values{0, 29, 30, 90, 91}, Values{1, 2, 4, 5, 6}, Values{-5, 99.99, 100, 500, 1e9}},
              params);
    EXPECT_EQ(ints(scores[kRecency]), (Scores{3, 3, 2, 1, 1}));
    EXPECT_EQ(ints(scores[kFrequency]), (Scores{1, 2, 2, 3, 3}));
    EXPECT_EQ(ints(scores[kMonetary]), (Scores{1, 1, 2, 3, 3}));
}

TEST(RfmScoring, RankMethodsBreakTiesByPosition) {
    const Values ties(5, 7.0);
    EXPECT_EQ(ints(score(ties, RfmMethod::kNtile)[kFrequency]), (Scores{1, 2, 3, 4, 5}));
    EXPECT_EQ(ints(score(ties, RfmMethod::kNtile)[kRecency]), (Scores{1, 2, 3, 4, 5}));
    EXPECT_EQ(ints(score(ties, RfmMethod::kRankFirst)[kFrequency]), (Scores{1, 2, 3, 4, 5}));
    EXPECT_EQ(ints(score(ties, RfmMethod::kRankFirst)[kRecency]), (Scores{5, 4, 3, 2, 1}));
}

TEST(RfmScoring, RecentCustomersScoreHighByRank) {
    const Values recency{1, 2, 3, 4, 5};
    EXPECT_EQ(ints(score(recency, RfmMethod::kNtile)[kRecency]), (Scores{5, 4, 3, 2, 1}));
    EXPECT_EQ(ints(score(recency, RfmMethod::kRankFirst)[kRecency]), (Scores{5, 4, 3, 2, 1}));
}

// ntile puts the remainder in front; quantiles of ranks spread it. As SQL and pandas give them.
TEST(RfmScoring, GroupSizesOfTheRankMethods) {
    Values values(4338);
    std::iota(values.begin(), values.end(), 0.0);
    EXPECT_EQ(sizes(score(values, RfmMethod::kNtile)[kFrequency]),
              (std::map<int, int>{{1, 868}, {2, 868}, {3, 868}, {4, 867}, {5, 867}}));
    EXPECT_EQ(sizes(score(values, RfmMethod::kRankFirst)[kFrequency]),
              (std::map<int, int>{{1, 868}, {2, 867}, {3, 868}, {4, 867}, {5, 868}}));
}

TEST(RfmScoring, NtileWithFewerRowsThanBins) {
    EXPECT_EQ(ints(score({5, 6, 7}, RfmMethod::kNtile)[kFrequency]), (Scores{1, 2, 3}));
}

TEST(RfmScoring, EqualValuesScoreEqualAndOrderDoesNotMatter) {
    Rng rng(1, 1);
    for (const RfmMethod method : {RfmMethod::kQuantile, RfmMethod::kRfmR}) {
        for (int bins = 2; bins <= 10; ++bins) {
            Values values(300);
            for (double& v : values) v = static_cast<double>(rng.below(40));
            std::map<double, int> first;
            const RfmScores scores = score(values, method, bins);
            for (std::size_t i = 0; i < values.size(); ++i) {
                const int s = scores[kFrequency][i];
                EXPECT_GE(s, 1);
                EXPECT_LE(s, bins);
                EXPECT_EQ(first.try_emplace(values[i], s).first->second, s);
            }
            Values shuffled = values;
            for (std::size_t i = shuffled.size(); i-- > 1;)
                std::swap(shuffled[i], shuffled[rng.below(i + 1)]);
            const RfmScores again = score(shuffled, method, bins);
            for (std::size_t i = 0; i < shuffled.size(); ++i)
                EXPECT_EQ(again[kFrequency][i], first.at(shuffled[i]));
        }
    }
}

TEST(RfmScoring, EveryNumberOfBinsIsFilled) {
    Values values(1000);
    std::iota(values.begin(), values.end(), 0.0);
    for (const RfmMethod method : {RfmMethod::kQuantile, RfmMethod::kNtile, RfmMethod::kRankFirst})
        for (int bins = 2; bins <= 10; ++bins)
            for (const auto& column : score(values, method, bins)) {
                const auto filled = sizes(column);
                EXPECT_EQ(filled.size(), static_cast<std::size_t>(bins));
                for (const auto& [s, n] : filled) EXPECT_NEAR(n, 1000.0 / bins, 1.01) << s;
            }
}

TEST(RfmScoring, EmptyAndSingleCustomers) {
    const RfmScores none = score(Values{}, RfmMethod::kQuantile);
    EXPECT_TRUE(none[kRecency].empty());
    for (const RfmMethod method :
         {RfmMethod::kQuantile, RfmMethod::kNtile, RfmMethod::kRankFirst, RfmMethod::kRfmR}) {
        const RfmScores one = score({42}, method);
        for (const auto& column : one) EXPECT_EQ(column.size(), 1U);
    }
}

TEST(RfmScoring, BadParametersAreRefused) {
    FakeHost host;
    RfmParams params;
    params.bins = 11;
    EXPECT_ERROR_CODE(params.check(), kInvalidArgument);
    params = {};
    params.thresholds[kRecency] = {1, 2, 3, 4};
    EXPECT_ERROR_CODE(params.check(), kInvalidArgument);
    params.method = RfmMethod::kFixed;
    EXPECT_ERROR_CODE(params.check(), kInvalidArgument);
    params.thresholds[kFrequency] = params.thresholds[kMonetary] = {1, 2, 3, 4};
    EXPECT_NO_THROW(params.check());
    params.thresholds[kMonetary] = {1, 2, 2, 4};
    EXPECT_ERROR_CODE(params.check(), kInvalidArgument);
    params.thresholds[kMonetary] = {1, 2, 3, NAN};
    EXPECT_ERROR_CODE(params.check(), kInvalidArgument);
    EXPECT_ERROR_CODE(parse_rfm_method("deciles"), kInvalidArgument);
    EXPECT_EQ(parse_rfm_method("rank_first"), RfmMethod::kRankFirst);

    for (const double bad : {static_cast<double>(NAN), static_cast<double>(INFINITY)})
        EXPECT_ERROR_CODE(score({1, bad, 3}, RfmMethod::kQuantile), kNonFiniteInput);
}

TEST(RfmScoring, CutPointsScoreOthersOnTheSameScale) {
    FakeHost host;
    RfmParams params;
    const QuantileBins recency =
        rfm_cut_points({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, kRecency, params, host);
    EXPECT_EQ(recency.bin(0), 5);
    EXPECT_EQ(recency.bin(100), 1);
    EXPECT_ERROR_CODE(rfm_cut_points({}, kRecency, params, host), kNotEnoughData);
    params.method = RfmMethod::kNtile;
    EXPECT_ERROR_CODE(rfm_cut_points({1}, kRecency, params, host), kInvalidArgument);
}

TEST(RfmScoring, MemoryAndCancel) {
    const Values values(20'000, 1.0);
    FakeHost small;
    small.memory = rfm_scoring_bytes(values.size()) - 1;
    EXPECT_ERROR_CODE(rfm_score({values, values, values}, {}, small), kLimitExceeded);
    small.memory += 1;
    EXPECT_NO_THROW(rfm_score({values, values, values}, {}, small));
    test::CancellingHost cancelling(3);
    EXPECT_THROW(rfm_score({values, values, values}, {}, cancelling), test::Cancelled);
}

// A sort compares each value several times: it polls far more often than the loops around it.
TEST(RfmScoring, SortsPoll) {
    Rng rng(1, 0);
    Values values(100'000);
    for (double& v : values) v = rng.uniform();
    RfmParams params;
    params.method = RfmMethod::kNtile;
    FakeHost host;
    rfm_score({values, values, values}, params, host);
    EXPECT_GT(host.polls, static_cast<std::int64_t>(30 * values.size() / PollEvery::kStride));
}

TEST(RfmScoring, Codes) {
    EXPECT_EQ(rfm_code(5, 4, 3, 5), "543");
    EXPECT_EQ(rfm_code(9, 1, 2, 9), "912");
    EXPECT_EQ(rfm_code(10, 4, 3, 10), "10-4-3");
}

}  // namespace
}  // namespace ecom::core

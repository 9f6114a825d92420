#include "core/stats/quantile.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/rng.hpp"
#include "core/stats/quantile_bins.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using test::FakeHost;
using Values = std::vector<double>;

Values cuts(Values values, int k) {
    FakeHost host;
    return quantile_cuts(values, k, host);
}

// The same positions by a full sort.
Values sorted_cuts(Values values, int k) {
    std::sort(values.begin(), values.end());
    Values out;
    const std::size_t span = values.size() - 1;
    for (int i = 1; i < k; ++i) {
        const std::size_t low = span * static_cast<std::size_t>(i) / static_cast<std::size_t>(k);
        const double fraction =
            static_cast<double>(span * static_cast<std::size_t>(i) % static_cast<std::size_t>(k)) /
            k;
        out.push_back(fraction == 0 ? values[low]
                                    : values[low] + (values[low + 1] - values[low]) * fraction);
    }
    return out;
}

TEST(QuantileCuts, HandValues) {
    EXPECT_EQ(cuts({4, 1, 3, 2}, 2), (Values{2.5}));
    EXPECT_EQ(cuts({1, 2, 3, 4, 5}, 4), (Values{2, 3, 4}));
    EXPECT_EQ(cuts({10, 20}, 5), (Values{12, 14, 16, 18}));
    EXPECT_EQ(cuts({7}, 5), (Values{7, 7, 7, 7}));
    EXPECT_EQ(cuts({3, 3, 3}, 3), (Values{3, 3}));
    EXPECT_TRUE(cuts({1, 2, 3}, 1).empty());
}

TEST(QuantileCuts, AgreeWithASortOnRandomDataWithTies) {
    Rng rng(5, 0);
    for (int round = 0; round < 300; ++round) {
        Values values(1 + rng.below(400));
        const std::uint64_t distinct = 1 + rng.below(50);
        for (double& v : values)
            v = round % 3 == 0 ? rng.normal() : static_cast<double>(rng.below(distinct));
        for (const int k : {1, 2, 3, 5, 7, 10, 100})
            EXPECT_EQ(cuts(values, k), sorted_cuts(values, k));
    }
}

// A single selection over many values is long enough to be stopped half way.
TEST(QuantileCuts, PollIsHeardWithinASelection) {
    Rng rng(1, 0);
    Values values(100'000);
    for (double& v : values) v = rng.uniform();
    test::CancellingHost host(10);
    EXPECT_THROW(quantile_cuts(values, 2, host), test::Cancelled);
}

QuantileBins fit(Values values, int bins, CutRule rule, bool descending) {
    FakeHost host;
    return QuantileBins::fit(values, bins, rule, descending, host);
}

TEST(QuantileBins, RightClosedBins) {
    const QuantileBins bins = fit({1, 2, 3, 4, 5}, 4, CutRule::kQuantile, false);
    EXPECT_EQ(bins.bins(), 4);
    EXPECT_EQ(bins.bin(2), 1);
    EXPECT_EQ(bins.bin(2.0001), 2);
    EXPECT_EQ(bins.bin(4), 3);
    EXPECT_EQ(bins.bin(5), 4);
    EXPECT_EQ(bins.bin(-INFINITY), 1);
    EXPECT_EQ(bins.bin(INFINITY), 4);
    EXPECT_EQ(bins.min(), 1);
    EXPECT_EQ(bins.max(), 5);
    EXPECT_EQ(bins.rows(), 5);
}

TEST(QuantileBins, LeftClosedBins) {
    const QuantileBins bins({10, 20}, true, false, 3, 0, 30);
    EXPECT_EQ(bins.bin(9.99), 1);
    EXPECT_EQ(bins.bin(10), 2);
    EXPECT_EQ(bins.bin(20), 3);
}

TEST(QuantileBins, RfmRAddsOneToItsCuts) {
    EXPECT_EQ(fit({1, 2, 3, 4, 5}, 4, CutRule::kRfmR, false).cuts(), (Values{3, 4, 5}));
}

TEST(QuantileBins, DescendingReversesTheScale) {
    const QuantileBins up = fit({1, 2, 3, 4, 5, 6, 7}, 5, CutRule::kQuantile, false);
    const QuantileBins down = fit({1, 2, 3, 4, 5, 6, 7}, 5, CutRule::kQuantile, true);
    for (double v = 0; v < 8; v += 0.25) EXPECT_EQ(up.bin(v) + down.bin(v), 6);
}

TEST(QuantileBins, TiesLeaveBinsEmptyAndKeepTheScale) {
    const QuantileBins bins = fit({1, 1, 1, 1, 1, 1, 1, 1, 1, 9}, 5, CutRule::kQuantile, false);
    EXPECT_EQ(bins.bin(1), 1);
    EXPECT_EQ(bins.bin(9), 5);
}

TEST(QuantileBins, BadCutsAreRefused) {
    EXPECT_ERROR_CODE(QuantileBins({2, 1}, false, false, 1, 0, 1), kInvalidArgument);
    EXPECT_ERROR_CODE(QuantileBins({NAN, 1}, false, false, 1, 0, 1), kInvalidArgument);
    EXPECT_ERROR_CODE(QuantileBins({}, false, false, 1, 0, 1), kInvalidArgument);
    EXPECT_ERROR_CODE(QuantileBins(Values(10, 0.0), false, false, 1, 0, 1), kInvalidArgument);
    for (const int k : {-1, 0, 1, 11}) EXPECT_ERROR_CODE(check_bins(k), kInvalidArgument);
    for (int k = 2; k <= 10; ++k) EXPECT_NO_THROW(check_bins(k));
}

QuantileBinsState decoded(const QuantileBinsState& state) {
    const std::string bytes = encode_state(state);
    Reader in = open_state(bytes, QuantileBinsState::kKind);
    return QuantileBinsState::decode(in);
}

TEST(QuantileBinsState, MergesInAnyOrderAndThroughAnyTravelGiveTheSameModel) {
    FakeHost host;
    Rng rng(9, 9);
    Values values(500);
    for (double& v : values) v = std::floor(rng.exponential(0.1));
    const Document expected = fit(values, 5, CutRule::kQuantile, true).body();

    for (int round = 0; round < 20; ++round) {
        std::vector<QuantileBinsState> parts(1 + rng.below(6), QuantileBinsState(5, true));
        for (const double v : values) parts[rng.below(parts.size())].add(v, host);
        while (parts.size() > 1) {
            const std::size_t from = 1 + rng.below(parts.size() - 1);
            parts[rng.below(from)].merge(decoded(parts[from]), host);
            parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(from));
        }
        EXPECT_EQ(parts[0].fit(host).body(), expected);
    }
}

TEST(QuantileBinsState, RefusesWhatItCannotHold) {
    FakeHost host;
    QuantileBinsState state(5, false);
    EXPECT_TRUE(state.empty());
    EXPECT_ERROR_CODE(state.add(NAN, host), kNonFiniteInput);
    EXPECT_ERROR_CODE(state.add(-INFINITY, host), kNonFiniteInput);
    EXPECT_ERROR_CODE(state.merge(QuantileBinsState(4, false), host), kInvalidArgument);
    EXPECT_ERROR_CODE(state.merge(QuantileBinsState(5, true), host), kInvalidArgument);
    EXPECT_ERROR_CODE(QuantileBinsState(1, false), kInvalidArgument);

    host.memory = 4096;
    EXPECT_EQ(test::error_of([&] {
                  for (int i = 0; i < 10'000; ++i) state.add(i, host);
              }).code(),
              ErrorCode::kLimitExceeded);
    host.memory = 16;
    EXPECT_ERROR_CODE(state.fit(host), kLimitExceeded);
    EXPECT_ERROR_CODE(state.merge(QuantileBinsState(state), host), kLimitExceeded);
}

TEST(QuantileBinsState, DamagedBytesAreRefused) {
    FakeHost host;
    QuantileBinsState state(5, false);
    for (int i = 0; i < 5; ++i) state.add(i, host);
    const std::string bytes = encode_state(state);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        const std::string cut = bytes.substr(0, n);
        EXPECT_ERROR_CODE(
            [&] {
                Reader in = open_state(cut, QuantileBinsState::kKind);
                return QuantileBinsState::decode(in);
            }(),
            kCorruptValue);
    }
}

}  // namespace
}  // namespace ecom::core

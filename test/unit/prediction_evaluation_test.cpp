#include "core/stats/evaluation.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "fakes.hpp"

namespace ecom::core {
namespace {

ScoredState sample(int n) {
    test::FakeHost host;
    ScoredState state(0.5);
    for (int i = 0; i < n; ++i) state.add(i * 7919LL % 10 < 3, static_cast<double>(i * 104729LL % 1000) / 1000.0, host);
    return state;
}

TEST(Evaluation, FiguresOfASmallTable) {
    test::FakeHost host;
    const auto levels = score_levels({0.9, 0.8, 0.6, 0.3}, {0.7, 0.5, 0.4, 0.2, 0.2}, host);
    const auto m = classification_metrics(levels, 0.5, host);
    EXPECT_DOUBLE_EQ(*m.roc_auc, 0.8);
    // scikit-learn 1.2 gives the same.
    EXPECT_NEAR(*m.average_precision, 0.8303571428571428, 1e-14);
    EXPECT_NEAR(*m.pr_auc, 0.8110119047619048, 1e-14);
    EXPECT_NEAR(*m.log_loss, 0.5441705784, 1e-9);
    EXPECT_NEAR(m.confusion.matthews(), 0.35, 1e-14);
    EXPECT_EQ(m.confusion.true_positives, 3);
    EXPECT_EQ(m.confusion.total(), 9);
}

TEST(Evaluation, AreaEqualsCountedPairs) {
    test::FakeHost host;
    const ScoredState state = sample(500);
    const auto levels = state.levels(host);
    double won = 0, pairs = 0;
    for (const auto& a : levels)
        for (const auto& b : levels) {
            const auto n = static_cast<double>(a.positives) * static_cast<double>(b.negatives);
            pairs += n;
            won += a.score > b.score ? n : a.score == b.score ? n / 2 : 0;
        }
    EXPECT_NEAR(*classification_metrics(levels, 0.5, host).roc_auc, won / pairs, 1e-12);
}

TEST(Evaluation, BucketsHoldAllRowsAndPositives) {
    test::FakeHost host;
    const auto levels = sample(997).levels(host);
    for (const int buckets : {1, 7, 10, 1000}) {
        std::int64_t n = 0;
        double positives = 0;
        for (const auto& b : lift_buckets(levels, buckets, host)) {
            n += b.n;
            positives += b.positives;
        }
        EXPECT_EQ(n, 997);
        EXPECT_NEAR(positives, static_cast<double>(classification_metrics(levels, 0.5, host).positives), 1e-9);
        std::int64_t in_bins = 0;
        for (const auto& b : calibration_bins(levels, buckets, host)) in_bins += b.n;
        EXPECT_EQ(in_bins, 997);
    }
    EXPECT_EQ(threshold_rows(levels, 20, host).size(), 20U);
    EXPECT_EQ(threshold_rows(levels, 20, host).back().confusion.recall(), 1.0);
}

TEST(Evaluation, StatesTravelAndMerge) {
    test::FakeHost host;
    ScoredState a = sample(100);
    Writer out;
    a.encode(out);
    Reader in(out.bytes());
    const ScoredState b = ScoredState::decode(in);
    EXPECT_EQ(b.size(), 100U);
    a.merge(b, host);
    EXPECT_EQ(a.size(), 200U);
    EXPECT_ERROR_CODE(a.merge(ScoredState(0.4), host), kInvalidArgument);
    const std::string bytes = out.bytes();
    for (std::size_t cut = 0; cut < bytes.size(); cut += 7) {
        Reader damaged(std::string_view(bytes).substr(0, cut));
        EXPECT_ERROR_CODE(ScoredState::decode(damaged), kCorruptValue);
    }
}

TEST(Evaluation, StopsAndKeepsToItsMemory) {
    const ScoredState state = sample(100000);
    test::CancellingHost stops(3);
    EXPECT_THROW(state.levels(stops), test::Cancelled);
    test::FakeHost small;
    small.memory = 1000;
    EXPECT_ERROR_CODE(state.levels(small), kLimitExceeded);
    PredictedState predicted;
    test::FakeHost host;
    for (int i = 0; i < 20000; ++i) predicted.add(i, i + 1, host);
    EXPECT_DOUBLE_EQ(predicted.metrics(host)->mae, 1.0);
    EXPECT_ERROR_CODE(predicted.metrics(small), kLimitExceeded);
}

TEST(Evaluation, RefusesWhatIsNotFinite) {
    test::FakeHost host;
    ScoredState state(0.5);
    EXPECT_ERROR_CODE(state.add(true, std::nan(""), host), kNonFiniteInput);
    EXPECT_ERROR_CODE(lift_buckets(sample(10).levels(host), 0, host), kInvalidArgument);
}

}  // namespace
}  // namespace ecom::core

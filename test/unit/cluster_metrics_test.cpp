#include "core/stats/cluster_metrics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>

#include "core/stats/labelled_rows.hpp"
#include "core/stats/rand_index.hpp"
#include "fakes.hpp"
#include "iris_data.hpp"

using namespace ecom::core;
using ecom::test::CancellingHost;
using ecom::test::FakeHost;

namespace {

struct Labelled {
    std::vector<double> values;
    std::vector<std::uint32_t> labels;
    std::size_t features;
};

// The irises in the three groups of k-means (centroids to 1e-15 as scikit-learn finds them).
Labelled clustered_iris() {
    constexpr double kCentres[3][4] = {{5.006, 3.428, 1.462, 0.246},
                                       {5.901612903225806, 2.7483870967741937, 4.393548387096774, 1.4338709677419355},
                                       {6.85, 3.0736842105263156, 5.742105263157894, 2.0710526315789473}};
    Labelled data{{}, {}, 4};
    for (const auto& row : ecom::test::kIris) {
        std::uint32_t best = 0;
        double least = 1e9;
        for (std::uint32_t c = 0; c < 3; ++c) {
            double square = 0.0;
            for (std::size_t f = 0; f < 4; ++f) square += (row[f] - kCentres[c][f]) * (row[f] - kCentres[c][f]);
            if (square < least) least = square, best = c;
        }
        data.values.insert(data.values.end(), row.begin(), row.end());
        data.labels.push_back(best);
    }
    return data;
}

Labelled random_data(std::size_t rows) {
    std::mt19937_64 random(5);
    Labelled data{{}, {}, 3};
    for (std::size_t i = 0; i < rows; ++i) {
        const auto label = static_cast<std::uint32_t>(random() % 5);
        data.labels.push_back(label);
        for (int f = 0; f < 3; ++f)
            data.values.push_back(static_cast<double>(random() % 1000) / 300.0 + label % (f + 2));
    }
    return data;
}

ClusteredRows ordered(const Labelled& data, Host& host) {
    const std::uint32_t most = *std::max_element(data.labels.begin(), data.labels.end());
    return ClusteredRows(data.values, data.features, data.labels, most + 1, host);
}

TEST(ClusterMetrics, OfIrisAreThoseOfScikitLearn) {
    FakeHost host;
    const ClusteredRows rows = ordered(clustered_iris(), host);
    const Silhouettes s = silhouettes(rows, host);
    EXPECT_NEAR(*s.mean, 0.5528190123564094, 1e-12);
    const double first[] = {0.8529550597418951, 0.815494756252101, 0.8293150981473535, 0.8050139497865335,
                            0.849301596785553};
    for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(s.values[i], first[i], 1e-12);
    EXPECT_NEAR(davies_bouldin(rows, host), 0.6619715465007497, 1e-12);
    EXPECT_NEAR(calinski_harabasz(rows, host), 561.62775662962, 1e-9);
}

TEST(ClusterMetrics, SmallCasesByHand) {
    FakeHost host;
    // 0 and 2 together, 10 alone.
    const ClusteredRows rows = ordered({{0, 2, 10}, {0, 0, 1}, 1}, host);
    const Silhouettes s = silhouettes(rows, host);
    EXPECT_DOUBLE_EQ(s.values[0], 0.8);
    EXPECT_DOUBLE_EQ(s.values[1], 0.75);
    EXPECT_EQ(s.values[2], 0.0);
    EXPECT_DOUBLE_EQ(davies_bouldin(rows, host), 1.0 / 9.0);
    // Between: 2 (1 - 4)^2 + (10 - 4)^2 = 54; within: 2.
    EXPECT_DOUBLE_EQ(calinski_harabasz(rows, host), 27.0);
    // All in one place.
    const ClusteredRows one_place = ordered({{3, 3, 3, 3}, {0, 0, 1, 1}, 1}, host);
    EXPECT_EQ(silhouettes(one_place, host).mean, 0.0);
    EXPECT_EQ(davies_bouldin(one_place, host), 0.0);
    EXPECT_EQ(calinski_harabasz(one_place, host), 1.0);
}

TEST(ClusterMetrics, AreTheSameForAnyThreadsAndOrder) {
    FakeHost host;
    const Labelled data = random_data(1000);
    const ClusteredRows rows = ordered(data, host);
    const Silhouettes expected = silhouettes(rows, host);
    for (const int threads : {2, 8}) {
        host.threads = threads;
        EXPECT_EQ(silhouettes(rows, host).values, expected.values);
    }
    Labelled reversed{{}, {}, 3};
    for (std::size_t i = 1000; i-- > 0;) {
        reversed.labels.push_back(data.labels[i]);
        for (std::size_t f = 0; f < 3; ++f) reversed.values.push_back(data.values[3 * i + f]);
    }
    const ClusteredRows other = ordered(reversed, host);
    EXPECT_EQ(silhouettes(other, host).mean, expected.mean);
    EXPECT_EQ(silhouettes(other, host).values[0], expected.values[999]);
    EXPECT_EQ(davies_bouldin(other, host), davies_bouldin(rows, host));
    EXPECT_EQ(calinski_harabasz(other, host), calinski_harabasz(rows, host));
    EXPECT_EQ(silhouettes(other.sample(100, 1, host), host).values, silhouettes(rows.sample(100, 1, host), host).values);
    EXPECT_NE(silhouettes(rows.sample(100, 2, host), host).mean, silhouettes(rows.sample(100, 1, host), host).mean);
    EXPECT_EQ(rows.sample(5000, 1, host).rows(), 1000U);
}

TEST(ClusterMetrics, SampleIsNearTheWhole) {
    FakeHost host;
    const ClusteredRows rows = ordered(random_data(4000), host);
    EXPECT_NEAR(*silhouettes(rows.sample(1500, 1, host), host).mean, *silhouettes(rows, host).mean, 0.02);
}

TEST(ClusterMetrics, RefuseWhatCannotBeJudged) {
    FakeHost host;
    EXPECT_ERROR_CODE(ordered({{1, 2, 3}, {0, 0, 0}, 1}, host), kNotEnoughData);
    EXPECT_ERROR_CODE(ordered({{1, 2, 3}, {0, 1, 2}, 1}, host), kNotEnoughData);
    EXPECT_ERROR_CODE(ordered({{1}, {0}, 1}, host), kNotEnoughData);
    const ClusteredRows huge = ordered({{-1e200, 1e200, 0}, {0, 1, 0}, 1}, host);
    EXPECT_ERROR_CODE(silhouettes(huge, host), kNonFiniteInput);
    EXPECT_ERROR_CODE(davies_bouldin(huge, host), kNonFiniteInput);
    EXPECT_ERROR_CODE(calinski_harabasz(huge, host), kNonFiniteInput);
}

TEST(ClusterMetrics, StopAndKeepToTheirMemory) {
    FakeHost host;
    const Labelled data = random_data(6000);
    const ClusteredRows rows = ordered(data, host);
    for (const int at_poll : {1, 100}) {
        CancellingHost cancelling(at_poll);
        EXPECT_THROW(silhouettes(rows, cancelling), ecom::test::Cancelled);
    }
    FakeHost small;
    small.memory = 10000;
    EXPECT_ERROR_CODE(ordered(data, small), kLimitExceeded);
    EXPECT_ERROR_CODE(silhouettes(rows, small), kLimitExceeded);
}

LabelledRowsState state_of(const Labelled& data, std::size_t begin, std::size_t step,
                            std::optional<std::int32_t> sample, Host& host) {
    LabelledRowsState state(data.features, sample);
    for (std::size_t i = begin; i < data.labels.size(); i += step)
        state.add(data.values.data() + i * data.features, "cluster " + std::to_string(data.labels[i]), host);
    return state;
}

TEST(LabelledRows, MergeExactly) {
    FakeHost host;
    const Labelled data = random_data(900);
    for (const std::optional<std::int32_t> sample : {std::optional<std::int32_t>(), std::optional<std::int32_t>(200)}) {
        const LabelledRowsState whole = state_of(data, 0, 1, sample, host);
        LabelledRowsState a = state_of(data, 1, 2, sample, host);
        const std::string bytes = encode_state(state_of(data, 0, 2, sample, host));
        Reader in = open_state(bytes, LabelledRowsState::kKind);
        a.merge(LabelledRowsState::decode(in), host);
        EXPECT_EQ(a.silhouette(host), whole.silhouette(host));
        EXPECT_EQ(davies_bouldin(a.clustered(host), host), davies_bouldin(whole.clustered(host), host));
    }
    LabelledRowsState a(3, {});
    EXPECT_ERROR_CODE(a.merge(LabelledRowsState(3, 9), host), kInvalidArgument);
    EXPECT_ERROR_CODE(a.merge(LabelledRowsState(2, {}), host), kInvalidArgument);
    EXPECT_ERROR_CODE(LabelledRowsState(3, 1), kInvalidArgument);
    EXPECT_ERROR_CODE(LabelledRowsState(3, kMaxSample + 1), kInvalidArgument);
}

double rand_index(const std::vector<int>& a, const std::vector<int>& b) {
    FakeHost host;
    ContingencyState state, other;
    for (std::size_t i = 0; i < a.size(); ++i)
        (i % 3 == 0 ? state : other).add(std::to_string(a[i]), std::to_string(b[i]), host);
    const std::string bytes = encode_state(other);
    Reader in = open_state(bytes, ContingencyState::kKind);
    state.merge(ContingencyState::decode(in), host);
    return state.adjusted_rand_index(host);
}

TEST(RandIndex, KnownValues) {
    EXPECT_EQ(rand_index({0, 0, 1, 1}, {5, 5, 3, 3}), 1.0);
    // scikit-learn's documentation: 0.57..., and -0.5 for what is worse than chance.
    EXPECT_DOUBLE_EQ(rand_index({0, 0, 1, 2}, {0, 0, 1, 1}), 4.0 / 7.0);
    EXPECT_DOUBLE_EQ(rand_index({0, 0, 1, 1}, {0, 1, 0, 1}), -0.5);
    EXPECT_EQ(rand_index({0, 0, 0, 0}, {0, 1, 2, 3}), 0.0);
    EXPECT_EQ(rand_index({7}, {7}), 1.0);
    EXPECT_EQ(rand_index({1, 1, 1}, {2, 2, 2}), 1.0);
    EXPECT_EQ(rand_index({1, 2, 3}, {3, 1, 2}), 1.0);
}

// A row alone in its cluster counts 0, equal rows do too; four points by hand, in any order of their clusters.
TEST(Silhouette, OfSeveralLabelingsByHand) {
    FakeHost host;
    const std::vector<double> x{0, 1, 5, 7};
    const auto s = silhouettes({x.data()}, 4, {{0, 0, 1, 1}, {0, 0, 0, 1}, {0, 0, 0, 0}, {2, 0, 2, 0}}, host);
    // a = 1, 1, 2, 2; b = 6, 5, 4.5, 6.5.
    EXPECT_NEAR(s[0].mean.value(), (5 / 6.0 + 4 / 5.0 + 2.5 / 4.5 + 4.5 / 6.5) / 4, 1e-15);
    // a = 3, 2.5, 4.5; b = 7, 6, 2; the last one is alone.
    EXPECT_NEAR(s[1].mean.value(), (4 / 7.0 + 3.5 / 6 - 2.5 / 4.5 + 0) / 4, 1e-15);
    EXPECT_EQ(s[1].values[3], 0.0);
    EXPECT_FALSE(s[2].mean);
    // a = 5, 6, 5, 6; b = 4, 2.5, 3, 4.5.
    EXPECT_NEAR(s[3].mean.value(), (-1 / 5.0 - 3.5 / 6 - 2 / 5.0 - 1.5 / 6) / 4, 1e-15);
    const std::vector<double> same{3, 3};
    EXPECT_EQ(silhouettes({same.data()}, 2, {{0, 1}}, host)[0].mean, 0.0);
}

TEST(Silhouette, PlacesOfASampleAreDrawnWithoutRepetition) {
    FakeHost host;
    EXPECT_EQ(sample_places(5, 10, 1, host), (std::vector<std::uint32_t>{0, 1, 2, 3, 4}));
    std::vector<int> hits(20);
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
        const auto places = sample_places(20, 5, seed, host);
        ASSERT_EQ(places.size(), 5u);
        EXPECT_TRUE(std::is_sorted(places.begin(), places.end()));
        for (const auto place : places) ++hits[place];
    }
    // Mean 1000, standard deviation below 28.
    for (const int count : hits) EXPECT_NEAR(count, 1000, 150);
}

TEST(RandIndex, KeepsToItsMemory) {
    FakeHost small;
    small.memory = 5000;
    ContingencyState state;
    EXPECT_ERROR_CODE(
        [&] {
            for (int i = 0; i < 1000; ++i) state.add(std::to_string(i), "b", small);
        }(),
        kLimitExceeded);
}

}  // namespace

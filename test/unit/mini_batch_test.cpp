#include "core/cluster/mini_batch.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/base/json.hpp"
#include "core/catalog/models.hpp"
#include "core/cluster/kmeans_fit.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using test::CancellingHost;
using test::FakeHost;

using Rows = std::vector<std::vector<double>>;

// Four groups that overlap, in a row each; every fifth row repeats the one before.
Rows grouped_rows(std::size_t rows, std::size_t features) {
    Rng rng(5, features);
    Rows all;
    for (std::size_t i = 0; i < rows; ++i) {
        std::vector<double> row(features);
        for (std::size_t j = 0; j < features; ++j) row[j] = rng.normal() + 4.0 * static_cast<double>((i + j) % 4);
        all.push_back(i % 5 == 4 ? all.back() : row);
    }
    return all;
}

KmeansState collected(const Rows& rows, const std::vector<std::size_t>& order, const std::string& options, FakeHost& host, bool is_weighted = false) {
    KmeansState state(rows[0].size(), 4, options, is_weighted);
    for (const std::size_t i : order)
        state.add(rows[i].data(), rows[i].size(), is_weighted ? std::optional<double>(1.0 + static_cast<double>(i % 3)) : std::nullopt, host);
    return state;
}

std::vector<std::size_t> places(std::size_t rows) {
    std::vector<std::size_t> order(rows);
    std::iota(order.begin(), order.end(), std::size_t{0});
    return order;
}

std::string bytes_of(const KmeansFit& fit) { return encode_model(KmeansModel(fit)); }

double cost(const Rows& rows, const KmeansModel& model) {
    std::vector<double> scratch;
    double sum = 0;
    for (const auto& row : rows) sum += std::pow(model.assign(row.data(), scratch).distance, 2);
    return sum;
}

TEST(RowSample, IsThatOfTheSetOfRows) {
    FakeHost host;
    const Rows rows = grouped_rows(3000, 2);
    const auto collect = [&](std::size_t begin, std::size_t end, std::size_t step, std::size_t room) {
        RowSample sample(2, false);
        for (std::size_t i = begin; i < end; i += step) {
            sample.add(rows[i].data(), 1.0, host);
            if (sample.rows() >= room) sample.thin(100, host);
        }
        return sample;
    };
    const SampledRows whole = collect(0, 3000, 1, 4000).first_rows(100, host);
    ASSERT_EQ(whole.counts.size(), 100u);
    for (const std::size_t room : {200u, 333u, 1000u}) {
        RowSample parts = collect(1, 3000, 2, room);
        parts.merge(collect(0, 3000, 2, 200), host);
        EXPECT_EQ(parts.seen(), 3000u);
        const SampledRows of_parts = parts.first_rows(100, host);
        EXPECT_EQ(of_parts.counts, whole.counts);
        for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(of_parts.data.at(i, 1), whole.data.at(i, 1));
    }
    // Every row is counted as often as it occurs.
    std::map<std::vector<double>, double> occurs;
    for (const auto& row : rows) ++occurs[row];
    for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(whole.counts[i], (occurs[{whole.data.at(i, 0), whole.data.at(i, 1)}]));
}

// The means of a sample are those of the rows, within its error: which rows are kept has nothing to do with their values.
TEST(RowSample, IsRandom) {
    FakeHost host;
    RowSample sample(1, false);
    for (int i = 0; i < 40000; ++i) {
        const double x = i;
        sample.add(&x, 1.0, host);
        if (sample.rows() == 8000) sample.thin(4000, host);
    }
    const SampledRows kept = sample.first_rows(4000, host);
    double mean = 0, early = 0;
    for (std::size_t i = 0; i < 4000; ++i) mean += kept.data.at(i, 0) / 4000, early += i < 2000 ? kept.data.at(i, 0) / 2000 : 0;
    EXPECT_NEAR(mean, 20000, 4 * 11547 / std::sqrt(4000.0));
    EXPECT_NEAR(early, 20000, 4 * 11547 / std::sqrt(2000.0));
}

TEST(RowSample, TakesZeroOfEitherSignAsOne) {
    FakeHost host;
    RowSample sample(1, true);
    for (const double x : {0.0, -0.0, 1.0}) sample.add(&x, 2.0, host);
    EXPECT_EQ(sample.first_rows(10, host).counts.size(), 2u);
    const double bad = NAN;
    EXPECT_ERROR_CODE(sample.add(&bad, 1.0, host), kNonFiniteInput);
    sample.thin(1, host);
    EXPECT_ERROR_CODE(sample.add(&bad, 1.0, host), kNonFiniteInput);
}

TEST(MiniBatches, AreNearLloyd) {
    FakeHost host;
    for (const std::size_t d : {2u, 6u}) {
        const Rows rows = grouped_rows(20000, d);
        const KmeansFit exact = collected(rows, places(rows.size()), R"({"method": "lloyd"})", host).fit(host);
        const KmeansFit fit = collected(rows, places(rows.size()), R"({"method": "minibatch", "batch_rows": 256})", host).fit(host);
        EXPECT_FALSE(exact.mini_batch_rows);
        EXPECT_EQ(fit.mini_batch_rows.value(), 16000);
        EXPECT_EQ(std::accumulate(fit.result.sizes.begin(), fit.result.sizes.end(), std::int64_t{0}), 20000);
        EXPECT_NEAR(fit.result.inertia, cost(rows, KmeansModel(fit)), 1e-9 * fit.result.inertia);
        EXPECT_LT(fit.result.inertia, 1.005 * exact.result.inertia);
        EXPECT_TRUE(fit.result.converged);
    }
}

// What does not fit is thinned; the result depends on the set of rows alone.
TEST(MiniBatches, BeyondTheMemoryLimit) {
    const Rows rows = grouped_rows(30000, 3);
    FakeHost poor;
    poor.memory = 1 << 20;
    for (const bool is_weighted : {false, true}) {
        const std::string options = R"({"scaling": "standard"})";
        auto order = places(rows.size());
        const KmeansState state = collected(rows, order, options, poor, is_weighted);
        const KmeansFit fit = state.fit(poor);
        EXPECT_EQ(fit.rows, 30000);
        EXPECT_LT(fit.mini_batch_rows.value(), 10000);
        EXPECT_GT(fit.mini_batch_rows.value(), 2000);
        const std::string expected = bytes_of(fit);
        std::reverse(order.begin(), order.end());
        EXPECT_EQ(bytes_of(collected(rows, order, options, poor, is_weighted).fit(poor)), expected);
        Rng rng(1, 1);
        for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
        const std::vector<std::size_t> first(order.begin(), order.begin() + 11000), rest(order.begin() + 11000, order.end());
        KmeansState merged = collected(rows, first, options, poor, is_weighted);
        merged.merge(collected(rows, rest, options, poor, is_weighted), poor);
        EXPECT_EQ(bytes_of(merged.fit(poor)), expected);
        FakeHost eight = poor;
        eight.threads = 8;
        EXPECT_EQ(bytes_of(state.fit(eight)), expected);

        Writer out;
        merged.encode(out);
        Reader in(out.bytes());
        KmeansState read = KmeansState::decode(in);
        EXPECT_EQ(bytes_of(read.fit(poor)), expected);
        for (std::size_t length = 0; length < out.bytes().size(); length += 9973) {
            Reader cut(std::string_view(out.bytes()).substr(0, length));
            EXPECT_ERROR_CODE(KmeansState::decode(cut), kCorruptValue);
        }
        // Rows keep coming into a state that was read back.
        read.add(rows[0].data(), 3, is_weighted ? std::optional<double>(1.0) : std::nullopt, poor);
        EXPECT_EQ(read.fit(poor).rows, 30001);
        FakeHost rich;
        const KmeansModel exact(collected(rows, order, options, rich, is_weighted).fit(rich));
        // Either measures in its own units, which differ by the error of the sample's variances.
        EXPECT_LT(cost(rows, KmeansModel(fit)), 1.06 * cost(rows, exact));
    }
    EXPECT_ERROR_CODE(collected(rows, places(rows.size()), R"({"method": "lloyd"})", poor).fit(poor), kLimitExceeded);
    KmeansState many(3, 5000, "{}", false);
    EXPECT_ERROR_CODE([&] { for (const auto& row : rows) many.add(row.data(), 3, std::nullopt, poor); }(), kLimitExceeded);
}

// Memory stays bounded whatever the number of rows: the state's bytes do.
TEST(MiniBatches, StateStaysSmall) {
    FakeHost poor;
    poor.memory = 1 << 20;
    KmeansState state(2, 3, "{}", false);
    Rng rng(2, 0);
    std::size_t largest = 0;
    for (int i = 0; i < 200000; ++i) {
        const double row[] = {rng.normal(), rng.normal()};
        state.add(row, 2, std::nullopt, poor);
        if (i % 20000 != 19999) continue;
        Writer out;
        state.encode(out);
        largest = std::max(largest, out.bytes().size());
    }
    EXPECT_LT(largest, poor.memory / 2);
    EXPECT_EQ(state.fit(poor).rows, 200000);
}

TEST(MiniBatches, ChooseTheNumberOfClusters) {
    FakeHost host;
    KmeansState state(1, std::nullopt, R"({"method": "minibatch", "k_max": 5, "silhouette_rows": 400})", false);
    Rng rng(9, 0);
    for (int i = 0; i < 6000; ++i) {
        const double x = rng.normal() + 20 * (i % 3);
        state.add(&x, 1, std::nullopt, host);
    }
    const KmeansFit fit = state.fit(host);
    EXPECT_EQ(fit.result.clusters(), 3u);
    EXPECT_EQ(fit.trials.size(), 4u);
    const KmeansModel model(fit);
    const auto again = decode_model(encode_model(model), find_model_decoder);
    EXPECT_EQ(model_as<KmeansModel>(*again).fit().mini_batch_rows, fit.mini_batch_rows);
}

TEST(MiniBatches, StopAndKeepToTheirMemory) {
    const Rows rows = grouped_rows(40000, 3);
    FeatureColumns columns(3);
    for (const auto& row : rows)
        for (std::size_t j = 0; j < 3; ++j) columns[j].push_back(row[j]);
    std::vector<double> centers;
    for (std::size_t c = 0; c < 4; ++c) centers.insert(centers.end(), rows[c].begin(), rows[c].end());
    KmeansParams params;
    params.clusters = 4;
    FakeHost one, eight, poor;
    eight.threads = 8;
    const KmeansResult result = mini_batch_kmeans(columns, {}, centers, params, 512, one);
    EXPECT_EQ(mini_batch_kmeans(columns, {}, centers, params, 512, eight).labels, result.labels);
    for (const double part : {0.0, 0.5, 0.9}) {
        CancellingHost host(1 + static_cast<std::int64_t>(part * static_cast<double>(one.polls)));
        EXPECT_THROW(mini_batch_kmeans(columns, {}, centers, params, 512, host), test::Cancelled);
    }
    poor.memory = 1 << 16;
    EXPECT_ERROR_CODE(mini_batch_kmeans(columns, {}, centers, params, 512, poor), kLimitExceeded);
    // Of starts in one place, empty clusters take the farthest rows.
    const KmeansResult spread = mini_batch_kmeans(columns, {}, std::vector<double>(12, 0.0), params, 512, one);
    for (const double mass : spread.masses) EXPECT_GT(mass, 0);
    EXPECT_LT(spread.inertia, 1.05 * result.inertia);
}

}  // namespace
}  // namespace ecom::core

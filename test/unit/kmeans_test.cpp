#include "core/cluster/kmeans.hpp"

#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/cluster/kernels.hpp"
#include "unit/fakes.hpp"
#include "unit/iris_data.hpp"

namespace ecom::core {
namespace {

using test::CancellingHost;
using test::FakeHost;
using test::kIris;

FeatureColumns iris() {
    FeatureColumns columns(4);
    for (const auto& flower : kIris)
        for (std::size_t j = 0; j < 4; ++j) columns[j].push_back(flower[j]);
    return columns;
}

std::vector<double> iris_rows(const std::vector<std::size_t>& rows) {
    std::vector<double> centers;
    for (const std::size_t row : rows) centers.insert(centers.end(), kIris[row].begin(), kIris[row].end());
    return centers;
}

// Blobs around `groups` centres; every seventh row repeats an earlier one.
FeatureColumns blobs(std::size_t rows, std::size_t features, std::size_t groups, std::uint64_t seed) {
    Rng rng(seed, 0);
    std::vector<double> middle(groups * features);
    for (double& m : middle) m = rng.uniform(-5, 5);
    FeatureColumns columns(features, std::vector<double>(rows));
    for (std::size_t i = 0; i < rows; ++i) {
        const std::size_t g = rng.below(groups);
        const bool is_repeated = i % 7 == 6;
        for (std::size_t j = 0; j < features; ++j)
            columns[j][i] = is_repeated ? columns[j][i / 2] : middle[g * features + j] + rng.normal();
    }
    return columns;
}

double squared_distance(const FeatureColumns& x, std::size_t row, const double* center) {
    double sum = 0;
    for (std::size_t j = 0; j < x.size(); ++j) sum += (x[j][row] - center[j]) * (x[j][row] - center[j]);
    return sum;
}

// Lloyd's algorithm as it is written in textbooks. Fails the test on empty clusters.
struct Textbook {
    std::vector<std::size_t> labels;
    std::vector<double> centers;
    double inertia = 0;
    int iterations = 0;

    Textbook(const FeatureColumns& x, const std::vector<double>& weights, std::vector<double> start)
        : labels(x[0].size(), 0), centers(std::move(start)) {
        const std::size_t d = x.size();
        const std::size_t k = centers.size() / d;
        for (bool changed = true; changed;) {
            changed = iterations == 0;
            ++iterations;
            std::vector<double> sums(k * d, 0), masses(k, 0);
            inertia = 0;
            for (std::size_t i = 0; i < labels.size(); ++i) {
                const double w = weights.empty() ? 1 : weights[i];
                std::size_t best = 0;
                for (std::size_t c = 1; c < k; ++c)
                    if (squared_distance(x, i, &centers[c * d]) < squared_distance(x, i, &centers[best * d])) best = c;
                changed = changed || labels[i] != best;
                labels[i] = best;
                masses[best] += w;
                inertia += w * squared_distance(x, i, &centers[best * d]);
                for (std::size_t j = 0; j < d; ++j) sums[best * d + j] += w * x[j][i];
            }
            if (!changed) break;
            for (std::size_t c = 0; c < k; ++c) {
                EXPECT_GT(masses[c], 0) << "the case must not have empty clusters";
                for (std::size_t j = 0; j < d; ++j) centers[c * d + j] = sums[c * d + j] / masses[c];
            }
        }
    }
};

bool same_partition(const std::vector<ClusterLabel>& a, const std::vector<std::size_t>& b, std::size_t k) {
    std::vector<std::size_t> of(k, k);
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (of[a[i]] == k) of[a[i]] = b[i];
        if (of[a[i]] != b[i]) return false;
    }
    return true;
}

// scikit-learn 1.2.1, KMeans(k, n_init=100): its best inertia and sizes.
TEST(Kmeans, IrisAsScikitLearn) {
    struct Case {
        int k;
        double inertia;
        std::vector<std::int64_t> sizes;
    };
    for (const Case& c : {Case{2, 152.34795176035797, {53, 97}}, Case{3, 78.851441426146, {50, 62, 38}},
                          Case{4, 57.22847321428572, {50, 28, 40, 32}},
                          Case{5, 46.44618205128204, {50, 25, 39, 24, 12}}}) {
        FakeHost host;
        KmeansParams params;
        params.clusters = c.k;
        const KmeansResult result = kmeans(iris(), {}, params, host);
        EXPECT_NEAR(result.inertia, c.inertia, 1e-9 * c.inertia) << c.k;
        EXPECT_EQ(result.sizes, c.sizes);
        EXPECT_TRUE(result.converged);
    }
}

TEST(Kmeans, IrisFromGivenCentersAsScikitLearn) {
    FakeHost host;
    KmeansParams params;
    params.initial_centers = iris_rows({0, 74, 149});
    const KmeansResult result = kmeans(iris(), {}, params, host);
    EXPECT_NEAR(result.inertia, 78.8556658259773, 1e-9 * 78);
    EXPECT_EQ(result.iterations, 8);
    EXPECT_EQ(result.sizes, (std::vector<std::int64_t>{50, 61, 39}));
    EXPECT_NEAR(result.center(2)[0], 6.853846153846153, 1e-12);

    params.initial_centers = iris_rows({0, 50, 100});
    std::vector<double> weights(150);
    for (std::size_t i = 0; i < 150; ++i) weights[i] = static_cast<double>(1 + i % 3);
    const KmeansResult weighted = kmeans(iris(), weights, params, host);
    EXPECT_NEAR(weighted.inertia, 159.5055362379556, 1e-9 * 159);
    EXPECT_EQ(weighted.iterations, 4);
    EXPECT_NEAR(weighted.center(1)[2], 4.405645161290322, 1e-12);
}

TEST(Kmeans, LabelsAreLloydsPointForPoint) {
    for (const std::size_t d : {1u, 2u, 3u, 4u, 5u, 9u, 20u}) {
        for (const std::size_t k : {1u, 2u, 3u, 8u, 17u}) {
            for (const bool has_weights : {false, true}) {
                const FeatureColumns x = blobs(1500, d, k + 1, 10 * d + k);
                Rng rng(3, d);
                std::vector<double> weights;
                for (std::size_t i = 0; has_weights && i < x[0].size(); ++i)
                    weights.push_back(static_cast<double>(1 + rng.below(4)));
                KmeansParams params;
                params.clusters = static_cast<int>(k);
                for (std::size_t c = 0; c < k; ++c)
                    for (std::size_t j = 0; j < d; ++j) params.initial_centers.push_back(x[j][14 * c]);
                FakeHost host;
                const KmeansResult result = kmeans(x, weights, params, host);
                const Textbook expected(x, weights, params.initial_centers);
                EXPECT_TRUE(same_partition(result.labels, expected.labels, k)) << d << ' ' << k;
                EXPECT_NEAR(result.inertia, expected.inertia, 1e-11 * expected.inertia);
                // One iteration more may be spent to prove that nothing changes.
                EXPECT_NEAR(result.iterations, expected.iterations, 1) << d << ' ' << k;
            }
        }
    }
}

void expect_equal(const KmeansResult& a, const KmeansResult& b) {
    EXPECT_EQ(a.centers, b.centers);
    EXPECT_EQ(a.labels, b.labels);
    EXPECT_EQ(a.masses, b.masses);
    EXPECT_EQ(a.inertia, b.inertia);
    EXPECT_EQ(a.inertia_of_starts, b.inertia_of_starts);
}

TEST(Kmeans, SameForAnyNumberOfThreadsAndOrderOfRows) {
    for (const std::size_t d : {3u, 7u}) {
        FeatureColumns x = blobs(40000, d, 6, 5);
        KmeansParams params;
        params.clusters = 5;
        for (const int n_init : {1, 4}) {
            params.n_init = n_init;
            FakeHost one, two, eight;
            two.threads = 2;
            eight.threads = 8;
            const KmeansResult result = kmeans(x, {}, params, one);
            expect_equal(result, kmeans(x, {}, params, two));
            expect_equal(result, kmeans(x, {}, params, eight));

            FeatureColumns reversed = x;
            for (auto& column : reversed) std::reverse(column.begin(), column.end());
            KmeansResult other = kmeans(reversed, {}, params, one);
            std::reverse(other.labels.begin(), other.labels.end());
            expect_equal(result, other);
        }
    }
}

// A weight of two is the row twice.
TEST(Kmeans, WeightsCountRows) {
    const FeatureColumns x = blobs(600, 3, 4, 9);
    FeatureColumns doubled = x;
    std::vector<double> weights(600, 1.0);
    for (std::size_t i = 0; i < 600; i += 2) {
        weights[i] = 2.0;
        for (std::size_t j = 0; j < 3; ++j) doubled[j].push_back(x[j][i]);
    }
    FakeHost host;
    KmeansParams params;
    params.clusters = 4;
    for (std::size_t c = 0; c < 4; ++c)
        for (std::size_t j = 0; j < 3; ++j) params.initial_centers.push_back(x[j][c]);
    const KmeansResult a = kmeans(x, weights, params, host);
    const KmeansResult b = kmeans(doubled, {}, params, host);
    EXPECT_NEAR(a.inertia, b.inertia, 1e-10 * a.inertia);
    EXPECT_EQ(a.masses, b.masses);
    for (std::size_t i = 0; i < a.centers.size(); ++i) EXPECT_NEAR(a.centers[i], b.centers[i], 1e-12);
}

TEST(Kmeans, EmptyClustersTakeTheFarthestPoints) {
    for (const std::size_t d : {1u, 6u}) {
        FeatureColumns x(d, std::vector<double>{0, 1, 2, 10, 11, 50});
        KmeansParams params;
        params.clusters = 3;
        for (const double start : {1.0, 1000.0, 2000.0})
            for (std::size_t j = 0; j < d; ++j) params.initial_centers.push_back(start);
        FakeHost host;
        const KmeansResult result = kmeans(x, {}, params, host);
        EXPECT_EQ(result.sizes, (std::vector<std::int64_t>{3, 2, 1})) << d;
        EXPECT_TRUE(result.converged);
        EXPECT_NEAR(result.inertia, 2.5 * static_cast<double>(d), 1e-12);
    }
}

TEST(Kmeans, ToleranceStopsEarlier) {
    const FeatureColumns x = blobs(20000, 3, 3, 21);
    FakeHost host;
    KmeansParams params;
    params.clusters = 6;
    params.n_init = 1;
    const KmeansResult full = kmeans(x, {}, params, host);
    params.tolerance = 1e-2;
    const KmeansResult early = kmeans(x, {}, params, host);
    EXPECT_LT(early.iterations, full.iterations);
    EXPECT_TRUE(early.converged);
    EXPECT_GE(early.inertia, full.inertia);
    params.tolerance = 0;
    params.max_iterations = 2;
    const KmeansResult stopped = kmeans(x, {}, params, host);
    EXPECT_EQ(stopped.iterations, 2);
    EXPECT_FALSE(stopped.converged);
}

// A start whose last allowed iteration brings it to where starts are compared has not converged.
TEST(Kmeans, TheComparisonOfStartsIsNotTheEnd) {
    const FeatureColumns x = blobs(20000, 3, 3, 21);
    FakeHost host;
    KmeansParams params;
    params.clusters = 6;
    params.n_init = 2;
    params.tolerance = 1e-4;
    const KmeansResult compared = kmeans(x, {}, params, host);
    params.tolerance = 0;
    ASSERT_GT(kmeans(x, {}, params, host).iterations, compared.iterations);
    params.max_iterations = compared.iterations;
    const KmeansResult stopped = kmeans(x, {}, params, host);
    EXPECT_NEAR(stopped.inertia, compared.inertia, 1e-9 * compared.inertia);
    EXPECT_EQ(stopped.iterations, compared.iterations);
    EXPECT_FALSE(stopped.converged);
}

TEST(Kmeans, DegenerateData) {
    FakeHost host;
    KmeansParams params;
    params.clusters = 1;
    const KmeansResult single = kmeans({{4.0}, {5.0}}, {}, params, host);
    EXPECT_EQ(single.centers, (std::vector<double>{4, 5}));
    EXPECT_EQ(single.inertia, 0);
    // As many clusters as different rows, a constant column, values far apart.
    params.clusters = 3;
    const KmeansResult exact = kmeans({{1, 1, 2, 1e100, 2}, {7, 7, 7, 7, 7}}, {}, params, host);
    EXPECT_EQ(exact.inertia, 0);
    EXPECT_EQ(exact.sizes, (std::vector<std::int64_t>{2, 2, 1}));
    params.clusters = 4;
    EXPECT_ERROR_CODE(kmeans({{1, 1, 2, 1e100, 2}, {7, 7, 7, 7, 7}}, {}, params, host), kNotEnoughData);
    // Many features.
    const FeatureColumns wide = blobs(60, 1000, 3, 2);
    params.clusters = 3;
    EXPECT_TRUE(kmeans(wide, {}, params, host).converged);
}

TEST(Kmeans, ParametersAreChecked) {
    FakeHost host;
    KmeansParams params;
    params.clusters = 0;
    EXPECT_ERROR_CODE(kmeans(iris(), {}, params, host), kInvalidArgument);
    params.clusters = kMaxClusters + 1;
    EXPECT_ERROR_CODE(kmeans(iris(), {}, params, host), kInvalidArgument);
    params = {};
    params.n_init = 0;
    EXPECT_ERROR_CODE(kmeans(iris(), {}, params, host), kInvalidArgument);
    params = {};
    params.max_iterations = 0;
    EXPECT_ERROR_CODE(kmeans(iris(), {}, params, host), kInvalidArgument);
    params = {};
    params.tolerance = std::nan("");
    EXPECT_ERROR_CODE(kmeans(iris(), {}, params, host), kInvalidArgument);
    params = {};
    params.initial_centers = {1, 2};
    EXPECT_ERROR_CODE(kmeans(iris(), {}, params, host), kInvalidArgument);
}

TEST(Kmeans, HostStopsItAndGrantsMemory) {
    for (const std::size_t d : {3u, 8u}) {
        const FeatureColumns x = blobs(60000, d, 4, 1);
        KmeansParams params;
        params.clusters = 4;
        FakeHost counting;
        kmeans(x, {}, params, counting);
        ASSERT_GT(counting.polls, 100);
        for (const double part : {0.0, 0.3, 0.9}) {
            CancellingHost host(1 + static_cast<std::int64_t>(part * static_cast<double>(counting.polls)));
            EXPECT_THROW(kmeans(x, {}, params, host), test::Cancelled);
        }
        CancellingHost threaded(3);
        threaded.threads = 2;
        EXPECT_THROW(kmeans(x, {}, params, threaded), test::Cancelled);
        FakeHost poor;
        poor.memory = 1 << 20;
        EXPECT_ERROR_CODE(kmeans(x, {}, params, poor), kLimitExceeded);
    }
}

// The centres of every start are there until the best is known.
TEST(Kmeans, ManyStartsTakeMemory) {
    const FeatureColumns x = blobs(1000, 3, 4, 1);
    KmeansParams params;
    params.clusters = 200;
    params.max_iterations = 1;
    FakeHost host;
    host.memory = 4 << 20;
    params.n_init = 2;
    EXPECT_EQ(kmeans(x, {}, params, host).clusters(), 200u);
    params.n_init = kMaxStarts;
    EXPECT_ERROR_CODE(kmeans(x, {}, params, host), kLimitExceeded);
}

// What the C library has handed out, measured at every poll.
class MeasuringHost final : public FakeHost {
public:
    void poll() override {
        FakeHost::poll();
        if (polls % 16 == 0) peak = std::max(peak, held());
    }
    static std::size_t held() {
        const auto info = mallinfo2();
        return info.uordblks + info.hblkhd;
    }
    std::size_t peak = 0;
};

// The memory that is asked for bounds the memory that is used, and is what docs/segmentation.md states for up to 8 clusters: 36 bytes a
// feature and row, 30 a row and 40 a row for the thread, beside the columns, which are the caller's.
TEST(Kmeans, MemoryPerRowIsAsStated) {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "the sanitizer has an allocator of its own";
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    GTEST_SKIP() << "the sanitizer has an allocator of its own";
#endif
#endif
    constexpr std::size_t kRows = 200000;
    for (const std::size_t d : {1u, 3u, 4u, 6u}) {
        const FeatureColumns x = blobs(kRows, d, 5, 3);
        KmeansParams params;
        params.clusters = 8;
        params.n_init = 2;
        const std::size_t stated = kmeans_bytes(kRows, d, params, 1);
        EXPECT_LE(stated + kRows * d * sizeof(double), kRows * (36 * d + 30 + 40) + (1 << 20));
        MeasuringHost host;
        const std::size_t before = MeasuringHost::held();
        kmeans(x, {}, params, host);
        ASSERT_GT(host.peak, before + kRows * d * sizeof(double));
        EXPECT_LE(host.peak - before, stated + (1 << 20)) << d << " features";
    }
}

// Work of an iteration, counted in polls, grows with the rows and no faster.
TEST(Kmeans, IterationsAreLinearInRows) {
    for (const std::size_t d : {3u, 8u}) {
        const auto work = [&](std::size_t rows, int iterations) {
            const FeatureColumns x = blobs(rows, d, 40, 2);
            KmeansParams params;
            params.clusters = 40;
            params.n_init = 1;
            params.max_iterations = iterations;
            for (std::size_t c = 0; c < 40; ++c)
                for (std::size_t j = 0; j < d; ++j) params.initial_centers.push_back(x[j][c]);
            FakeHost host;
            kmeans(x, {}, params, host);
            return static_cast<double>(host.polls);
        };
        const double few = work(40000, 12) - work(40000, 2);
        const double many = work(160000, 12) - work(160000, 2);
        EXPECT_GT(few, 0);
        EXPECT_LT(many, 5.0 * few) << d << " features";
    }
}

// Every instruction set gives the same bits.
TEST(ClusterKernels, AgreeWithTheBaseline) {
    Rng rng(8, 0);
    const std::size_t n = 1003;
    std::vector<std::vector<double>> columns(kMaxGridFeatures, std::vector<double>(n + kLanes));
    for (auto& column : columns)
        for (double& v : column) v = rng.normal();
    std::vector<const double*> x;
    for (const auto& column : columns) x.push_back(column.data());
    std::vector<double> weights(n + kLanes);
    for (double& w : weights) w = rng.uniform(0.5, 2);
    std::vector<double> centers(20 * kMaxGridFeatures);
    for (double& c : centers) c = rng.normal();
    std::vector<ClusterLabel> ids(20);
    std::iota(ids.begin(), ids.end(), ClusterLabel{0});

    struct Answer {
        std::vector<ClusterLabel> labels;
        std::vector<double> numbers;
        bool operator==(const Answer& other) const { return labels == other.labels && numbers == other.numbers; }
    };
    const auto answer = [&](const ClusterKernels& kernels, std::size_t d) {
        Answer a;
        a.labels.resize(n);
        kernels.nearest(x.data(), d, 0, n, centers.data(), ids.data(), ids.size(), a.labels.data());
        std::vector<double> nearest(n + kLanes, std::numeric_limits<double>::infinity());
        for (const double* w : {static_cast<const double*>(nullptr), static_cast<const double*>(weights.data())}) {
            double largest = 0;
            a.numbers.push_back(kernels.approach(x.data(), d, 0, n, centers.data(), w, nearest.data(), &largest));
            a.numbers.push_back(largest);
            a.numbers.push_back(kernels.potential(x.data(), d, 0, n, centers.data() + d, w, nearest.data()));
        }
        a.numbers.insert(a.numbers.end(), nearest.begin(), nearest.begin() + n);
        std::vector<double> squared(kLanes);
        kernels.eight_distances(weights.data(), d, centers.data(), squared.data());
        a.numbers.insert(a.numbers.end(), squared.begin(), squared.end());
        return a;
    };
    const ClusterKernels* baseline = nullptr;
    for (auto* kernels = available_cluster_kernels(); *kernels != nullptr; ++kernels) baseline = *kernels;
    ASSERT_NE(baseline, nullptr);
    for (std::size_t d = 1; d <= kMaxGridFeatures; ++d) {
        const Answer expected = answer(*baseline, d);
        double total = 0;
        for (std::size_t i = 0; i < n; ++i) {
            double sum = 0;
            for (std::size_t j = 0; j < d; ++j) sum += (columns[j][i] - centers[j]) * (columns[j][i] - centers[j]);
            total += sum;
        }
        EXPECT_NEAR(expected.numbers[0], total, 1e-10 * total);
        for (auto* kernels = available_cluster_kernels(); *kernels != nullptr; ++kernels)
            EXPECT_TRUE(answer(**kernels, d) == expected) << (*kernels)->name << ' ' << d;
    }
}

}  // namespace
}  // namespace ecom::core

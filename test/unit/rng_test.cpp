#include "core/base/rng.hpp"

#include <cmath>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace ecom::core {
namespace {

// Written down once from an independent implementation: stored results depend on these streams.
TEST(Rng, StreamsArePinned) {
    struct Case {
        std::uint64_t seed, stream, values[3];
    };
    constexpr std::uint64_t kMax = ~std::uint64_t{0};
    const Case cases[] = {
        {0, 0, {0x366aa1aec12080b8, 0xfa60ff1a1d6f1937, 0xbc4100c44a857fa2}},
        {42, 0, {0xa202fc3d19ae8728, 0x5c25ecef2fe44b2d, 0xbb8855176a685b6c}},
        {42, 1, {0xdc53d945af34b6ac, 0x95fe324bce36c121, 0xed58ec29b05f5a27}},
        {kMax, kMax, {0x6eef43ffcbb9acfb, 0x4c563eaef8205f0e, 0x51cae987673d8c4c}},
    };
    for (const Case& c : cases) {
        Rng rng(c.seed, c.stream);
        for (const std::uint64_t value : c.values) EXPECT_EQ(rng(), value) << c.seed << c.stream;
    }
}

double correlation(const std::vector<double>& a, const std::vector<double>& b, std::size_t lag) {
    double sum = 0;
    for (std::size_t i = 0; i + lag < a.size(); ++i) sum += (a[i + lag] - 0.5) * (b[i] - 0.5);
    return 12.0 * sum / static_cast<double>(a.size() - lag);
}

std::vector<double> uniforms(std::uint64_t seed, std::uint64_t stream, std::size_t n) {
    Rng rng(seed, stream);
    std::vector<double> out(n);
    for (double& v : out) v = rng.uniform();
    return out;
}

// The standard error of a correlation of 20,000 pairs is 0.007.
TEST(Rng, NeighbouringStreamsAndSeedsAreUncorrelatedAtAnySmallLag) {
    constexpr std::size_t kN = 20'000;
    const auto base = uniforms(7, 100, kN);
    for (std::size_t lag = 0; lag < 8; ++lag) {
        for (const auto& other :
             {uniforms(7, 101, kN), uniforms(8, 100, kN), uniforms(100, 7, kN)}) {
            EXPECT_LT(std::fabs(correlation(base, other, lag)), 0.035);
            EXPECT_LT(std::fabs(correlation(other, base, lag)), 0.035);
        }
    }
}

// Trees of a forest draw their rows from neighbouring streams. Streams that are one shifted by a step would give nearly the same rows.
TEST(Rng, BootstrapSamplesOfNeighbouringStreamsShareWhatChanceGives) {
    constexpr std::size_t kRows = 20'000;
    const auto sample = [](std::uint64_t stream) {
        Rng rng(42, stream);
        std::vector<bool> drawn(kRows);
        for (std::size_t i = 0; i < kRows; ++i) drawn[rng.below(kRows)] = true;
        return drawn;
    };
    const double share = 1 - std::exp(-1.0);
    std::vector<bool> before = sample(0);
    for (std::uint64_t stream = 1; stream < 30; ++stream) {
        const std::vector<bool> now = sample(stream);
        double in = 0, in_both = 0;
        for (std::size_t i = 0; i < kRows; ++i) {
            in += now[i] ? 1 : 0;
            in_both += now[i] && before[i] ? 1 : 0;
        }
        EXPECT_NEAR(in / kRows, share, 0.012);
        EXPECT_NEAR(in_both / kRows, share * share, 0.015);
        before = now;
    }
}

TEST(Rng, FirstValuesOfManyStreamsAreAllDifferent) {
    std::set<std::uint64_t> seen;
    for (std::uint64_t seed = 0; seed < 100; ++seed)
        for (std::uint64_t stream = 0; stream < 100; ++stream) seen.insert(Rng(seed, stream)());
    EXPECT_EQ(seen.size(), 10'000U);
}

TEST(Rng, BelowIsUnbiasedAndInRange) {
    Rng rng(1, 2);
    int counts[6] = {};
    for (int i = 0; i < 60'000; ++i) ++counts[rng.below(6)];
    for (const int count : counts) EXPECT_NEAR(count, 10'000, 450);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(rng.below(1), 0U);
}

TEST(Rng, MomentsOfDistributions) {
    Rng rng(3, 4);
    constexpr int kN = 100'000;
    double normal = 0, square = 0, exponential = 0, heads = 0, uniform = 0;
    for (int i = 0; i < kN; ++i) {
        const double z = rng.normal();
        normal += z;
        square += z * z;
        exponential += rng.exponential(2.0);
        heads += rng.bernoulli(0.3);
        const double u = rng.uniform(-1.0, 3.0);
        EXPECT_GE(u, -1.0);
        EXPECT_LT(u, 3.0);
        uniform += u;
    }
    EXPECT_NEAR(normal / kN, 0, 0.015);
    EXPECT_NEAR(square / kN, 1, 0.02);
    EXPECT_NEAR(exponential / kN, 0.5, 0.01);
    EXPECT_NEAR(heads / kN, 0.3, 0.007);
    EXPECT_NEAR(uniform / kN, 1.0, 0.015);
}

}  // namespace
}  // namespace ecom::core

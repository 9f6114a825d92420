#include "core/stats/pca.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "core/catalog/models.hpp"
#include "core/stats/symmetric_eigen.hpp"
#include "fakes.hpp"
#include "iris_data.hpp"

using namespace ecom::core;
using ecom::test::CancellingHost;
using ecom::test::FakeHost;

namespace {

std::vector<double> random_symmetric(std::size_t n, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<double> a(n * n);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j <= i; ++j)
            a[i * n + j] = a[j * n + i] = static_cast<double>(random() % 2001) / 1000.0 - 1.0;
    return a;
}

// Largest elements of A V - V D and of V'V - I.
void expect_decomposed(const std::vector<double>& a, std::size_t n, double tolerance) {
    FakeHost host;
    const SymmetricEigen eigen = symmetric_eigen(a, n, host);
    for (std::size_t k = 0; k < n; ++k) {
        EXPECT_GE(eigen.values[k == 0 ? 0 : k - 1], eigen.values[k]);
        for (std::size_t i = 0; i < n; ++i) {
            double product = 0.0, inner = 0.0;
            for (std::size_t j = 0; j < n; ++j) {
                product += a[j * n + i] * eigen.vectors[k * n + j];
                inner += eigen.vectors[i * n + j] * eigen.vectors[k * n + j];
            }
            EXPECT_NEAR(product, eigen.values[k] * eigen.vectors[k * n + i], tolerance);
            EXPECT_NEAR(inner, i == k ? 1.0 : 0.0, 1e-12);
        }
    }
}

TEST(SymmetricEigen, Decomposes) {
    for (const std::size_t n : {1, 2, 3, 10, 60}) expect_decomposed(random_symmetric(n, n), n, 1e-12);
    expect_decomposed(std::vector<double>(25, 0.0), 5, 0.0);
    expect_decomposed(std::vector<double>(25, 1.0), 5, 1e-13);
    std::vector<double> diagonal(36, 0.0);
    for (std::size_t i = 0; i < 6; ++i) diagonal[i * 7] = i % 2 == 0 ? 3.0 : -1.0;
    expect_decomposed(diagonal, 6, 0.0);
    // Graded, with parts that nothing connects.
    std::vector<double> graded(36, 0.0);
    for (std::size_t i = 0; i < 6; ++i) graded[i * 7] = std::pow(10.0, -3.0 * static_cast<double>(i));
    graded[1] = graded[6] = 1e-4;
    expect_decomposed(graded, 6, 1e-15);
    // Of rank one in 50 dimensions: 49 eigenvalues of zero.
    std::vector<double> thin(2500);
    for (std::size_t i = 0; i < 50; ++i)
        for (std::size_t j = 0; j < 50; ++j) thin[i * 50 + j] = std::sin(static_cast<double>(i)) * std::sin(static_cast<double>(j));
    expect_decomposed(thin, 50, 1e-13);
    std::vector<double> huge = random_symmetric(8, 3);
    for (double& x : huge) x *= 1e307;
    expect_decomposed(huge, 8, 1e295);
}

TEST(SymmetricEigen, Stops) {
    for (const int at_poll : {1, 30, 90}) {
        CancellingHost host(at_poll);
        EXPECT_THROW(symmetric_eigen(random_symmetric(40, 1), 40, host), ecom::test::Cancelled);
    }
}

CovarianceAccumulator iris(Host& host) {
    CovarianceAccumulator data(4, host);
    for (const auto& row : ecom::test::kIris) data.add(row.data());
    return data;
}

TEST(Pca, OfIrisIsThatOfScikitLearn) {
    FakeHost host;
    const Pca pca = Pca::fit(iris(host), std::nullopt, host);
    const double variance[] = {4.228241706034871, 0.2426707479286332, 0.07820950004291927, 0.023835092973449448};
    const double first[] = {0.3613865917853683, -0.08452251406456845, 0.8566706059498354, 0.35828919715155055};
    const double last[] = {0.31548719290397614, -0.31972310366612877, -0.47983898699463434, 0.7536574252640457};
    const double ratio[] = {0.9246187232017272, 0.0530664831170677, 0.01710260980792971, 0.005212183873275369};
    const double means[] = {5.843333333333335, 3.057333333333334, 3.7580000000000027, 1.199333333333334};
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_NEAR(pca.explained_variance()[i], variance[i], 1e-12);
        EXPECT_NEAR(pca.explained_variance()[i] / pca.total_variance(), ratio[i], 1e-12);
        EXPECT_NEAR(pca.loadings(0)[i], first[i], 1e-12);
        EXPECT_NEAR(pca.loadings(3)[i], last[i], 1e-11);
        EXPECT_NEAR(pca.means()[i], means[i], 1e-13);
    }
    double scores[4], back[4];
    pca.apply(ecom::test::kIris[17].data(), scores);
    pca.invert(scores, back);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(back[i], ecom::test::kIris[17][i], 1e-13);
}

TEST(Pca, LosesNothingToALargeOffsetOrASplit) {
    FakeHost host;
    const Pca whole = Pca::fit(iris(host), 2, host);
    PcaState a(4, 2, host), b(4, 2, host), empty(4, 2, host);
    for (std::size_t i = 150; i-- > 0;) {
        auto row = ecom::test::kIris[i];
        for (double& x : row) x += 1048576.0;
        (i % 5 == 0 ? a : b).add(row.data());
    }
    const std::string bytes = encode_state(b);
    Reader in = open_state(bytes, PcaState::kKind);
    a.merge(PcaState::decode(in), host);
    a.merge(empty, host);
    empty.merge(a, host);
    const Pca split = empty.fit(host);
    EXPECT_EQ(split.rows(), 150);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_NEAR(split.explained_variance()[i], whole.explained_variance()[i], 1e-9);
        for (std::size_t f = 0; f < 4; ++f) EXPECT_NEAR(split.loadings(i)[f], whole.loadings(i)[f], 1e-9);
    }
}

TEST(Pca, SignDoesNotHangOnRounding) {
    FakeHost host;
    // Two features of equal variance: loadings are +-sqrt(1/2), and the first decides.
    for (const double noise : {0.0, 1e-12, -1e-12}) {
        CovarianceAccumulator data(2, host);
        for (int i = 0; i < 9; ++i) {
            const double row[2] = {static_cast<double>(i), -static_cast<double>(i) * (1.0 + noise)};
            data.add(row);
        }
        EXPECT_GT(Pca::fit(std::move(data), 1, host).loadings(0)[0], 0.0);
    }
}

TEST(Pca, ModelTravels) {
    FakeHost host;
    const std::string bytes = encode_model(Pca::fit(iris(host), 2, host));
    EXPECT_EQ(encode_model(*decode_model(bytes, find_model_decoder)), bytes);
    EXPECT_ERROR_CODE(Pca({0, 0}, {1, 0}, {1.0, 0.5}, 2.0, 3), kInvalidArgument);
    EXPECT_ERROR_CODE(Pca({0, 0}, {1, 0}, {-1.0}, 2.0, 3), kInvalidArgument);
}

TEST(Pca, RefusesWhatDoesNotFit) {
    FakeHost host;
    const auto fit = [&](std::vector<std::vector<double>> rows, std::optional<int> components) {
        PcaState state(rows[0].size(), components, host);
        for (const auto& row : rows) state.add(row.data());
        return state.fit(host);
    };
    EXPECT_ERROR_CODE(fit({{1, 2}}, {}), kNotEnoughData);
    EXPECT_ERROR_CODE(fit({{1, 2}, {1, 2}, {1, 2}}, {}), kNotEnoughData);
    EXPECT_ERROR_CODE(fit({{0.1, 0.7}, {0.1, 0.7}, {0.1, 0.7}, {0.1, 0.7}, {0.1, 0.7}, {0.1, 0.7}}, {}), kNotEnoughData);
    EXPECT_ERROR_CODE(fit({{1, 2}, {3, 4}, {5, 7}}, 3), kInvalidArgument);
    EXPECT_ERROR_CODE(fit({{1, 2}, {3, 4}}, 0), kInvalidArgument);
    EXPECT_ERROR_CODE(fit({{-1e200, 2}, {1e200, 4}}, {}), kNonFiniteInput);
    EXPECT_ERROR_CODE(fit({{1, std::nan("")}}, {}), kNonFiniteInput);
    EXPECT_EQ(fit({{1, 2, 5}, {3, 4, 1}}, {}).components(), 2U);
    FakeHost small;
    small.memory = 1000;
    EXPECT_ERROR_CODE(CovarianceAccumulator(100, small), kLimitExceeded);
    EXPECT_ERROR_CODE(Pca::fit(iris(host), {}, (small.memory = 100, small)), kLimitExceeded);
}

}  // namespace

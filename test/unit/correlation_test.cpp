#include "core/stats/correlation.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr auto kPearson = CorrelationMethod::kPearson;
constexpr auto kSpearman = CorrelationMethod::kSpearman;

using Rows = std::vector<std::vector<double>>;

// Miles per gallon, horse power and weight of R's mtcars.
const Rows kCars = {
    {21, 110, 2.62},    {21, 110, 2.875},   {22.8, 93, 2.32},   {21.4, 110, 3.215},
    {18.7, 175, 3.44},  {18.1, 105, 3.46},  {14.3, 245, 3.57},  {24.4, 62, 3.19},
    {22.8, 95, 3.15},   {19.2, 123, 3.44},  {17.8, 123, 3.44},  {16.4, 180, 4.07},
    {17.3, 180, 3.73},  {15.2, 180, 3.78},  {10.4, 205, 5.25},  {10.4, 215, 5.424},
    {14.7, 230, 5.345}, {32.4, 66, 2.2},    {30.4, 52, 1.615},  {33.9, 65, 1.835},
    {21.5, 97, 2.465},  {15.5, 150, 3.52},  {15.2, 150, 3.435}, {13.3, 245, 3.84},
    {19.2, 175, 3.845}, {27.3, 66, 1.935},  {26, 91, 2.14},     {30.4, 113, 1.513},
    {15.8, 264, 3.17},  {19.7, 175, 2.77},  {15, 335, 3.57},    {21.4, 109, 2.78}};

Rows cars_with_gaps() {
    Rows rows = kCars;
    for (const int i : {0, 4, 8}) rows[i][0] = kMissing;
    for (const int i : {4, 6}) rows[i][2] = kMissing;
    return rows;
}

CorrelationState state_of(const Rows& rows, CorrelationMethod method) {
    const test::FakeHost host;
    CorrelationState state(rows[0].size(), method);
    for (const auto& row : rows) state.add(row.data(), host);
    return state;
}

std::vector<Correlation> correlate(const Rows& rows, CorrelationMethod method, double level = 0.95) {
    test::FakeHost host;
    return state_of(rows, method).correlations(level, host);
}

void expect_close(std::optional<double> actual, double expected, double tolerance = 1e-12) {
    ASSERT_TRUE(actual);
    EXPECT_NEAR(*actual, expected, tolerance * std::fabs(expected));
}

CorrelationState travelled(const CorrelationState& state) {
    const std::string bytes = encode_state(state);
    Reader in = open_state(bytes, CorrelationState::kKind);
    return CorrelationState::decode(in);
}

// R 4.2: cor.test.
TEST(Correlation, PearsonAgreesWithR) {
    const auto pairs = correlate(kCars, kPearson);
    ASSERT_EQ(pairs.size(), 3U);
    EXPECT_EQ(pairs[1].x, 0U);
    EXPECT_EQ(pairs[1].y, 2U);
    EXPECT_EQ(pairs[0].n, 32);
    expect_close(pairs[0].r, -0.77616837182658649);
    expect_close(pairs[0].p_value, 1.7878352541210553e-07, 1e-11);
    expect_close(pairs[0].low, -0.88526861349552299);
    expect_close(pairs[0].high, -0.58609941268531507);
    expect_close(pairs[1].r, -0.8676593765172278);
    expect_close(pairs[1].p_value, 1.2939587013505163e-10, 1e-11);
    expect_close(pairs[2].r, 0.65874788734475909);
    expect_close(pairs[2].low, 0.40251134266643795);
}

// R 4.2: cor(method = "spearman"), pt(), and the interval written out.
TEST(Correlation, SpearmanAgreesWithR) {
    const auto pairs = correlate(kCars, kSpearman);
    expect_close(pairs[0].r, -0.89466464574996252);
    expect_close(pairs[0].p_value, 5.0859694309245204e-12, 1e-11);
    expect_close(pairs[0].low, -0.9540897278978252);
    expect_close(pairs[0].high, -0.7674741107761992);
    expect_close(pairs[1].r, -0.88642203327029789);
    expect_close(pairs[2].r, 0.77467673339138388);
    expect_close(pairs[2].p_value, 1.9537954945780288e-07, 1e-11);
}

// R 4.2: cor.test and cor(use = "complete.obs") of each pair.
TEST(Correlation, MissingValuesCountPairByPair) {
    const auto pearson = correlate(cars_with_gaps(), kPearson);
    EXPECT_EQ(pearson[0].n, 29);
    EXPECT_EQ(pearson[1].n, 28);
    EXPECT_EQ(pearson[2].n, 30);
    expect_close(pearson[0].r, -0.77596004947357455);
    expect_close(pearson[1].r, -0.87598761444493922);
    expect_close(pearson[2].r, 0.66548270030443313);
    expect_close(pearson[1].p_value, 1.0238244168109471e-09, 1e-11);
    const auto spearman = correlate(cars_with_gaps(), kSpearman);
    EXPECT_EQ(spearman[1].n, 28);
    expect_close(spearman[0].r, -0.88932774479615539);
    expect_close(spearman[1].r, -0.89112585268541067);
    expect_close(spearman[2].r, 0.77219619072918588);
}

TEST(Correlation, LargeMeansCostNoDigits) {
    Rows rows = kCars;
    for (auto& row : rows) {
        row[0] += 1 << 30;
        row[1] = row[1] * 1e-9 + 1.0;
    }
    expect_close(correlate(rows, kPearson)[0].r, -0.77616837182658649, 1e-7);
}

TEST(Correlation, ConstantShortAndPerfectPairs) {
    for (const auto method : {kPearson, kSpearman}) {
        auto pairs = correlate({{0.1, 1}, {0.1, 2}, {0.1, 5}, {0.1, 3}}, method);
        EXPECT_EQ(pairs[0].n, 4);
        EXPECT_FALSE(pairs[0].r || pairs[0].p_value || pairs[0].low || pairs[0].high);

        pairs = correlate({{1, 1}}, method);
        EXPECT_EQ(pairs[0].n, 1);
        EXPECT_FALSE(pairs[0].r);

        pairs = correlate({{1, 1}, {2, 0}}, method);
        EXPECT_EQ(pairs[0].r, -1.0);
        EXPECT_FALSE(pairs[0].p_value);

        pairs = correlate({{1, 2}, {2, 4}, {3, 6}}, method);
        expect_close(pairs[0].r, 1.0);
        EXPECT_TRUE(pairs[0].p_value);
        EXPECT_FALSE(pairs[0].low);

        pairs = correlate({{1, 2}, {2, 4}, {4, 8}, {8, 16}, {16, 32}}, method);
        EXPECT_EQ(pairs[0].r, 1.0);
        EXPECT_EQ(pairs[0].p_value, 0.0);
        EXPECT_EQ(pairs[0].low, 1.0);
        EXPECT_EQ(pairs[0].high, 1.0);

        pairs = correlate({{1, kMissing}, {2, kMissing}, {kMissing, 3}}, method);
        EXPECT_EQ(pairs[0].n, 0);
        EXPECT_FALSE(pairs[0].r);
    }
    // Both zeros are one value.
    EXPECT_FALSE(correlate({{0.0, 1}, {-0.0, 2}, {0.0, 3}}, kSpearman)[0].r);
}

TEST(Correlation, SplitsMergeAndTravel) {
    test::FakeHost host;
    const Rows rows = cars_with_gaps();
    for (const auto method : {kPearson, kSpearman}) {
        const auto whole = state_of(rows, method).correlations(0.9, host);
        for (std::size_t cut = 1; cut < rows.size(); ++cut) {
            const auto split = rows.begin() + static_cast<std::ptrdiff_t>(cut);
            CorrelationState first = travelled(state_of(Rows(rows.begin(), split), method));
            first.merge(travelled(state_of(Rows(split, rows.end()), method)), host);
            const auto merged = travelled(first).correlations(0.9, host);
            for (std::size_t i = 0; i < whole.size(); ++i) {
                EXPECT_EQ(merged[i].n, whole[i].n);
                expect_close(merged[i].r, *whole[i].r, 1e-14);
                expect_close(merged[i].low, *whole[i].low, 1e-14);
            }
        }
    }
}

TEST(Correlation, SpearmanDoesNotDependOnTheOrderOfRows) {
    Rows rows = cars_with_gaps();
    const auto expected = correlate(rows, kSpearman);
    std::mt19937 random(7);
    for (int i = 0; i < 20; ++i) {
        std::shuffle(rows.begin(), rows.end(), random);
        const auto shuffled = correlate(rows, kSpearman);
        for (std::size_t k = 0; k < expected.size(); ++k) EXPECT_EQ(shuffled[k].r, expected[k].r);
    }
}

ErrorCode code_of(const std::function<void()>& f) {
    try {
        f();
    } catch (const Error& e) {
        return e.code();
    }
    ADD_FAILURE() << "no error";
    return ErrorCode::kCorruptValue;
}

TEST(Correlation, RefusesWhatHasNoMeaning) {
    test::FakeHost host;
    const double infinite[] = {1.0, std::numeric_limits<double>::infinity()};
    EXPECT_EQ(code_of([] { CorrelationState(1, kPearson); }), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code_of([] { CorrelationState(kMaxCorrelated + 1, kSpearman); }), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code_of([&] { CorrelationState(2, kPearson).add(infinite, host); }), ErrorCode::kNonFiniteInput);
    EXPECT_EQ(code_of([] { parse_correlation_method("kendall"); }), ErrorCode::kInvalidArgument);
    for (const double level : {0.0, 1.0, -1.0, kMissing})
        EXPECT_EQ(code_of([&] { correlate(kCars, kPearson, level); }), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code_of([] { correlate({{1e200, 1}, {-1e200, 2}}, kPearson); }), ErrorCode::kNonFiniteInput);
    EXPECT_EQ(correlate({{1e200, 1}, {-1e200, 2}}, kSpearman)[0].r, -1.0);
    CorrelationState state(2, kPearson);
    EXPECT_EQ(code_of([&] { state.merge(CorrelationState(3, kPearson), host); }), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code_of([&] { state.merge(CorrelationState(2, kSpearman), host); }), ErrorCode::kInvalidArgument);
}

TEST(Correlation, KeepsToTheMemoryLimitAndHearsACancel) {
    test::FakeHost host;
    host.memory = 100'000;
    CorrelationState state(10, kSpearman);
    const std::vector<double> row(10, 1.0);
    EXPECT_EQ(code_of([&] {
        for (int i = 0; i < 100'000; ++i) state.add(row.data(), host);
    }), ErrorCode::kLimitExceeded);
    EXPECT_EQ(code_of([&] { state.correlations(0.95, host); }), ErrorCode::kLimitExceeded);

    CorrelationState wide(kMaxCorrelated, kPearson);
    std::vector<double> gaps(kMaxCorrelated, 1.0);
    gaps[3] = kMissing;
    EXPECT_EQ(code_of([&] { wide.add(gaps.data(), host); }), ErrorCode::kLimitExceeded);

    Rows rows;
    for (int i = 0; i < 20'000; ++i) rows.push_back({i * 37.0 - i % 11, i % 5 == 0 ? kMissing : i % 100});
    const CorrelationState many = state_of(rows, kSpearman);
    for (const int at : {1, 5, 40, 60}) {
        test::CancellingHost cancelling(at);
        EXPECT_THROW(many.correlations(0.95, cancelling), test::Cancelled);
    }
}

TEST(Correlation, DamagedStatesAreRefused) {
    for (const auto method : {kPearson, kSpearman}) {
        const std::string bytes = encode_state(state_of(cars_with_gaps(), method));
        for (std::size_t size = 0; size < bytes.size(); ++size)
            EXPECT_EQ(code_of([&] {
                Reader in = open_state(std::string_view(bytes).substr(0, size), CorrelationState::kKind);
                CorrelationState::decode(in);
            }), ErrorCode::kCorruptValue);
        const std::string longer = bytes + '\0';
        EXPECT_EQ(code_of([&] {
            Reader in = open_state(longer, CorrelationState::kKind);
            CorrelationState::decode(in);
        }), ErrorCode::kCorruptValue);
    }
}

}  // namespace
}  // namespace ecom::core

#include "core/stats/comparison.hpp"

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "core/stats/confidence.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

void expect_close(std::optional<double> actual, double expected, double tolerance = 1e-12) {
    ASSERT_TRUE(actual);
    EXPECT_NEAR(*actual, expected, tolerance * std::fabs(expected));
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

// R 4.2: qnorm, qt, pt.
TEST(Confidence, CriticalValuesAndTails) {
    expect_close(normal_critical(0.95), 1.959963984540054);
    expect_close(student_t_critical(0.95, 3.5), 2.9400886379827291);
    expect_close(student_t_p_value(2.5, 7.3), 2 * 0.019825117332800228);
    expect_close(student_t_p_value(-40, 30), 2 * 6.8630225972031808e-28, 1e-11);
    expect_close(student_t_p_value(1e4, 3), 2 * 1.1026577511479063e-12, 1e-11);
    EXPECT_EQ(student_t_p_value(0, 5), 1.0);
    EXPECT_EQ(normal_p_value(0), 1.0);
}

// R 4.2: prop.test(x, n, correct = FALSE)$conf.int.
TEST(Comparison, WilsonIntervalAgreesWithR) {
    const struct {
        std::int64_t successes, n;
        double level, low, high;
    } cases[] = {
        {7, 10, 0.95, 0.39677814746114537, 0.89220873259369904},
        {0, 10, 0.95, 0.0, 0.27753279986288915},
        {10, 10, 0.95, 0.72246720013711085, 1.0},
        {1, 1, 0.95, 0.2065493143772375, 1.0},
        {500, 100000, 0.95, 0.0045814453122456026, 0.005456583669211609},
        {15, 148, 0.99, 0.053644869613964856, 0.18326735011315248},
    };
    for (const auto& c : cases) {
        const auto interval = wilson_interval(c.successes, c.n, c.level);
        ASSERT_TRUE(interval);
        expect_close(interval->low, c.low);
        expect_close(interval->high, c.high);
    }
    EXPECT_FALSE(wilson_interval(0, 0, 0.95));
    const auto huge = wilson_interval(kHuge / 2, kHuge, 0.95);
    EXPECT_NEAR(huge->low, 0.5, 1e-9);
    EXPECT_LE(huge->low, huge->high);
}

// Statistics: R 4.2, prop.test(correct = FALSE). Intervals: examples of Newcombe (1998), table II,
// method 10.
TEST(Comparison, TwoProportionsAgreeWithRAndNewcombe) {
    const auto a = two_proportion_test(56, 70, 48, 80, 0.95);
    ASSERT_TRUE(a);
    expect_close(a->difference, 0.2);
    expect_close(a->z, 2.6501719512585331);
    expect_close(a->p_value, 0.0080450813681965643, 1e-11);
    EXPECT_NEAR(a->interval.low, 0.0524, 5e-5);
    EXPECT_NEAR(a->interval.high, 0.3339, 5e-5);
    const auto b = two_proportion_test(9, 10, 3, 10, 0.95);
    expect_close(b->z, 2.7386127875258306);
    EXPECT_NEAR(b->interval.low, 0.1705, 5e-5);
    EXPECT_NEAR(b->interval.high, 0.8090, 5e-5);
    // Exchanging the groups changes signs and nothing else.
    const auto c = two_proportion_test(3, 10, 9, 10, 0.95);
    EXPECT_EQ(c->z, -*b->z);
    EXPECT_EQ(c->p_value, b->p_value);
    EXPECT_EQ(c->interval.low, -b->interval.high);

    for (const std::int64_t successes : {0, 10}) {
        const auto same = two_proportion_test(successes, 10, successes * 2, 20, 0.95);
        EXPECT_EQ(same->difference, 0.0);
        EXPECT_FALSE(same->z || same->p_value);
        EXPECT_LT(same->interval.low, 0.0);
        EXPECT_GT(same->interval.high, 0.0);
    }
    EXPECT_FALSE(two_proportion_test(0, 0, 1, 2, 0.95));
    EXPECT_TRUE(two_proportion_test(kHuge, kHuge, 0, kHuge, 0.95)->z);
}

const std::vector<double> kSleep1 = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
const std::vector<double> kSleep2 = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};

// R 4.2: t.test of the data set sleep.
TEST(Comparison, WelchAgreesWithR) {
    const auto test = welch_test({0.75, 1.7890096577591625, 10}, {2.33, 2.002248735796829, 10}, 0.95);
    ASSERT_TRUE(test && test->interval);
    expect_close(test->difference, -1.58);
    expect_close(test->t, -1.8608134674868531);
    expect_close(test->df, 17.776473516178498);
    expect_close(test->p_value, 0.079394140187358173, 1e-11);
    expect_close(test->interval->low, -3.3654832307117104);
    expect_close(test->interval->high, 0.20548323071171018, 1e-11);
}

TEST(Comparison, WelchWithoutSpreadOrValues) {
    EXPECT_FALSE(welch_test({1, 1, 0}, {1, 1, 5}, 0.95));
    const auto single = welch_test({5, 0, 1}, {3, 1, 5}, 0.95);
    EXPECT_EQ(single->difference, 2.0);
    EXPECT_FALSE(single->t || single->df || single->p_value || single->interval);
    const auto constant = welch_test({5, 0, 10}, {3, 0, 10}, 0.95);
    EXPECT_EQ(constant->difference, 2.0);
    EXPECT_FALSE(constant->t || constant->interval);
    const auto one_sided = welch_test({5, 0, 10}, {3, 1, 10}, 0.95);
    EXPECT_EQ(one_sided->df, 9.0);
    EXPECT_TRUE(welch_test({1e-300, 1e-300, 9}, {0, 1e-300, 9}, 0.95)->t);
}

TEST(Comparison, RefusesWhatHasNoMeaning) {
    for (const auto& counts : {std::pair<std::int64_t, std::int64_t>{-1, 5}, {6, 5}, {0, -1}, {5, 0}}) {
        const std::int64_t successes = counts.first;
        const std::int64_t n = counts.second;
        EXPECT_EQ(code_of([&] { wilson_interval(successes, n, 0.95); }), ErrorCode::kInvalidArgument);
        EXPECT_EQ(code_of([&] { two_proportion_test(successes, n, 1, 2, 0.95); }), ErrorCode::kInvalidArgument);
        EXPECT_EQ(code_of([&] { two_proportion_test(1, 2, successes, n, 0.95); }), ErrorCode::kInvalidArgument);
    }
    for (const double level : {0.0, 1.0, 95.0, std::nan("")}) {
        EXPECT_EQ(code_of([&] { wilson_interval(1, 2, level); }), ErrorCode::kInvalidArgument);
        EXPECT_EQ(code_of([&] { two_proportion_test(1, 2, 1, 2, level); }), ErrorCode::kInvalidArgument);
        EXPECT_EQ(code_of([&] { welch_test({1, 1, 5}, {1, 1, 5}, level); }), ErrorCode::kInvalidArgument);
        EXPECT_EQ(code_of([&] { MeanTestState{level}; }), ErrorCode::kInvalidArgument);
    }
    EXPECT_EQ(code_of([] { welch_test({1, -1, 5}, {1, 1, 5}, 0.95); }), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code_of([] { welch_test({1, 1, -5}, {1, 1, 5}, 0.95); }), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code_of([] { welch_test({std::nan(""), 1, 5}, {1, 1, 5}, 0.95); }), ErrorCode::kNonFiniteInput);
    EXPECT_EQ(code_of([] { MeanTestState(0.95).add(INFINITY, true); }), ErrorCode::kNonFiniteInput);
}

TEST(Comparison, MeanTestStatesMergeAndTravel) {
    const test::FakeHost host;
    MeanTestState merged(0.95);
    for (std::size_t i = 0; i < kSleep1.size(); ++i) {
        MeanTestState row(0.95);
        row.add(kSleep1[i], true);
        row.add(kSleep2[i], false);
        const std::string bytes = encode_state(row);
        Reader in = open_state(bytes, MeanTestState::kKind);
        merged.merge(MeanTestState::decode(in), host);
        for (std::size_t size = 0; size < bytes.size(); ++size)
            EXPECT_EQ(code_of([&] {
                Reader cut = open_state(std::string_view(bytes).substr(0, size), MeanTestState::kKind);
                MeanTestState::decode(cut);
            }), ErrorCode::kCorruptValue);
    }
    EXPECT_EQ(merged.sample(true).n, 10);
    const auto test = welch_test(merged.sample(true), merged.sample(false), merged.level());
    expect_close(test->t, -1.8608134674868531);
    expect_close(test->df, 17.776473516178498);
    EXPECT_EQ(code_of([&] { merged.merge(MeanTestState(0.9), host); }), ErrorCode::kInvalidArgument);

    MeanTestState large(0.95);
    large.add(1e200, true);
    EXPECT_EQ(large.sample(true).mean, 1e200);
    large.add(-1e200, true);
    EXPECT_EQ(code_of([&] { large.sample(true); }), ErrorCode::kNonFiniteInput);
}

}  // namespace
}  // namespace ecom::core

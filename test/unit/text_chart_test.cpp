#include "core/stats/text_chart.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

constexpr double kOwn = std::numeric_limits<double>::quiet_NaN();
constexpr auto kBlocks = ChartGlyphs::kBlocks;
constexpr auto kAscii = ChartGlyphs::kAscii;

SparkState state_of(const std::vector<double>& values, double low = kOwn, double high = kOwn) {
    const test::FakeHost host;
    SparkState state(low, high);
    for (const double value : values)
        if (std::isnan(value))
            state.add_missing(host);
        else
            state.add(value, host);
    return state;
}

std::string spark(const std::vector<double>& values, double low = kOwn, double high = kOwn,
                  ChartGlyphs glyphs = kBlocks) {
    test::FakeHost host;
    return state_of(values, low, high).line(glyphs, host);
}

TEST(Spark, EqualPartsOfTheRange) {
    EXPECT_EQ(spark({0, 1, 2, 3, 4, 5, 6, 7}), "▁▂▃▄▅▆▇█");
    EXPECT_EQ(spark({0, 0.99, 1, 7.99, 8}), "▁▁▂██");
    EXPECT_EQ(spark({-3, 5, kOwn, -3}), "▁█ ▁");
    EXPECT_EQ(spark({0, 1, 2, 3, 4, 5, 6, 7}, kOwn, kOwn, kAscii), "12345678");
    EXPECT_EQ(spark({-1.7e308, 0, 1.7e308}), "▁▅█");
    EXPECT_EQ(spark({5e-324, 1e-323}), "▁█");
}

TEST(Spark, ConstantMissingAndSharedScales) {
    EXPECT_EQ(spark({5, 5, 5}), "▄▄▄");
    EXPECT_EQ(spark({5}), "▄");
    EXPECT_EQ(spark({kOwn, kOwn}), "  ");
    EXPECT_EQ(spark({}), "");
    EXPECT_EQ(spark({0.0, -0.0}), "▄▄");
    EXPECT_EQ(spark({7, 8}, 0, kOwn), "██");
    EXPECT_EQ(spark({1, 4, 20, -5}, 0, 8), "▂▅█▁");
    EXPECT_EQ(spark({1, 2, 3}, 2, 2), "▁▄█");
    EXPECT_EQ(spark({1, 2, 3}, 5, kOwn), "▁▁▁");
    EXPECT_EQ(spark({1, 2, 3}, kOwn, -5), "███");
}

TEST(Spark, RefusesTravelsAndKeepsToTheLimit) {
    test::FakeHost host;
    EXPECT_THROW(SparkState(2, 1), Error);
    EXPECT_THROW(SparkState(-INFINITY, 1), Error);
    SparkState state = state_of({1, kOwn, 3}, 0, kOwn);
    EXPECT_THROW(state.add(kOwn, host), Error);
    EXPECT_THROW(state.add(INFINITY, host), Error);
    const std::string bytes = encode_state(state);
    Reader in = open_state(bytes, SparkState::kKind);
    EXPECT_EQ(SparkState::decode(in).line(kBlocks, host), state.line(kBlocks, host));
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_THROW(
            {
                Reader cut = open_state(std::string_view(bytes).substr(0, size), SparkState::kKind);
                SparkState::decode(cut);
            },
            Error);
    host.memory = 1000;
    EXPECT_THROW(
        {
            for (int i = 0; i < 1000; ++i) state.add(i, host);
        },
        Error);
    test::CancellingHost cancelling(2);
    EXPECT_THROW(state_of(std::vector<double>(20'000, 1.0)).line(kBlocks, cancelling), test::Cancelled);
}

TEST(Bar, EighthsOfACharacter) {
    EXPECT_EQ(bar(1, 1, 3, kBlocks), "███");
    EXPECT_EQ(bar(5, 10, 3, kBlocks), "█▌");
    EXPECT_EQ(bar(1, 8, 1, kBlocks), "▏");
    EXPECT_EQ(bar(7, 8, 1, kBlocks), "▉");
    EXPECT_EQ(bar(15, 16, 1, kBlocks), "█");
    EXPECT_EQ(bar(1e-300, 1, 20, kBlocks), "▏");
    EXPECT_EQ(bar(5, 10, 3, kAscii), "##");
    EXPECT_EQ(bar(1e-300, 1, 3, kAscii), "#");
}

TEST(Bar, EmptyAndFull) {
    EXPECT_EQ(bar(0, 10, 5, kBlocks), "");
    EXPECT_EQ(bar(-3, 10, 5, kBlocks), "");
    EXPECT_EQ(bar(0, 0, 5, kBlocks), "");
    EXPECT_EQ(bar(-3, -1, 5, kBlocks), "");
    EXPECT_EQ(bar(3, 0, 2, kBlocks), "██");
    EXPECT_EQ(bar(1e308, 1e-308, 2, kBlocks), "██");
    EXPECT_EQ(bar(1e-308, 1e308, 2, kBlocks), "▏");
    EXPECT_EQ(bar(1, 1, kMaxBarWidth, kAscii).size(), 1000U);
}

TEST(Bar, RefusesWhatHasNoMeaning) {
    EXPECT_THROW(bar(1, 1, 0, kBlocks), Error);
    EXPECT_THROW(bar(1, 1, kMaxBarWidth + 1, kBlocks), Error);
    EXPECT_THROW(bar(kOwn, 1, 5, kBlocks), Error);
    EXPECT_THROW(bar(1, INFINITY, 5, kBlocks), Error);
}

}  // namespace
}  // namespace ecom::core

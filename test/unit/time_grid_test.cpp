#include "core/forecast/time_grid.hpp"

#include <gtest/gtest.h>

#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

constexpr Time kHour = 3'600'000'000;
constexpr Time kDay = 24 * kHour;

// Day 0 is 2000-01-01, a Saturday.
std::optional<Step> step_of(std::initializer_list<Time> times) {
    StepEvidence evidence;
    for (const Time time : times) evidence.add(time);
    return evidence.step();
}

TEST(TimeGrid, InfersTheStep) {
    EXPECT_EQ(step_of({0}), Step::kDay);
    EXPECT_EQ(step_of({0, 5 * kHour}), Step::kHour);
    EXPECT_EQ(step_of({3 * kDay, 0, kDay}), Step::kDay);
    EXPECT_EQ(step_of({0, 14 * kDay, 21 * kDay}), Step::kWeek);
    // 1 January, 1 February, 1 March of a leap year.
    EXPECT_EQ(step_of({60 * kDay, 0, 31 * kDay}), Step::kMonth);
    EXPECT_EQ(step_of({0, 91 * kDay}), Step::kQuarter);
    EXPECT_EQ(step_of({0, 366 * kDay, (366 + 365) * kDay}), Step::kYear);
    // Last days: 31 January, 29 February, 31 March.
    EXPECT_EQ(step_of({30 * kDay, 59 * kDay, 90 * kDay}), Step::kMonth);
    EXPECT_EQ(step_of({0, kHour / 2}), std::nullopt);
    EXPECT_EQ(step_of({}), std::nullopt);
}

TEST(TimeGrid, EvidenceMergesInAnyOrder) {
    StepEvidence a, b, c;
    a.add(0);
    b.add(7 * kDay);
    b.add(21 * kDay);
    c.add(14 * kDay + kDay);
    StepEvidence one = a, other = c;
    one.merge(b);
    one.merge(c);
    other.merge(b);
    other.merge(a);
    EXPECT_EQ(one.step(), Step::kDay);
    EXPECT_EQ(other.step(), Step::kDay);
    a.merge(StepEvidence());
    EXPECT_EQ(a.step(), Step::kDay);
}

TEST(TimeGrid, StepsAreThoseOfTheCalendar) {
    const TimeGrid months(Step::kMonth, 30 * kDay, true);
    EXPECT_EQ(months.time_at(1), 59 * kDay);
    EXPECT_EQ(months.time_at(2), 90 * kDay);
    EXPECT_EQ(months.time_at(12), (366 + 30) * kDay);
    const TimeGrid years(Step::kYear, 0);
    EXPECT_EQ(years.time_at(1), 366 * kDay);
    EXPECT_EQ(years.time_at(-1), -365 * kDay);
    for (const Step step : {Step::kHour, Step::kDay, Step::kWeek, Step::kMonth, Step::kQuarter, Step::kYear}) {
        const TimeGrid grid(step, 5 * kDay);
        for (std::int64_t i = -30; i < 60; ++i) {
            EXPECT_EQ(grid.index_of(grid.time_at(i)), i);
            EXPECT_EQ(grid.index_of(grid.time_at(i + 1) - 1), i);
            EXPECT_EQ(grid.shifted(3).time_at(i), grid.time_at(i + 3));
        }
        EXPECT_EQ(TimeGrid::decode(grid.document()).time_at(17), grid.time_at(17));
    }
}

TEST(TimeGrid, CalendarGridsBeginWhereTheCalendarDoes) {
    const Time noon = 45 * kDay + 12 * kHour;  // 15 February 2000, a Tuesday
    const auto begin = [&](Step step) {
        const TimeGrid grid = TimeGrid::of_calendar(step, noon);
        return grid.time_at(grid.index_of(noon));
    };
    EXPECT_EQ(begin(Step::kHour), noon);
    EXPECT_EQ(begin(Step::kDay), 45 * kDay);
    EXPECT_EQ(begin(Step::kWeek), 44 * kDay);
    EXPECT_EQ(begin(Step::kMonth), 31 * kDay);
    EXPECT_EQ(begin(Step::kQuarter), 0);
    EXPECT_EQ(begin(Step::kYear), 0);
}

TEST(TimeGrid, NamesOfSteps) {
    for (const Step step : {Step::kHour, Step::kDay, Step::kWeek, Step::kMonth, Step::kQuarter, Step::kYear})
        EXPECT_EQ(parse_step(name_of(step)), step);
    EXPECT_EQ(usual_period(Step::kDay), 7U);
    EXPECT_EQ(usual_period(Step::kMonth), 12U);
    EXPECT_EQ(usual_period(Step::kYear), 1U);
    EXPECT_ERROR_CODE(parse_step("fortnight"), kInvalidArgument);
}

}  // namespace
}  // namespace ecom::core

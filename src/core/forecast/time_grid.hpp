// Times at equal distances: which distance a series has, and which of its times a given one is.
//
// Times are microseconds since 2000-01-01 00:00, without time zone. Months, quarters and years are those of the proleptic
// Gregorian calendar, so that steps are of unequal length in microseconds but of equal meaning.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/document.hpp"

namespace ecom::core {

using Time = std::int64_t;

enum class Step { kHour, kDay, kWeek, kMonth, kQuarter, kYear };

std::string_view name_of(Step step);
Step parse_step(std::string_view name);  // throws kInvalidArgument

// Steps after which the season of a year, a week (for days) or a day (for hours) repeats; 1 for years.
std::size_t usual_period(Step step);

// Sees times in any order and says what step they have. Constant memory, mergeable, independent of the order.
//
// - All at midnight and on the same day of the month, or all on last days of months: years when they are whole years apart,
//   quarters when whole quarters, else months.
// - All at midnight otherwise: weeks when whole weeks apart, else days.
// - All whole hours apart: hours.
// - Otherwise none: the times are irregular and the step must be given.
// A single time is taken for a day.
class StepEvidence {
public:
    void add(Time time);
    void merge(const StepEvidence& other);
    bool empty() const { return !has_first_; }
    // All times are last days of months, and not all the same day of the month.
    bool month_ends() const { return all_month_ends_ && !same_day_; }
    std::optional<Step> step() const;

private:
    bool has_first_ = false;
    Time first_ = 0;
    std::int64_t apart_ = 0;         // greatest common divisor of distances in microseconds
    std::int64_t months_apart_ = 0;  // the same of distances in calendar months
    bool all_midnight_ = true;
    bool same_day_ = true;
    bool all_month_ends_ = true;
};

class TimeGrid {
public:
    TimeGrid() = default;
    // Step i begins at `origin` + i steps; month_ends: the last day of the month.
    TimeGrid(Step step, Time origin, bool month_ends = false);

    // The grid through `time` whose steps begin where the calendar's do: at full hours, midnight, on Mondays, on first
    // days of months, quarters and years.
    static TimeGrid of_calendar(Step step, Time time);

    Step step() const { return step_; }
    Time origin() const { return origin_; }
    Time time_at(std::int64_t i) const;
    // The last step that does not begin after `time`.
    std::int64_t index_of(Time time) const;
    // The grid that begins `steps` later.
    TimeGrid shifted(std::int64_t steps) const;

    Document document() const;
    static TimeGrid decode(const Document& document);

private:
    Step step_ = Step::kDay;
    Time origin_ = 0;
    bool month_ends_ = false;
    int day_of_month_ = 1;  // of the origin; later months that are shorter end earlier
};

}  // namespace ecom::core

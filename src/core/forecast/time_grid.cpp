#include "core/forecast/time_grid.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::int64_t kHour = 3'600'000'000;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kWeek = 7 * kDay;
// Within this all arithmetic below is exact; PostgreSQL's timestamps end before.
constexpr Time kLargest = std::int64_t{1} << 62;

struct Date {
    std::int64_t year;
    int month;  // 1 to 12
    int day;
};

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b != 0 && (a % b < 0) != (b < 0)); }

// Calendar arithmetic over eras of 400 years that begin in March, so that leap days are the last of a year.
std::int64_t days_from_date(std::int64_t year, int month, int day) {
    if (month <= 2) --year;
    const std::int64_t era = floor_div(year, 400);
    const std::int64_t year_of_era = year - 400 * era;
    const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    const std::int64_t day_of_era = 365 * year_of_era + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return 146097 * era + day_of_era - 730425;  // 2000-01-01
}

Date date_from_days(std::int64_t days) {
    days += 730425;
    const std::int64_t era = floor_div(days, 146097);
    const std::int64_t day_of_era = days - 146097 * era;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
    const int month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    return {year_of_era + 400 * era + (month <= 2 ? 1 : 0), month,
            static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1)};
}

Date date_of(Time time) { return date_from_days(floor_div(time, kDay)); }

std::int64_t month_number(const Date& date) { return 12 * date.year + date.month - 1; }

int days_in_month(std::int64_t month_number) {
    const auto first = [](std::int64_t m) {
        return days_from_date(floor_div(m, 12), static_cast<int>(m - 12 * floor_div(m, 12)) + 1, 1);
    };
    return static_cast<int>(first(month_number + 1) - first(month_number));
}

bool is_month_end(const Date& date) { return date.day == days_in_month(month_number(date)); }

std::int64_t months_in(Step step) {
    switch (step) {
        case Step::kMonth: return 1;
        case Step::kQuarter: return 3;
        case Step::kYear: return 12;
        default: return 0;
    }
}

std::int64_t length_of(Step step) { return step == Step::kHour ? kHour : step == Step::kDay ? kDay : kWeek; }

}  // namespace

std::string_view name_of(Step step) {
    switch (step) {
        case Step::kHour: return "hour";
        case Step::kDay: return "day";
        case Step::kWeek: return "week";
        case Step::kMonth: return "month";
        case Step::kQuarter: return "quarter";
        case Step::kYear: return "year";
    }
    return "";
}

Step parse_step(std::string_view name) {
    for (const Step step : {Step::kHour, Step::kDay, Step::kWeek, Step::kMonth, Step::kQuarter, Step::kYear})
        if (name == name_of(step)) return step;
    throw Error(ErrorCode::kInvalidArgument, "step \"" + std::string(name) + "\" is not known",
                "Use hour, day, week, month, quarter or year.");
}

std::size_t usual_period(Step step) {
    switch (step) {
        case Step::kHour: return 24;
        case Step::kDay: return 7;
        case Step::kWeek: return 52;
        case Step::kMonth: return 12;
        case Step::kQuarter: return 4;
        case Step::kYear: return 1;
    }
    return 1;
}

void StepEvidence::add(Time time) {
    const bool is_first = !has_first_;
    if (is_first) {
        has_first_ = true;
        first_ = time;
    }
    apart_ = std::gcd(apart_, time - first_);
    if (floor_div(time, kDay) * kDay != time) all_midnight_ = false;
    if (!all_midnight_ || (!same_day_ && !all_month_ends_)) return;
    const Date date = date_of(time);
    const Date first = date_of(first_);
    if (date.day != first.day) same_day_ = false;
    if (!is_month_end(date)) all_month_ends_ = false;
    months_apart_ = std::gcd(months_apart_, month_number(date) - month_number(first));
}

void StepEvidence::merge(const StepEvidence& other) {
    if (other.empty()) return;
    const bool ends = all_month_ends_ && other.all_month_ends_;
    const bool midnight = all_midnight_ && other.all_midnight_;
    const std::int64_t apart = other.apart_;
    const std::int64_t months = other.months_apart_;
    const bool same_day = other.same_day_;
    add(other.first_);
    apart_ = std::gcd(apart_, apart);
    months_apart_ = std::gcd(months_apart_, months);
    all_month_ends_ = ends;
    all_midnight_ = midnight;
    same_day_ = same_day_ && same_day;
}

std::optional<Step> StepEvidence::step() const {
    if (!has_first_) return std::nullopt;
    if (all_midnight_) {
        if (apart_ == 0) return Step::kDay;
        if ((same_day_ || all_month_ends_) && months_apart_ > 0)
            return months_apart_ % 12 == 0 ? Step::kYear : months_apart_ % 3 == 0 ? Step::kQuarter : Step::kMonth;
        return apart_ % kWeek == 0 ? Step::kWeek : Step::kDay;
    }
    if (apart_ == 0 || apart_ % kHour == 0) return apart_ != 0 && apart_ % kDay == 0 ? Step::kDay : Step::kHour;
    return std::nullopt;
}

TimeGrid::TimeGrid(Step step, Time origin, bool month_ends)
    : step_(step), origin_(origin), month_ends_(month_ends), day_of_month_(date_of(origin).day) {}

TimeGrid TimeGrid::of_calendar(Step step, Time time) {
    const Date date = date_of(time);
    const auto first_of = [&](int month) { return days_from_date(date.year, month, 1) * kDay; };
    switch (step) {
        case Step::kHour: return {step, floor_div(time, kHour) * kHour};
        case Step::kDay: return {step, floor_div(time, kDay) * kDay};
        // 2000-01-03 was a Monday.
        case Step::kWeek: return {step, floor_div(time - 2 * kDay, kWeek) * kWeek + 2 * kDay};
        case Step::kMonth: return {step, first_of(date.month)};
        case Step::kQuarter: return {step, first_of((date.month - 1) / 3 * 3 + 1)};
        case Step::kYear: return {step, first_of(1)};
    }
    return {step, time};
}

Time TimeGrid::time_at(std::int64_t i) const {
    const std::int64_t months = months_in(step_);
    if (months == 0) return origin_ + i * length_of(step_);
    const std::int64_t month = month_number(date_of(origin_)) + i * months;
    const int length = days_in_month(month);
    const int day = month_ends_ ? length : std::min(day_of_month_, length);
    const std::int64_t year = floor_div(month, 12);
    return days_from_date(year, static_cast<int>(month - 12 * year) + 1, day) * kDay +
           (origin_ - floor_div(origin_, kDay) * kDay);
}

std::int64_t TimeGrid::index_of(Time time) const {
    const std::int64_t months = months_in(step_);
    if (months == 0) return floor_div(time - origin_, length_of(step_));
    const std::int64_t i = floor_div(month_number(date_of(time)) - month_number(date_of(origin_)), months);
    return time_at(i) > time ? i - 1 : i;
}

TimeGrid TimeGrid::shifted(std::int64_t steps) const {
    TimeGrid later = *this;
    later.origin_ = time_at(steps);
    return later;
}

Document TimeGrid::document() const {
    return Document::object()
        .set("step", Document(std::string(name_of(step_))))
        .set("origin", Document(origin_))
        .set("month_ends", Document(month_ends_))
        .set("day_of_month", Document(std::int64_t{day_of_month_}));
}

TimeGrid TimeGrid::decode(const Document& document) {
    TimeGrid grid;
    const std::string& name = document.at("step").as_string();
    bool is_known = false;
    for (const Step step : {Step::kHour, Step::kDay, Step::kWeek, Step::kMonth, Step::kQuarter, Step::kYear})
        if (name == name_of(step)) {
            grid.step_ = step;
            is_known = true;
        }
    grid.origin_ = document.at("origin").as_int();
    grid.month_ends_ = document.at("month_ends").as_bool();
    const std::int64_t day = document.at("day_of_month").as_int();
    if (!is_known || day < 1 || day > 31 || grid.origin_ > kLargest || grid.origin_ < -kLargest) Reader::corrupt();
    grid.day_of_month_ = static_cast<int>(day);
    return grid;
}

}  // namespace ecom::core

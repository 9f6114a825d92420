#include "core/demo/calendar.hpp"

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr int kEpochYear = 2000;
constexpr int kEpochWeekday = 5;  // 2000-01-01 was a Saturday

bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int days_in_year(int year) { return is_leap(year) ? 366 : 365; }

}  // namespace

int days_in_month(int year, int month) {
    if (month == 2) return is_leap(year) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

std::int32_t day_number(const CivilDate& date) {
    std::int32_t days = 0;
    for (int year = kEpochYear; year < date.year; ++year) days += days_in_year(year);
    for (int year = date.year; year < kEpochYear; ++year) days -= days_in_year(year);
    for (int month = 1; month < date.month; ++month) days += days_in_month(date.year, month);
    return days + date.day - 1;
}

CivilDate civil_date(std::int32_t day_number) {
    CivilDate date{kEpochYear, 1, 1};
    while (day_number < 0) day_number += days_in_year(--date.year);
    while (day_number >= days_in_year(date.year)) day_number -= days_in_year(date.year++);
    while (day_number >= days_in_month(date.year, date.month))
        day_number -= days_in_month(date.year, date.month++);
    date.day += day_number;
    return date;
}

int weekday(std::int32_t day_number) {
    const int remainder = (day_number + kEpochWeekday) % 7;
    return remainder < 0 ? remainder + 7 : remainder;
}

CivilDate first_of_month_before(const CivilDate& date, int months) {
    int index = date.year * 12 + date.month - 1 - months;
    return {index / 12, index % 12 + 1, 1};
}

}  // namespace ecom::core

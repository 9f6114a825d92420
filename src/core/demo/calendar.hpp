// Civil dates as days since 2000-01-01, by walking years: ranges here are decades, not millennia.
#pragma once

#include <cstdint>

namespace ecom::core {

struct CivilDate {
    int year, month, day;
};

int days_in_month(int year, int month);
std::int32_t day_number(const CivilDate& date);
CivilDate civil_date(std::int32_t day_number);

// 0 = Monday.
int weekday(std::int32_t day_number);

// The first day of the month that lies `months` months before the month of `date`.
CivilDate first_of_month_before(const CivilDate& date, int months);

}  // namespace ecom::core

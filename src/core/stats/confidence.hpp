// What every test and interval shares: the confidence level.
#pragma once

namespace ecom::core {

// Throws kInvalidArgument unless 0 < level < 1.
void check_level(double level);

// The two-sided critical value of the standard normal distribution: 1.96 for level 0.95. The level must
// be checked.
double normal_critical(double level);

// The same of Student's t distribution with df > 0 degrees of freedom.
double student_t_critical(double level, double df);

// The two-sided p-value of a statistic.
double normal_p_value(double z);
double student_t_p_value(double t, double df);

}  // namespace ecom::core

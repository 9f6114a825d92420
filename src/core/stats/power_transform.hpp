// Transforms that make a skewed column more symmetric, and the estimate of their parameter.
//
// Box-Cox (1964): ((x + shift)^lambda - 1) / lambda, log(x + shift) for lambda = 0. The shift makes
// every value positive: 0 where all are, else 1 minus the smallest.
// Yeo-Johnson (2000): the same idea for values of any sign.
//
// lambda maximises the profile likelihood under a normal distribution, as scipy.stats.boxcox and
// scipy.stats.yeojohnson do; they search by Brent's method with a tolerance of 1.5e-8, here the root of
// the derivative is found, so lambda is exact to about 1e-12.
#pragma once

#include <string_view>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

enum class PowerTransform { kNone, kLog, kBoxCox, kYeoJohnson };

// none, log, boxcox, yeojohnson; parse throws kInvalidArgument for anything else.
PowerTransform parse_power_transform(std::string_view name);
std::string_view name_of(PowerTransform transform);

// x > 0; Yeo-Johnson takes any finite x.
double box_cox(double x, double lambda);
double box_cox_inverse(double y, double lambda);
double yeo_johnson(double x, double lambda);
double yeo_johnson_inverse(double y, double lambda);

struct LambdaFit {
    double lambda;
    double log_likelihood;
};

// Where twice the log likelihood lies no further below its maximum than the chi-squared quantile (one
// degree of freedom) of the level. An end that lies beyond what doubles can compute stops there.
struct LambdaInterval {
    double low;
    double high;
};

// A sorted column as its distinct values and how often each occurs: most columns of customers repeat.
struct DistinctValues {
    std::vector<double> values;  // ascending
    std::vector<double> counts;
    std::size_t rows = 0;
};

// Sorts `column`, which is finite. -0 counts as 0.
DistinctValues distinct_values(std::vector<double> column, Host& host);
// The same of values that stand for a whole number of equal ones each.
DistinctValues distinct_values(const std::vector<double>& column, const std::vector<double>& counts, Host& host);

// Throw kNotEnoughData when fewer than two values differ, and Box-Cox kNonFiniteInput when one is not
// positive. The result does not depend on the order that the rows came in.
LambdaFit fit_box_cox(const DistinctValues& column, double shift, Host& host);
LambdaFit fit_yeo_johnson(const DistinctValues& column, Host& host);

LambdaInterval box_cox_interval(const DistinctValues& column, double shift, const LambdaFit& fit, double level,
                                Host& host);
LambdaInterval yeo_johnson_interval(const DistinctValues& column, const LambdaFit& fit, double level, Host& host);

// What is added before Box-Cox and log so that the smallest value becomes positive.
double positive_shift(double smallest);

}  // namespace ecom::core

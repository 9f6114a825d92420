// Distribution functions and quantiles, named as in R: p... is the lower tail, q... its inverse.
//
// Agree with R 4.2 to 12 significant digits. A parameter or probability outside its domain throws
// std::domain_error. At probabilities 0 and 1 quantiles return the ends of the support, which may
// be infinite. Each call is O(1) and keeps no state.
#pragma once

namespace ecom::core {

double normal_cdf(double x);
double normal_quantile(double p);

// df > 0 degrees of freedom; x >= 0.
double chi_squared_cdf(double x, double df);
double chi_squared_quantile(double p, double df);

// df > 0 degrees of freedom, not necessarily whole. For the upper tail take the lower one at -x: it
// keeps its digits however small it is.
double student_t_cdf(double x, double df);
double student_t_quantile(double p, double df);

// Shapes a, b > 0; 0 <= x <= 1.
double beta_cdf(double x, double a, double b);
double beta_quantile(double p, double a, double b);

}  // namespace ecom::core
